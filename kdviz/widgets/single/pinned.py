"""A finished run that stays in view while another is looked at: both side by side, on the same axes."""

import streamlit as st

from kdviz.charts import single as live
from kdviz.jobs.queue import Jobs
from kdviz.recipes.single import Recipe
from kdviz.records.single import Result
from kdviz.reports.called import called
from kdviz.reports.phrases import percent
from kdviz.store.recorded_runs import RecordedRun
from kdviz.store.run import Run
from kdviz.widgets import link, page
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.live_panel import snapshot_of_recorded
from kdviz.widgets.run_status import found
from kdviz.widgets.single.live import PANEL, QUALITIES, Curves, quality

_PINNED = "pinned"  # in the URL


def show(here: LessonPage, jobs: Jobs, run: Run | None, recorded: RecordedRun | None) -> None:
    """The button that pins what the page shows, and the run that is pinned beside it.

    `run` is the one the link names; `recorded` the one that comes with the program.
    """
    opened = recorded.run if recorded is not None else None
    looked_at = opened if run is None else run
    shown = None if looked_at is None else _finished(jobs, recorded, looked_at.id)
    named = st.query_params.get(_PINNED)
    pinned = _finished(jobs, recorded, named)
    with st.container(horizontal=True, vertical_alignment="center", key="pin"):
        if shown is not None and shown[0].id != named:
            _button(here.word("pin"), "keep", shown[0].id)
        if named is not None:
            _button(here.word("unpin"), "close", "")
    if named is not None and pinned is None:
        st.info(here.sentence("pinned-none"))
    elif pinned is not None and shown is not None and pinned[0].id != shown[0].id:
        _beside(here, pinned, shown)
    elif pinned is not None:
        st.caption(here.sentence("pinned", run=called(pinned[0].recipe)))


def _button(label: str, icon: str, run_id: str) -> None:
    st.button(label, icon=f":material/{icon}:", on_click=link.write, args=(_PINNED, run_id), key=f"{icon}_run")


def _finished(jobs: Jobs, recorded: RecordedRun | None, run_id: str | None) -> tuple[Run, Curves] | None:
    """A finished single run of this store, or the recorded one, with what its charts are drawn from."""
    run = found(jobs, run_id)
    if run is not None and isinstance(run.recipe, Recipe) and isinstance(run.result, Result):
        return run, PANEL.snapshot(jobs, run).data
    if recorded is None or recorded.run.id != run_id:
        return None
    own = recorded.run
    return own, snapshot_of_recorded(PANEL, recorded, PANEL.read.__module__, own.id, own.finished).data


def _beside(here: LessonPage, *both: tuple[Run, Curves]) -> None:
    measure = page.switch(here.word("pinned-quality"), QUALITIES, key="pinned_quality")
    lowest = min(live.floor(run.recipe) for run, _ in both if isinstance(run.recipe, Recipe))
    words = here.word("pinned-left"), here.word("pinned-right")
    for number, (column, word, (run, curves)) in enumerate(zip(st.columns(2, gap="large"), words, both, strict=True)):
        spec = live.quality_spec(curves.steps, measure, lowest, page.colours())
        with column:
            st.markdown(f"{word}: **{called(run.recipe)}** {here.word('pinned-imported') if run.imported else ''}")
            st.vega_lite_chart(quality(curves), spec, key=f"chart_pinned_{number}", alt=called(run.recipe))
            if isinstance(run.result, Result):
                taught, plain = run.result.distilled.test_accuracy, run.result.plain.test_accuracy
                here.say("pinned-result", taught=percent(taught, 1), plain=percent(plain, 1))
