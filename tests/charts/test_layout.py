"""Names of lines: where they stand, and when they do not."""

from itertools import pairwise

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdviz.charts import layout
from kdviz.charts.layout import LineEnd
from kdviz.charts.palette import palette

HEIGHTS = st.lists(st.floats(0, 300), min_size=1, max_size=8)


@given(HEIGHTS)
def test_names_that_are_moved_apart_keep_their_order_and_stay_inside(heights):
    placed = layout.apart(heights, 16, 8, 292)
    assert all(8 - 1e-6 <= place <= 292 + 1e-6 for place in placed)
    in_order = [placed[number] for number in sorted(range(len(heights)), key=heights.__getitem__)]
    assert all(upper - lower > 16 - 1e-6 for lower, upper in pairwise(in_order))


def test_names_that_have_room_stay_where_they_are():
    assert layout.apart([100, 50, 200], 16, 8, 292) == [100, 50, 200]


def named(*ends):
    figure = layout.laid_out(go.Figure(), 400)
    return layout.name_lines(figure, [LineEnd(*end, "#000000") for end in ends], (0.0, 1.0), palette("light"))


def test_names_stand_on_lines_that_end_far_apart():
    figure = named(("taught", 2, 0.9), ("plain", 2, 0.2))
    assert [note.text.rpartition(" ")[2] for note in figure.layout.annotations] == ["taught", "plain"]
    assert not figure.layout.showlegend


def test_names_that_would_meet_are_in_the_legend():
    figure = named(("taught", 2, 0.9), ("plain", 2, 0.89))
    assert not figure.layout.annotations
    assert figure.layout.showlegend


def test_lines_that_lie_across_are_named_at_the_left_edge_and_apart():
    figure = named(("one", None, 0.9), ("other", None, 0.9))
    first, second = figure.layout.annotations
    assert (first.x, first.xref) == (second.x, second.xref) == (0, "paper")
    assert abs(first.yshift - second.yshift) == pytest.approx(16)
