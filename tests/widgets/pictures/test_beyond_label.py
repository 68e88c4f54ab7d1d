"""What the label leaves out: which two images of a class differ most, and what the second class gets."""

import itertools

import numpy as np
import pytest

from kdviz.records.softmax import softmax
from kdviz.store import gallery
from kdviz.widgets.pictures.beyond_label import Shares, most_different, shares
from kdviz.widgets.pictures.soft_targets import ShownLogits


def pictured(*logits):
    return ShownLogits(tuple("abcdefghij"[: len(logits)]), logits)


def test_the_two_images_are_those_with_the_largest_kl_of_all_that_the_teacher_gets_right():
    shown = gallery.read("digits")
    for label in (2, 8):
        images = [i for i in np.flatnonzero(shown.labels == label) if shown.logits[i].argmax() == label]
        p = {i: softmax(shown.logits[i], 4.0) for i in images}
        worst = max(itertools.permutations(images, 2), key=lambda ij: np.sum(p[ij[0]] * np.log(p[ij[0]] / p[ij[1]])))
        assert most_different(shown, label) == worst


def test_without_two_such_images_there_is_no_pair():
    shown = gallery.read("digits")
    wrong = gallery.Gallery(shown.facts, shown.images[:3], shown.labels[:3], -shown.logits[:3])
    assert most_different(wrong, int(shown.labels[0])) is None


def test_a_class_that_underflows_keeps_the_divergence_finite():
    shown = gallery.read("digits")
    hard = gallery.Gallery(shown.facts, shown.images, shown.labels, shown.logits * 1000)
    with np.errstate(divide="raise", invalid="raise"):
        assert most_different(hard, 3) is not None


@pytest.mark.parametrize(
    ("temperature", "state"),
    [(0.5, "low"), (3.6, "low"), (3.7, "right"), (5.7, "right"), (5.8, "high"), (30.0, "high")],
)
def test_the_second_class_is_brought_out_without_losing_the_first(temperature, state):
    found = shares(pictured(5.0, 1.0, -9.0, -9.0), temperature)
    assert (found.first, found.second, found.state) == (0, 1, state)
    assert found.first_share > found.second_share


def test_where_no_temperature_does_it_that_is_said():
    assert isinstance(shares(pictured(5.0, 5.0), 1.0), Shares)
    assert shares(pictured(5.0, 5.0), 1.0).state == "none"  # as much as the first, at every T
    assert shares(pictured(200.0, 0.0), 1.0).state == "none"  # T ends at 100
    assert shares(pictured(5.0, *[0.0] * 9), 4.0).state == "low"
