"""The lesson "Less noise in the gradient" without a browser."""

import pytest

from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.gradient_noise import BATCH, MOMENTS
from kdviz.records.study import Curve
from kdviz.widgets.pictures.gradient_noise import NoiseCurve, best_rate, word_on
from tests.samples.app_pages import component, html, opened, said
from tests.samples.study_records import ended

PAGE = "pages/gradient_noise.py"
EPOCHS = [3 * share for share in MOMENTS]


def noise_of(arm):
    """Hard labels: 4 times the mean. Soft targets: the less, the higher T, but at the start."""
    target = arm.partition("-")[2]
    late = {"hard": 4.0, "soft-1": 3.0, "soft-2": 2.0, "soft-4": 1.0, "soft-8": 0.5}.get(target, 0.25)
    return [0.25 if target == "hard" else 0.5, *[late] * (len(MOMENTS) - 1)]


def with_curves(studied):
    seeds = studied.recipe.seeds
    finished = []
    for arm in studied.finished:
        curves = [
            Curve(name=name, seed=seed, x=EPOCHS, y=[value * 1.1 ** (seed - 2) for value in noise_of(arm.arm)])
            for seed in seeds
            for name in ("ratio", "variance", "signal")
        ]
        arrows = [
            Curve(name=f"arrows-{number}", seed=seeds[0], x=[1.0, 1.0], y=[value, value])
            for number, value in enumerate(noise_of(arm.arm))
        ]
        finished.append(arm.model_copy(update={"curves": [*curves, *arrows]}))
    return studied.model_copy(update={"finished": finished})


def figures(arm, seed):
    return dict.fromkeys(("middle", "start", "end", "variance_middle"), noise_of(arm)[3] + 0.01 * seed)


def rates(arm, seed):
    way, _, rate = arm.partition("-")
    right = {"labels": {0.01: 0.94, 0.1: 0.6}, "taught": {0.003: 0.95}}[way].get(float(rate), 0.1)
    return {"test_accuracy": right, "test_images": 10_000.0, "nll": 1.0}


@pytest.fixture
def recorded_run(shipped):
    """A recorded run."""
    shipped(with_curves(ended(Study.of("gradient-noise", "digits"), figures)))


def picture(at):
    return component(at, "hard", "soft")


def test_without_a_run_the_page_says_so_and_asks_what_needs_none(shipped):
    at = opened(PAGE)
    assert "Nothing has been measured yet" in html(at)
    assert {"What you see", "Try this", "Sources"} <= {header.value for header in at.header}
    assert at.radio(key="check_gradient_noise_scale")


def test_the_picture_is_that_of_the_link(recorded_run):
    at = opened(PAGE, T="8", moment="5", path="taught")
    assert not at.warning
    data = picture(at)
    assert (data["T"], data["moment"]) == (8, 5)
    assert [each["T"] for each in data["soft"]] == [1, 2, 4, 8, 20]
    assert data["hard"]["mean"] == pytest.approx([0.25, 4, 4, 4, 4, 4])
    assert data["hard"]["low"][1] == pytest.approx(4 * 1.1**-2)
    assert data["least"] <= 0.25 * 1.1**-2
    assert data["epochs"] == EPOCHS
    assert data["batch"] == BATCH
    assert "8.0 times <b>less</b>" in html(at)


def test_soft_targets_that_are_noisier_are_called_so(recorded_run):
    page = html(opened(PAGE, T="4", moment="0"))
    assert "2.0 times <b>more</b>" in page
    assert "not quieter everywhere" in page


def test_less_is_said_only_where_the_seeds_show_it(recorded_run):
    def noise(seeds):
        return NoiseCurve("soft-4", 4.0, [], [], [], [], [[each] for each in seeds])

    hard = noise([4.0, 4.4, 3.6, 4.2, 3.9])
    assert word_on(noise([1.0, 1.1, 0.9, 1.2, 1.0]), hard, 0, 12) == "better"
    assert word_on(hard, noise([1.0, 1.1, 0.9, 1.2, 1.0]), 0, 12) == "worse"
    scattered = noise([0.4, 8.0, 1.0, 0.9, 6.0])
    assert word_on(scattered, hard, 0, 12) == "no difference shown"
    assert word_on(noise([1.0]), noise([4.0]), 0, 12) == "no verdict"


def test_a_reading_that_is_not_shown_says_so(shipped):
    studied = with_curves(ended(Study.of("gradient-noise", "digits"), figures))
    scatter = {0: 0.1, 1: 20.0, 2: 1.0, 3: 5.0, 4: 0.5}
    finished = [
        arm.model_copy(
            update={
                "curves": [
                    curve.model_copy(update={"y": [value * scatter[curve.seed] for value in curve.y]})
                    if curve.name == "ratio" and "soft" in arm.arm
                    else curve
                    for curve in arm.curves
                ]
            }
        )
        for arm in studied.finished
    ]
    shipped(studied.model_copy(update={"finished": finished}))
    page = html(opened(PAGE, T="4", moment="3"))
    assert "no difference is shown, as the five seeds scatter too much" in page
    assert "times <b>less</b>" not in page


def test_a_link_to_nothing_measured_is_told(recorded_run):
    assert "T is 3; it takes one of 1, 2, 4, 8, 20." in said(opened(PAGE, T="3"))
    assert "moment is 9" in said(opened(PAGE, moment="9"))


def test_the_checks_follow_the_picture(recorded_run):
    untouched = opened(PAGE)
    assert not untouched.success
    loud = opened(PAGE, T="4", moment="0")
    assert any("at T = 4 after 0.0 epochs it is" in each.value for each in loud.success)
    quiet = opened(PAGE, T="20", moment="3")
    assert any("Not there: at T = 20 after 1.0 epochs it is 0.25 against 4.0" in each.value for each in quiet.info)
    quiet.number_input(key="check_gradient_noise_batch").set_value(256).run()
    assert any("over the other, 256" in each.value for each in quiet.success), "as the page opens, wherever T is now"
    quiet.number_input(key="check_gradient_noise_batch").set_value(100).run()
    assert any("More than 100" in each.value for each in quiet.info)


def test_the_best_rate_of_each_way_is_told(shipped, recorded_run):
    studied = ended(Study.of("noise-payoff", "digits"), rates)
    labels, taught = best_rate(studied, "labels"), best_rate(studied, "taught")
    assert (labels.rate, labels.highest) == (0.01, 0.1)
    assert (taught.rate, taught.highest) == (0.003, 0.003)
    shipped(studied)
    page = html(opened(PAGE))
    assert (
        "did best at the rate 0.01 (94.00\u00a0% right) and got at least half of them right up to this rate: 0.1"
        in page
    )
    assert ("bear a lower rate" in page) == (taught.accuracy > labels.accuracy)
