"""The text of a sweep's temperatures, and the sliders that write it."""

import pytest

from kdviz.widgets.sweep import form


@pytest.fixture
def state(monkeypatch):
    """What the page keeps: sliders as the page itself has set them, and a text that was typed meanwhile."""
    kept = {"temperatures_range": (0.3, 7.0), "temperatures_count": 2, "temperatures": "20:1:5"}
    monkeypatch.setattr(form.st, "session_state", kept)
    return kept


def test_a_slider_that_stands_where_the_page_has_put_it_leaves_the_text(state):
    form._spread("temperatures", "range", shown=(0.3, 7.0, 2))
    assert state["temperatures"] == "20:1:5"


def test_a_slider_that_was_moved_writes_the_text(state):
    form._spread("temperatures", "range", shown=(1.0, 7.0, 2))
    assert state["temperatures"] == "0.3,7"
