"""Durations as words."""

import pytest

from kdviz.reports.phrases import time_left


@pytest.mark.parametrize(
    ("seconds", "left", "text"),
    [(0.7, 218.0, ""), (2.0, 14.4, "14 s left"), (30.0, -0.2, "0 s left")],
)
def test_the_time_left_is_told_once_more_than_the_preparation_is_done(seconds, left, text):
    assert time_left(seconds, left) == text
