"""What is drawn beside the figures of a study: means with ranges, a gap, and their words."""

import pytest

from kdviz.charts import study_curves
from kdviz.charts.palette import palette
from kdviz.recipes.study import STUDIES
from kdviz.records.study import Curve, FinishedArm
from kdviz.texts import lesson as lesson_text
from kdviz.widgets.study.curves import BESIDE


def test_a_line_is_the_mean_of_its_seeds_with_their_range():
    curves = [Curve(name="gap", seed=seed, x=[0, 10], y=y) for seed, y in ((0, [0.1, 0.5]), (1, [0.3, 0.9]))]
    arm = FinishedArm(arm="none", rows=[], curves=curves, seconds=1.0)
    line = study_curves.arm_curve(arm, "gap", "no remedy", "label")
    assert line.x == (0, 10)
    assert line.mean == pytest.approx((0.2, 0.7))
    assert (line.low, line.high) == ((0.1, 0.5), (0.3, 0.9))
    assert study_curves.arm_curve(arm, "other", "no remedy", "label") is None


def test_the_gap_is_filled_between_the_two_lines():
    upper, lower = (
        study_curves.ArmCurve((0.0, 1.0), level, level, level, name, "label")
        for name, level in (("own", (0.5, 1.0)), ("validation", (0.4, 0.8)))
    )
    picture = study_curves.gap(upper, lower, "passes", 0.4, palette("dark"))
    assert [trace.fill for trace in picture.data] == [None, "tonexty"]
    assert [list(trace.y) for trace in picture.data] == [[0.5, 1.0], [0.4, 0.8]]


def test_both_terms_of_a_loss_have_their_colours_and_the_range_of_their_seeds():
    soft, hard = (
        study_curves.SeedCurve((0.5, 1.0), level, tuple(y - 0.1 for y in level), tuple(y + 0.1 for y in level))
        for level in ((3.0, 1.0), (2.0, 0.5))
    )
    colours = palette("light")
    picture = study_curves.terms(soft, hard, ("soft term", "hard <term>"), "epochs", 3.2, colours)
    low, high, mean, *of_hard = picture.data
    assert (list(low.y), list(high.y), list(mean.y)) == ([2.9, 0.9], [3.1, 1.1], [3.0, 1.0])
    assert [mean.line.color, of_hard[2].line.color] == [colours.teacher, colours.label]
    assert of_hard[2].name == "hard &lt;term&gt;"
    assert picture.layout.yaxis.range == (0, 3.2)


SAID = {"teacher-quality", "smallest-student"}  # what stands beside them is a sentence, or a table


@pytest.mark.parametrize("name", sorted({*BESIDE} - SAID))
def test_what_is_drawn_beside_a_study_has_its_words(name):
    text = lesson_text.read(f"studies/{name}")
    assert name in STUDIES
    assert not text.text("curves").places
    wanted = {
        "smoothed-teacher": ["curves-y"],
        "overfitting": ["training", "validation"],
        "one-task": ["curves-y", "curves-parity", "curves-size"],
        "other-domain": ["curves-y"],
        "next-letter": ["soft-term", "hard-term"],
        "next-letter-divergences": ["soft-term", "hard-term"],
    }
    assert all(text.word(word) for word in ["curves-x", *wanted[name]])
