"""The mistakes: each computes what the wrong program computes, and a study shows what gives it away."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from kdviz.distillers.offline import Offline
from kdviz.engine import data, evaluation, losses
from kdviz.engine.batches import Batch, FixedTeachers, chunks
from kdviz.engine.dropout import Dropout
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.mistakes import ALPHA, FACTS, TEMPERATURE, TRACES, TRIES
from kdviz.records.study import StudyResult
from kdviz.runners import study as lessons
from kdviz.runners.session import Session
from kdviz.runners.studies import mistakes as lesson_mistakes
from kdviz.runners.studies.faulty_distillers import (
    ByPosition,
    Hardened,
    InTrainingMode,
    MeanOverClasses,
    OtherViews,
    OwnTeacher,
    Probabilities,
    WithoutTSquared,
)
from kdviz.runners.studies.lab import STUDENT, TEACHER, Lab
from kdviz.runners.studies.mistakes import DROPPED, asked_twice, picked
from kdviz.texts import lesson as lesson_text

pytestmark = pytest.mark.trains
QUICK = Study.of("mistakes", "digits", seeds="0,1", quick=True)
WRONG = {"no-t2": WithoutTSquared, "mean-classes": MeanOverClasses, "no-log": Probabilities, "argmax": Hardened}
CLASSES = 10


def drawn(seed, images=6, scale=6.0):
    generator = torch.Generator().manual_seed(seed)
    z, v = scale * torch.randn(2, images, CLASSES, generator=generator, dtype=torch.double)
    return z, v, torch.randint(CLASSES, (images,), generator=generator)


def as_a_program(name, wrong, z, v, y, temperature, alpha):
    """What the lines on the page compute: the loss of a batch, with its graph."""
    lines = lesson_text.read("mistakes").say(f"program-{name}").markdown.splitlines()[1:-1]
    program = "\n".join(line[2:] for line in lines if line[0] in (" -" if wrong else " +"))
    names = {"F": functional, "T": temperature, "alpha": alpha, "z": z, "v": v}
    names["ce"] = functional.cross_entropy(z, y)
    exec(program, names)
    return names.get("loss", alpha * temperature**2 * names["kl"] + (1 - alpha) * names["ce"])


@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize("name", WRONG)
@given(
    seed=st.integers(0, 10**6), temperature=st.sampled_from([0.5, 1.0, 4.0, 20.0]), alpha=st.sampled_from([0.3, 1.0])
)
@settings(max_examples=15)
def test_loss_and_gradient_are_those_of_the_lines_on_the_page(name, seed, temperature, alpha):
    z, v, y = drawn(seed)
    z.requires_grad_()
    hard = (1 - alpha) * losses.cross_entropy(z, y).mean()
    hard_gradient = torch.autograd.grad(hard, z, retain_graph=True)[0]
    for wrong, kind in ((True, WRONG[name]), (False, Offline)):
        loss = as_a_program(name, wrong, z, v, y, temperature, alpha)
        gradient = torch.autograd.grad(loss, z)[0]
        distiller = kind(temperature, alpha)
        soft = alpha * distiller.soft_term(z, v).mean()
        assert torch.isclose(soft + hard, loss, rtol=1e-9, atol=1e-12)
        targets = losses.softmax(v, temperature)
        ours = distiller.soft_gradient(z.detach(), targets, alpha / len(z)) + hard_gradient
        assert torch.allclose(ours, gradient, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("temperature", [2.0, 10.0, 50.0])
def test_what_is_missing_is_a_factor(temperature):
    z, v, _ = drawn(1)
    targets = losses.softmax(v, temperature)
    right = Offline(temperature, 1.0).soft_gradient(z, targets, 1.0)
    assert right.abs().max() > 1e-3
    no_t2, mean = (kind(temperature, 1.0) for kind in (WithoutTSquared, MeanOverClasses))
    assert torch.allclose(no_t2.soft_gradient(z, targets, 1.0) * temperature**2, right, rtol=1e-12)
    assert torch.allclose(mean.soft_gradient(z, targets, 1.0) * CLASSES, right, rtol=1e-12)
    assert torch.allclose(mean.soft_term(z, v) * CLASSES, Offline(temperature, 1.0).soft_term(z, v), rtol=1e-12)


def test_without_the_logarithm_it_is_no_distance():
    _, v, _ = drawn(2)
    distiller = Probabilities(4.0, 1.0)
    assert (distiller.soft_term(v, v) < 0).all()
    there = distiller.soft_gradient(v, losses.softmax(v, 4.0), 1.0)
    assert there.abs().max() > 1e-3, "it pulls on although p and q are the same"
    surer = functional.one_hot(v.argmax(-1), CLASSES) * 400.0
    assert (distiller.soft_term(surer, v) < distiller.soft_term(v, v)).all()


def test_without_the_logarithm_nothing_pulls_where_q_is_all_on_one_class_or_the_teacher_gives_all_classes_the_same():
    z, v, _ = drawn(2)
    distiller = Probabilities(4.0, 1.0)
    even = torch.full_like(v, 1 / CLASSES)
    assert distiller.soft_gradient(z, losses.softmax(v, 4.0), 1.0).abs().max() > 1e-3
    assert distiller.soft_gradient(z, even, 1.0).abs().max() < 1e-15
    one_class = functional.one_hot(v.argmax(-1), CLASSES) * 4000.0
    assert distiller.soft_gradient(one_class, losses.softmax(v, 4.0), 1.0).abs().max() < 1e-15


def test_made_hard_no_two_images_of_one_answer_have_different_targets():
    z, v, _ = drawn(4)
    other = v * torch.rand(len(v), 1, dtype=v.dtype) + 3.0  # the same first choices, other doubts
    distiller = Hardened(TEMPERATURE, 1.0)
    assert torch.equal(distiller.soft_term(z, v), distiller.soft_term(z, other))
    assert (Offline(TEMPERATURE, 1.0).soft_term(z, v) - Offline(TEMPERATURE, 1.0).soft_term(z, other)).abs().min() > 0


def test_a_student_that_is_its_own_teacher_has_the_hard_terms_gradient_alone():
    z, _, y = drawn(3)
    z, y = z.unsqueeze(0).float(), y.unsqueeze(0)
    one_hot = functional.one_hot(y, CLASSES).float()

    class Fixed:
        def logits(self, images):
            return z

    taken = OwnTeacher(TEMPERATURE, ALPHA).step([Fixed()], Batch(z, one_hot, one_hot, None, 0.0))
    hard = losses.cross_entropy_gradient(z, one_hot, (1 - ALPHA) / z.shape[1])
    assert torch.equal(taken.gradients[0], hard)
    assert taken.gradients[0].abs().max() > 0


def lab_of(study=QUICK):
    return Lab(study, Session.load(study.data, 100, iter(range(10**6)).__next__), study.chosen[0])


@pytest.fixture(scope="module")
def some():
    """A little of the digits, two untrained teachers, and trainings for them."""
    lab = lab_of()
    trainings = lab.trainings(STUDENT, 2)
    return lab, lab.networks(lab.trainings(TEACHER, 1)).frozen(), trainings


def test_advice_by_position_is_about_other_images(some):
    lab, teachers, trainings = some
    split = lab.session.data.training
    cached = FixedTeachers.of([teachers], split, trainings[0], 4.0)
    shuffled = ByPosition.shuffled(teachers, split, trainings, 4.0, lesson_mistakes.FIRST_PASS)
    right = torch.cat([chunk.teacher_logits for chunk in chunks(split, trainings, cached, 8)], dim=1)
    wrong = torch.cat([chunk.teacher_logits for chunk in chunks(split, trainings, shuffled, 8)], dim=1)
    assert right.shape == wrong.shape
    same = (right == wrong).all(dim=-1).double().mean().item()
    assert same < 0.02
    assert shuffled.used == 2 * len(split) * len(trainings)
    assert shuffled.misplaced / shuffled.used == pytest.approx(1 - same, abs=0.005)
    epochs = wrong.split(len(split), dim=1)
    assert torch.equal(*epochs), "by position it is the same in every epoch"
    for student in range(2):  # every answer is given once, only at the wrong place
        ours, theirs = (each[student, : len(split)].sum(dim=0) for each in (wrong, right))
        assert torch.allclose(ours, theirs, rtol=1e-3, atol=1e-2)


def test_a_teacher_in_training_mode_answers_differently_every_time(some):
    lab, teachers, _ = some
    restless = InTrainingMode.dropping(teachers, lab.trainings(TEACHER, 1, **DROPPED), TEMPERATURE)
    images = lab.session.live.images[:50].expand(2, 50, 28, 28)
    first, second = restless.on(1, None, images), restless.on(1, None, images)
    assert not torch.allclose(first, second, atol=1e-3)
    assert not first.requires_grad
    settled = FixedTeachers([teachers], TEMPERATURE)
    assert torch.equal(settled.on(1, None, images), settled.on(1, None, images))
    assert not any(network.training for network in teachers.networks), "the teacher itself is left as it was"
    changed, apart = asked_twice(restless, lab.session.live.images)
    assert all(0 < each <= 1 for each in changed)
    assert all(each > 0 for each in apart)
    mean = torch.stack([restless.ask(images) for _ in range(40)]).mean(dim=0)
    calm = evaluation.logits_of_all(teachers, lab.session.live.images[:50])
    assert (mean - calm).norm() < 0.6 * (first - calm).norm()


def test_a_teacher_of_other_views_is_asked_about_other_pictures_of_the_same_images(some, monkeypatch):
    lab, teachers, _ = some
    split, trainings = lab.session.data.training[:200], lab.trainings(STUDENT, 1, **lesson_mistakes.SHIFTED)
    asked = []
    logits = FixedTeachers._logits
    monkeypatch.setattr(FixedTeachers, "_logits", lambda self, images: asked.append(images) or logits(self, images))
    views = OtherViews.drawn(teachers, split, trainings, TEMPERATURE, lesson_mistakes.OWN_VIEWS)
    seen = list(chunks(split, trainings, views, 8))
    assert len(asked) == len(seen)
    theirs, ours = torch.cat(asked, dim=1), torch.cat([chunk.images for chunk in seen], dim=1)
    same = (data.normalise(theirs.flatten(0, 1)).view_as(ours) == ours).flatten(2).all(dim=-1)
    assert 0 < same.double().mean() < 0.15, "one of 25 shifts is the same by chance"
    ink = theirs.flatten(2).double().sum(dim=-1) - ours.add(1).mul(127.5).flatten(2).double().sum(dim=-1)
    assert ink.abs().median() < 1, "the same image behind both"
    again = OtherViews.drawn(teachers, split, trainings, TEMPERATURE, lesson_mistakes.OWN_VIEWS)
    assert all(
        torch.equal(one.teacher_logits, other.teacher_logits)
        for one, other in zip(seen, chunks(split, trainings, again, 8), strict=True)
    )


@pytest.fixture(scope="module")
def trained():
    """The quick version on the digits, all of it."""
    said = [event for event in lessons.run(QUICK) if event is not None]
    assert isinstance(said[-1], StudyResult)
    return said[-1]


def along(trained, arm, name, seed=0):
    return next(curve.y for curve in trained.arm(arm).curves if (curve.name, curve.seed) == (name, seed))


def mean(trained, arm, figure):
    rows = trained.arm(arm).rows
    return sum(row.figures[figure] for row in rows) / len(rows)


def test_every_arm_has_its_traces_for_every_seed(trained):
    assert {arm.arm for arm in trained.finished} == {arm.name for arm in FACTS.arms if arm.quick}
    for arm in trained.finished:
        names = {curve.name for curve in arm.curves}
        assert names == ({"reported", "fresh"} if arm.arm.endswith("picked") else set(TRACES))
        assert {curve.seed for curve in arm.curves} == {0, 1}
    right = trained.arm("right").curves[0]
    assert right.x == sorted(right.x)
    assert right.x[-1] == pytest.approx(lab_of().epochs(2, 20))


def test_all_runs_of_a_seed_begin_alike(trained):
    """The same weights and batches: the first report of a mistake differs by what it does alone."""
    first = {name: along(trained, name, "loss_kd")[0] for name in ("right", "no-t2", "mean-classes")}
    assert first["right"] / first["no-t2"] == pytest.approx(TEMPERATURE**2, rel=0.3)
    assert first["right"] / first["mean-classes"] == pytest.approx(CLASSES, rel=0.3)
    assert mean(trained, "no-t2", "soft_share") < mean(trained, "mean-classes", "soft_share")
    assert mean(trained, "mean-classes", "soft_share") < mean(trained, "right", "soft_share")


def test_each_mistake_leaves_its_trace(trained):
    assert max(along(trained, "no-log", "loss_kd")) < 0
    assert set(along(trained, "same-object", "loss_kd")) == {0.0}
    assert set(along(trained, "same-object", "gradient_share_kd")) == {0.0}
    hard, right = (along(trained, name, "loss_kd") for name in ("argmax", "right"))
    assert min(hard) > 5 * right[-1]
    assert hard[0] > 2 * right[0]
    other, shifted = (along(trained, name, "loss_kd")[-1] for name in ("other-view", "shifted"))
    assert other > 1.5 * shifted
    assert mean(trained, "positions", "misplaced") > 0.98
    assert mean(trained, "positions", "agreement") < mean(trained, "right", "agreement") - 0.1
    restless, calm = (along(trained, name, "loss_kd")[-1] for name in ("teacher-training", "dropout-teacher"))
    assert restless > 1.5 * calm
    assert mean(trained, "teacher-training", "changed") > 0.01
    assert "changed" not in trained.arm("dropout-teacher").rows[0].figures


def test_dropout_is_off_after_the_first_look(trained, monkeypatch):
    begun = [along(trained, name, "training_accuracy")[0] for name in ("student-eval", "dropout-student")]
    assert begun[0] == begun[1], "until then nothing differs"
    ended = [along(trained, name, "training_accuracy")[-1] for name in ("student-eval", "dropout-student")]
    assert ended[0] > ended[1] + 0.02
    drops = []
    units = Dropout.units
    monkeypatch.setattr(Dropout, "units", lambda self, *given: drops.append(1) or units(self, *given))
    counts = {}
    for name in ("dropout-student", "student-eval"):
        drops.clear()
        lab = lab_of()
        lab.arm = next(arm for arm in FACTS.arms if arm.name == name)
        for _ in lesson_mistakes.measure(lab, name):
            pass
        counts[name] = len(drops)
    assert 0 < counts["student-eval"] < counts["dropout-student"] / 5


def test_with_wrong_labels_a_teacher_that_is_not_heard_costs(trained):
    heard, alone = (mean(trained, f"noisy-{name}", "test_accuracy") for name in ("right", "same-object"))
    assert heard > alone + 0.02
    clean = [mean(trained, name, "test_accuracy") for name in ("right", "same-object")]
    assert abs(clean[0] - clean[1]) < heard - alone


def test_choosing_on_the_test_images_flatters(trained):
    for seed in (0, 1):
        reported, fresh = (along(trained, "test-picked", name, seed) for name in ("reported", "fresh"))
        assert reported[-1] > fresh[-1]
        assert reported[-1] - fresh[-1] > reported[0] - fresh[0]
    row = trained.arm("test-picked").rows[0].figures
    assert row["optimism"] == pytest.approx(100 * (row["test_accuracy"] - row["fresh"]))
    honest = trained.arm("validation-picked").rows
    assert all(abs(each.figures["optimism"]) < 1 for each in honest)
    assert trained.judgement("test-picked", "optimism").against == "validation-picked"


@given(seed=st.integers(0, 1000))
@settings(max_examples=10)
def test_of_networks_that_differ_by_chance_alone_the_picked_one_is_reported_too_good(seed):
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(40, 600, generator=generator) < 0.9
    validation = torch.rand(40, 600, generator=generator) < 0.9
    flattered = picked(noise, None, TRIES, seed)
    honest = picked(noise, validation, TRIES, seed)
    assert flattered.reported == sorted(flattered.reported)
    assert flattered.reported[-1] - flattered.fresh[-1] > 0.036 - 5 * 0.0053  # mean and deviation of many such tables
    chance = 4 * math.sqrt(2 * 0.09 / 300 / len(TRIES))  # four deviations of a mean over the tries
    assert abs(flattered.reported[0] - flattered.fresh[0]) < chance
    assert abs(honest.reported[-1] - honest.fresh[-1]) < chance
    expected = 0.9 + 2.16 * math.sqrt(0.09 / 300)  # the largest of forty normal numbers: 2.16 deviations
    assert flattered.reported[-1] == pytest.approx(expected, abs=0.012)


def test_one_try_is_no_choice():
    right = torch.rand(1, 100) < 0.8
    only = picked(right, None, (1,), 0)
    assert (only.reported[0] + only.fresh[0]) / 2 == pytest.approx(right.double().mean().item())


def test_a_mistake_trains_what_it_is_judged_against():
    chosen = Study.of("mistakes", "digits", arms="noisy-no-t2").chosen
    assert [arm.name for arm in chosen] == ["noisy-right", "noisy-no-t2"]
    assert {arm.against for arm in FACTS.arms} - {""} <= {arm.name for arm in FACTS.arms}
