"""The lessons on the temperature and on the loss without a browser: links, checks, and what a study shows."""

import numpy as np
import pytest

from kdviz.records.softmax import softmax
from kdviz.reports.phrases import percent
from kdviz.store import gallery
from kdviz.widgets.pictures.chosen_image import bits, unsure_but_decided
from kdviz.widgets.pictures.loss_lesson import LossState, readings
from kdviz.widgets.pictures.soft_targets import LANES, ShownLogits
from kdviz.widgets.study import result as live_study
from tests.samples.app_pages import component, opened, said, text

TEMPERATURE, LOSS = "pages/temperature.py", "pages/loss.py"


@pytest.fixture
def nothing_recorded(monkeypatch):
    monkeypatch.setattr(live_study, "recorded", lambda name: None)


@pytest.mark.parametrize("page", [TEMPERATURE, LOSS])
def test_a_lesson_works_before_anything_was_trained(jobs, nothing_recorded, page):
    at = opened(page)
    assert at.title[0].value.endswith("?")
    assert {"What you see", "In formulas", "Try this", "Sources"} <= {header.value for header in at.header}
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
    alike = said(opened(LOSS, example="same", alpha="0.9", T="4"))
    assert "Drag a bar first" in alike, "no weight makes more of a KL of 0"
    assert "needs more weight" not in alike
    start = losses_shown(opened(LOSS))
    now = readings(LossState(tuple(start["teacher"]), tuple(start["student"]), start["label"], 1.0, 0.5))
    alpha = now.hard_part / (now.hard_part + now.soft_part)
    at = opened(LOSS, alpha=f"{alpha:.2f}")
    assert any("teacher and label weigh the same" in success.value for success in at.success)


def test_two_bits_are_found_by_moving_t(jobs, nothing_recorded):
    assert any("Move the control" in each.value for each in opened(TEMPERATURE).caption)
    assert "More doubt needs a higher T" in said(opened(TEMPERATURE, T="0.2"))
    assert "Less doubt needs a lower T" in said(opened(TEMPERATURE, T="90"))
    shown = gallery.read("digits")
    z = tuple(float(value) for value in shown.logits[unsure_but_decided(shown)[0]])
    picture = ShownLogits(shown.facts.class_names, z)
    low, high = 0.1, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if bits(picture, middle) < 2 else (low, middle)
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
    floors = [row.figures["ece_floor"] for arm in forgotten.finished for row in arm.rows]
    assert f"would still show about {percent(min(floors), 2)} to {percent(max(floors), 2)}. Only what" in text(at)


@pytest.mark.parametrize("image", ["1", "7", "20", "33"])
@pytest.mark.parametrize("which", ["unsure", "by-class"])
def test_what_the_race_is_to_show_can_be_seen_in_it(jobs, nothing_recorded, which, image):
    at = opened(TEMPERATURE, which=which, image=image)
    logits = np.array(component(at, "grown")["logits"])
    suggested = next(element.value for element in at.markdown if "In the race" in element.value)
    passing = [lane for lane in LANES if softmax(logits, lane).max() > 0.5]
    if len(passing) > 1:
        assert f"until T = {passing[-2]:g} has only just passed" in suggested
        assert f"until T = {passing[-1]:g} passes it too" in suggested
    else:
        assert ("only the lane of T = 0.5 passes" in suggested) == (len(passing) == 1)
