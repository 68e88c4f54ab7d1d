"""The panel of a single run without a browser."""

import pytest

from tests.samples.app_pages import opened, run_of
from tests.samples.run_records import progress, recipe, result

PAGE = "pages/watch_it_train.py"


def charts(at):
    return [element.proto for element in (at.get("vega_lite_chart") or at.get("arrow_vega_lite_chart"))]


@pytest.mark.parametrize("status", ["running", "paused", "finished"])
def test_a_chart_keeps_its_zoom_and_stays_the_same_when_the_run_ends(keep, status):
    """Streamlit forgets what part of a chart is looked at when its data change, but for selections it is to keep.

    A chart that is no such selection any more is another chart to it.
    """
    wanted = recipe()
    events = [*progress(wanted, "teacher"), *progress(wanted), *progress(wanted, "plain", end=0.94)]
    keep(run_of(wanted, status, result(wanted) if status == "finished" else None), events=events)
    at = opened(PAGE, data=None, run=wanted.id)
    assert [list(chart.selection_mode) for chart in charts(at)] == [["zoom"], ["zoom"]]
    html = " ".join(element.proto.body for element in at.get("html"))
    assert ("At the end" if status == "finished" else "So far") in html
