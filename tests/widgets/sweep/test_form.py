"""The text of a sweep's temperatures, and the sliders that write it."""

import pytest

from kdviz.recipes.sweep import Sweep
from kdviz.widgets.sweep import form

DEFAULTS = Sweep()


@pytest.fixture
def state(monkeypatch):
    """What the page keeps: sliders as the page itself has set them, and a text that was typed meanwhile."""
    kept = {"temperatures_range": (0.3, 7.0), "temperatures_count": 2, "temperatures": "20:1:5"}
    monkeypatch.setattr(form.st, "session_state", kept)
    return kept


def test_a_slider_that_stands_where_the_page_has_put_it_leaves_the_text(state):
    form._spread("temperatures", "range", (0.3, 7.0, 2), DEFAULTS)
    assert state["temperatures"] == "20:1:5"


def test_a_slider_that_was_moved_writes_the_text(state):
    state |= {"temperatures": "1,7"}
    form._spread("temperatures", "range", (1.0, 7.0, 2), DEFAULTS)
    assert state["temperatures"] == "0.3,7"


def test_a_slider_that_was_moved_keeps_the_number_of_the_text_whatever_the_browser_sends(state):
    state |= {"temperatures": "1,4.5,20", "temperatures_range": (1.0, 30.0), "temperatures_count": 5}
    form._spread("temperatures", "range", (1.0, 20.0, 3), DEFAULTS)
    assert state["temperatures"] == "1,5.5,30"


@pytest.mark.parametrize("first", ["range", "count"])
def test_a_slider_and_a_number_that_were_moved_at_once_both_count(state, first):
    state |= {"temperatures": "1,2,4,8,20", "temperatures_range": (1.0, 30.0), "temperatures_count": 3}
    for moved in (first, "count" if first == "range" else "range"):
        form._spread("temperatures", moved, (1.0, 20.0, 5), DEFAULTS)
    assert state["temperatures"] == "1,5.5,30"


def test_a_single_value_is_opened_by_the_slider(state):
    state |= {"temperatures": "4", "temperatures_range": (1.0, 4.0), "temperatures_count": 1}
    form._spread("temperatures", "range", (4.0, 4.0, 1), DEFAULTS)
    assert state["temperatures"].startswith("1,")
    assert state["temperatures"].count(",") == 4
