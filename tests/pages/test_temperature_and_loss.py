"""The lessons on the temperature and on the loss: their figures, their studies, and the pages without a browser."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kdviz.charts.over_t import TemperatureChart, TemperatureLine, line, packed
from kdviz.engine import evaluation, losses
from kdviz.recipes.study import Study
from kdviz.records.study import Curve, FinishedArm, StudyResult
from kdviz.runners import study as lessons
from kdviz.runners.studies import forgotten_temperature as lesson_forgotten
from kdviz.runners.studies import t_squared as lesson_t_squared
from kdviz.store import gallery
from kdviz.widgets.pictures.loss_lesson import Chosen, logits_of, readings, valid_state
from kdviz.widgets.pictures.soft_targets import Picture
from kdviz.widgets.pictures.temperature_lesson import DECIDED, at_temperature, unsure_but_decided
from kdviz.widgets.study import result as live_study
from tests.samples.app_pages import component, opened, said

TEMPERATURE, LOSS = "pages/temperature.py", "pages/loss.py"
logits = st.lists(st.floats(-25, 25), min_size=5, max_size=5).map(tuple)
temperatures = st.floats(-1, 2).map(lambda exponent: 10**exponent)


def tensor(values):
    return torch.tensor([values], dtype=torch.float64)


# The figures that pages compute without torch are those of the engine.


@given(logits, logits, temperatures, st.integers(0, 4), st.floats(0, 1))
def test_readings_are_the_losses_of_the_engine(teacher, student, temperature, label, alpha):
    found = readings(Chosen(teacher, student, label, temperature, alpha))
    v, z = tensor(teacher), tensor(student)
    close = {"rel": 1e-9, "abs": 1e-9}
    assert found.forward == pytest.approx(losses.kl_divergence(z, v, temperature).item(), **close)
    assert found.reverse == pytest.approx(losses.kl_divergence(v, z, temperature).item(), **close)
    assert found.entropy == pytest.approx(losses.entropy(v, temperature).item(), **close)
    assert found.soft_cross_entropy == pytest.approx(losses.soft_cross_entropy(z, v, temperature).item(), **close)
    soft, hard = losses.kd_loss(z, v, temperature), losses.cross_entropy(z, torch.tensor([label]))
    loss_kd, loss_ce = losses.distillation_loss(soft, hard, alpha)
    assert found.soft_part == pytest.approx(loss_kd.item(), rel=1e-7, abs=1e-6)  # T² times a rounding error
    assert found.hard_part == pytest.approx(loss_ce.item(), **close)


@given(logits, temperatures)
def test_the_softmax_of_a_picture_is_the_engines(given_logits, temperature):
    found = at_temperature(Picture(tuple("abcde"), given_logits), temperature)
    assert found.shares == pytest.approx(losses.softmax(tensor(given_logits), temperature)[0].tolist(), abs=1e-12)
    assert found.bits == pytest.approx(losses.entropy(tensor(given_logits), temperature).item() / math.log(2), abs=1e-9)
    assert [given_logits[i] for i in found.order] == sorted(given_logits, reverse=True)


def test_logits_of_shares_give_the_shares_back():
    shares = (0.6, 0.22, 0.1, 0.06, 0.02)
    assert losses.softmax(tensor(logits_of(shares)), 1.0)[0].tolist() == pytest.approx(shares, abs=1e-3)


def test_the_first_images_show_both_limits():
    shown = gallery.read("digits")
    chosen = unsure_but_decided(shown)
    assert chosen
    for index in chosen:
        logits_here = tuple(float(z) for z in shown.logits[index])
        now, cold = (at_temperature(Picture(shown.facts.class_names, logits_here), t) for t in (1.0, 0.1))
        first, second = now.order[:2]
        assert now.shares[first] >= DECIDED * now.shares[second] * (1 - 1e-6)
        assert cold.shares[first] > 0.99
        assert first == shown.labels[index]


GOOD = [[1, 2.5, 0, -3, 31], [0, 0, 0, 0, 0], 2, 10, 1]


def test_what_a_browser_sends_is_checked():
    assert valid_state(GOOD, 5) == Chosen((1.0, 2.5, 0.0, -3.0, 30.0), (0.0,) * 5, 2, 10.0, 1.0)
    assert valid_state([*GOOD[:4], 0], 5).alpha == 0
    bad = [
        None,
        GOOD[:4],
        [GOOD[0][:4], *GOOD[1:]],
        [["x"] * 5, *GOOD[1:]],
        [[True] * 5, *GOOD[1:]],
        [*GOOD[:2], 5, *GOOD[3:]],
        [*GOOD[:2], 1.5, *GOOD[3:]],
        [*GOOD[:3], "hot", 1],
        [*GOOD[:4], None],
        [*GOOD[:4], math.nan],
    ]
    for value in bad:
        assert valid_state(value, 5) is None, value


# The studies.


def batch(scale, seed=0):
    generator = torch.Generator().manual_seed(seed)
    student, teacher = (scale * torch.randn(16, 10, generator=generator, dtype=torch.float64) for _ in range(2))
    return lesson_t_squared.Batch(student, teacher, torch.randint(10, (16,), generator=generator))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0, 20.0])
def test_gradients_are_those_of_autograd(temperature):
    given_batch = batch(3.0)
    leaf = given_batch.student.clone().requires_grad_()
    losses.kl_divergence(leaf, given_batch.teacher, temperature).sum().backward()
    found = lesson_t_squared.sizes(given_batch, temperature)
    assert found.without == pytest.approx(leaf.grad.norm(dim=-1).mean().item(), rel=1e-9)
    assert found.with_t2 == pytest.approx(temperature**2 * found.without, rel=1e-12)
    leaf.grad = None
    losses.cross_entropy(leaf, given_batch.labels).sum().backward()
    assert lesson_t_squared.hard_size(given_batch) == pytest.approx(leaf.grad.norm(dim=-1).mean().item(), rel=1e-9)


def test_a_high_temperature_matches_logits():
    given_batch = batch(1.0)
    limit = lesson_t_squared.matching(given_batch)
    z, v = (x - x.mean(-1, keepdim=True) for x in (given_batch.student, given_batch.teacher))
    assert limit == pytest.approx(((z - v) ** 2).mean().item() / 2)
    errors = [
        lesson_t_squared.relative_error(lesson_t_squared.sizes(given_batch, t).kl_t2, limit) for t in (5, 20, 100, 1e4)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[1] < 0.05
    assert errors[-1] < 1e-3


@pytest.fixture(scope="module")
def t_squared():
    wanted = Study.of("t-squared", "digits", seeds="0,1", quick=True)
    return next(event for event in lessons.run(wanted) if isinstance(event, StudyResult))


@pytest.fixture(scope="module")
def forgotten():
    wanted = Study.of("forgotten-temperature", "digits", seeds="0,1", quick=True)
    return next(event for event in lessons.run(wanted) if isinstance(event, StudyResult))


def test_without_t_squared_the_soft_gradient_fades_and_with_it_not(t_squared):
    for arm in ("start", "epoch-1", "trained"):
        means = t_squared.summary(arm).means
        assert means["without_kept"].mean < 0.2
        assert means["with_kept"].mean > 1
        error = next(curve for curve in t_squared.arm(arm).curves if curve.name == "match_error")
        assert error.y[-1] < 0.1 < error.y[0]
    start = next(curve for curve in t_squared.arm("start").curves if curve.name == "hard" and curve.seed == 0)
    assert start.y[0] == start.y[1]
    assert len(t_squared.model_dump_json()) < 100_000  # it may ship


def test_forgetting_changes_no_answer_but_how_sure_it_sounds(forgotten):
    one, four, best = (forgotten.arm(f"taught-{at}").rows for at in ("1", "4", "best"))
    assert [row.figures["test_accuracy"] for row in one] == [row.figures["test_accuracy"] for row in four]
    for right, late in zip(one, four, strict=True):
        assert late.figures["confidence"] < right.figures["confidence"]
    assert {row.figures["temperature"] for row in best} <= set(lesson_forgotten.TEMPERATURES)
    curve = next(c for c in forgotten.arm("taught-1").curves if (c.name, c.seed) == ("nll", 0))
    at_four = dict(zip(curve.x, curve.y, strict=True))[3.9811]
    assert at_four == pytest.approx(four[0].figures["nll"], rel=0.05)
    accuracy = next(c for c in forgotten.arm("taught-1").curves if c.name == "test_accuracy")
    assert len(set(accuracy.y)) == 1
    assert not forgotten.arm("taught-4").curves


def test_the_calibrated_temperature_is_the_one_of_lowest_nll():
    generator = torch.Generator().manual_seed(1)
    said_logits = 2 * torch.randn(4000, 10, generator=generator, dtype=torch.float64)
    labels = torch.multinomial(losses.softmax(said_logits, 2.0), 1, generator=generator).squeeze(1)
    assert lesson_forgotten._best(said_logits, labels) == pytest.approx(2.0, rel=0.1)
    assert lesson_forgotten.confidence(said_logits) == pytest.approx(
        losses.softmax(said_logits, 1.0).max(dim=-1).values.mean().item()
    )
    assert evaluation.accuracy(said_logits / 2, labels) == evaluation.accuracy(said_logits, labels)


def test_lines_are_means_with_the_range_of_the_seeds():
    curves = [Curve(name="nll", seed=0, x=[1, 100], y=[1, 3]), Curve(name="nll", seed=1, x=[1, 100], y=[3, math.nan])]
    arm = FinishedArm(arm="a", rows=[], curves=curves, seconds=1)
    found = line(arm, "nll", "A", "student", (1.0, 10.0, 100.0))
    assert found.y[0] == 2
    assert found.y[2] is None
    assert found.low is not None
    assert found.low[0] == 1
    assert line(arm, "ece", "A", "student", (1.0,)).y == (None,)
    data = packed(
        [TemperatureChart("NLL", "nats", (1.0, 10.0, 100.0), (found, TemperatureLine("B", "plain", (1.0, 2.0, 3.0))))]
    )
    assert data["at"] == [1.0, 10.0, 100.0]
    assert [each["name"] for each in data["panels"][0]["lines"]] == ["A", "B"]
    assert "low" not in data["panels"][0]["lines"][1]


# The pages.


@pytest.fixture
def nothing_recorded(monkeypatch):
    monkeypatch.setattr(live_study, "recorded", lambda name: None)


@pytest.mark.parametrize("page", [TEMPERATURE, LOSS])
def test_a_lesson_works_before_anything_was_trained(jobs, nothing_recorded, page):
    at = opened(page)
    assert at.title[0].value.endswith("?")
    assert {"What you see", "In formulas", "Try this", "Sources"} <= {header.value for header in at.subheader}
    assert at.latex
    assert at.radio
    assert at.number_input
    assert not at.warning
    assert not at.error


@pytest.mark.parametrize(
    ("page", "query", "sentence"),
    [
        (TEMPERATURE, {"T": "hot"}, "T is hot; it takes a number from 0.1 to 100."),
        (TEMPERATURE, {"grown": "2"}, "grown is 2; it takes a number from 0 to 1."),
        (TEMPERATURE, {"which": "mine"}, "which is mine; it takes one of unsure, by-class."),
        (LOSS, {"T": "0"}, "T is 0; it takes a number from 0.1 to 100."),
        (LOSS, {"alpha": "nan"}, "alpha is nan; it takes a number from 0 to 1."),
        (LOSS, {"label": "horse"}, "label is horse; it takes one of dog, wolf, fox, cat, car."),
        (LOSS, {"teacher": "1,2"}, "teacher is 1,2; it takes 5 numbers from -30 to 30"),
        (LOSS, {"student": "1,2,3,4,inf"}, "student is 1,2,3,4,inf; it takes 5 numbers"),
        (LOSS, {"example": "horse"}, "example is horse; it takes one of start, one, all, same, image."),
        (LOSS, {"moment": "late"}, "moment is late; it takes one of start, epoch-1, trained."),
    ],
)
def test_a_link_that_asks_for_what_cannot_be_gets_one_sentence(jobs, nothing_recorded, page, query, sentence):
    at = opened(page, **query)
    assert [warning.value for warning in at.warning if sentence in warning.value] == [at.warning[0].value]
    assert len(at.warning) == 1
    assert not at.error


def losses_shown(at):
    return component(at, "alpha")


def test_a_link_opens_the_same_distributions(jobs, nothing_recorded):
    at = opened(LOSS, example="one", student="1,2,3,-4,0.5", label="cat", T="4", alpha="0")
    data = losses_shown(at)
    assert data["student"] == [1, 2, 3, -4, 0.5]
    assert (data["label"], data["T"], data["alpha"]) == (3, 4, 0)
    assert losses_shown(opened(LOSS, example="image"))["T"] == 4
    assert len(losses_shown(opened(LOSS, example="image"))["student"]) == 10


def test_the_balance_is_judged_by_what_the_picture_shows(jobs, nothing_recorded):
    assert any("Move the control" in each.value for each in opened(LOSS).caption)
    assert "The teacher needs more weight" in said(opened(LOSS, alpha="0.01"))
    assert "The label needs more weight" in said(opened(LOSS, alpha="0.99"))
    start = losses_shown(opened(LOSS))
    now = readings(Chosen(tuple(start["teacher"]), tuple(start["student"]), start["label"], 1.0, 0.5))
    alpha = now.hard_part / (now.hard_part + now.soft_part)
    at = opened(LOSS, alpha=f"{alpha:.2f}")
    assert any("teacher and label weigh the same" in success.value for success in at.success)


def test_two_bits_are_found_by_moving_t(jobs, nothing_recorded):
    assert any("Move the control" in each.value for each in opened(TEMPERATURE).caption)
    assert "More doubt needs a higher T" in said(opened(TEMPERATURE, T="0.2"))
    assert "Less doubt needs a lower T" in said(opened(TEMPERATURE, T="90"))
    shown = gallery.read("digits")
    z = tuple(float(value) for value in shown.logits[unsure_but_decided(shown)[0]])
    picture = Picture(shown.facts.class_names, z)
    low, high = 0.1, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if at_temperature(picture, middle).bits < 2 else (low, middle)
    at = opened(TEMPERATURE, T=f"{low:.3g}")
    assert any("as much doubt as between four" in success.value for success in at.success)


@pytest.mark.parametrize(("given", "said_of_it"), [(0.731, "Right"), (0.5, "too small"), (0.88, "too large")])
def test_a_number_is_judged_by_the_formula(jobs, nothing_recorded, given, said_of_it):
    at = opened(TEMPERATURE)
    at.number_input[0].set_value(given).run()
    told = [each.value for each in (*at.success, *at.info)]
    assert any(said_of_it in text for text in told)


def test_a_study_shows_its_curves(jobs, monkeypatch, t_squared, forgotten):
    records = {"t-squared": t_squared, "forgotten-temperature": forgotten}
    monkeypatch.setattr(live_study, "recorded", records.get)
    panels = component(opened(LOSS), "panels")
    assert panels["panels"][0]["title"] == "Length of the gradient"
    assert [row["name"] for row in panels["panels"][0]["lines"]] == ["KL without T²", "T²·KL", "CE with the hard label"]
    at = opened(TEMPERATURE, T="4")
    panels = component(at, "panels")
    assert panels["T"] == 4
    assert panels["panels"][0]["title"] == "Right on the test images"
    flat = panels["panels"][0]["lines"][0]["y"]
    assert len(set(flat)) == 1
