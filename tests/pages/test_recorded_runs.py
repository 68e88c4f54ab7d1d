"""Pages that train open with a finished run that comes with the program, and say so; no page is empty."""

import pytest

from kdviz.recipes.openings import OPENINGS
from kdviz.reports.called import called
from kdviz.store import recorded_runs
from tests.samples.app_pages import button, component, components, opened, start, text

SHIPPED = recorded_runs.FOLDER
PICTURE = {  # what the data of the component on each page has
    "watch_it_train": ("history", "teacher"),
    "three_ways": ("panels",),
    "what_is_transferred": ("wanted",),
    "explorer": ("temperatures", "alphas"),
}


@pytest.fixture
def as_shipped(jobs, monkeypatch):
    """The recorded runs that come with the program."""
    monkeypatch.setattr(recorded_runs, "FOLDER", SHIPPED)
    return jobs


def picture(at, page):
    return component(at, *PICTURE[page])


@pytest.mark.parametrize("page", OPENINGS)
def test_a_page_opens_with_a_recorded_run_that_start_replaces(as_shipped, page):
    at = opened(f"pages/{page}.py")
    recipe = OPENINGS[page]("digits")
    assert f"Recorded run {recipe.id}: {called(recipe)} on" in text(at)
    assert picture(at, page)["run"] == f"{recipe.id}-1"
    assert any("test images" in header.value for header in at.header)
    assert "run" not in at.query_params
    assert not any(f"run={recipe.id}" in element.proto.page for element in at.get("page_link")), "it is in no store"
    start(at)
    assert [wanted.id for wanted in as_shipped.submitted] == [recipe.id]


@pytest.mark.parametrize("page", OPENINGS)
def test_the_address_that_a_page_opens_with_opens_the_same(as_shipped, page):
    """Whoever is sent it has the same settings: what a closed popover holds is in it as well."""
    address = dict(opened(f"pages/{page}.py").query_params)
    again = opened(f"pages/{page}.py", **address)
    start(again)
    assert [wanted.id for wanted in as_shipped.submitted] == [OPENINGS[page]("digits").id]


@pytest.mark.parametrize("page", OPENINGS)
def test_a_run_of_the_link_stands_in_place_of_the_recorded_one(as_shipped, page):
    at = opened(f"pages/{page}.py", run="000000000000")
    assert "There is no run 000000000000" in text(at)
    assert "Recorded run" not in text(at)


def test_other_settings_keep_the_recorded_run_where_a_page_has_nothing_else_to_show(as_shipped):
    at = opened("pages/watch_it_train.py", epochs="4")
    assert f"Recorded run {OPENINGS['watch_it_train']('digits').id}" in text(at)


@pytest.mark.parametrize(
    ("page", "query"),
    [("three_ways", {"epochs": "4"}), ("explorer", {"alphas": "0.5"}), ("what_is_transferred", {"taught": "Flow"})],
)
def test_other_settings_show_what_would_be_trained_where_a_page_can(as_shipped, page, query):
    at = opened(f"pages/{page}.py", **query)
    assert "Recorded run" not in text(at)
    assert picture(at, page)["run"] == ""


@pytest.mark.parametrize("page", OPENINGS)
def test_where_a_data_set_has_none_the_digits_stand_in_and_are_named(as_shipped, monkeypatch, page):
    monkeypatch.setattr(recorded_runs.data_files, "published_file", lambda *_: None)
    at = opened(f"pages/{page}.py", data="mnist")
    assert f"{called(OPENINGS[page]('digits'))} on Digits (scikit-learn)" in text(at)


def test_the_recorded_comparison_says_what_was_gained_in_it(as_shipped):
    """The text beside it says what to expect, so what came of it belongs there too."""
    assert "In the run above, accuracy is better with Offline" in text(opened("pages/three_ways.py"))


def test_a_cell_of_the_recorded_sweep_is_looked_at(as_shipped):
    at = opened("pages/explorer.py")
    cells = component(at, "temperatures", "alphas")["details"]["cells"]
    assert len(cells) == 21
    assert components(at)
    assert not button(at, "Start").disabled
