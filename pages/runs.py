"""Runs: every run, comparison, sweep and study of this app, to be found again, laid over one another, taken along."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from kdviz.charts import overlay
from kdviz.charts.overlay import LearningCurve
from kdviz.charts.single import floor as lowest
from kdviz.jobs.queue import Version
from kdviz.recipes.base import Conditions
from kdviz.store.run import Run
from kdviz.widgets import kinds, lesson, link, page, server, stage
from kdviz.widgets.runs import bin as run_bin
from kdviz.widgets.runs import card as run_card
from kdviz.widgets.runs import export as run_export
from kdviz.widgets.runs import smaller as run_smaller
from kdviz.widgets.runs import table as run_table
from kdviz.widgets.runs import words as run_words

NO_CURVES = "A lesson’s study has no curve to lay over others: its arms stand beside one another on its own page."

here = lesson.begin("runs")
jobs, store = server.jobs(), server.store()


def way_to(run: Run, label: str = "Look") -> None:
    """The way to the run's own page."""
    path = kinds.home(run.recipe).path
    st.page_link(path, label=label, icon=":material/open_in_new:", query_params=kinds.link_to(run))


def empty() -> None:
    """How the first run is made."""
    page.say("Nothing has been trained here yet. These pages train something:")
    with st.container(horizontal=True, key="first_run"):
        for home in kinds.HOMES.values():
            st.page_link(home.path, label=home.title, icon=":material/arrow_forward:")


def one(run: Run) -> None:
    """All about a run."""
    with st.container(horizontal=True, vertical_alignment="center", key="heading"):
        st.header(f"{run.recipe.kind.capitalize()} {run.id}", anchor=False, width="content")
        way_to(run, f"Open in “{kinds.home(run.recipe).title}”")
        run_bin.button(store, jobs, [run])
    run_card.show(store, run)
    run_smaller.show(jobs, store, run)
    run_export.downloads(jobs, store, run)


def several(runs: Sequence[Run]) -> None:
    """Runs laid over one another, and what tells them apart."""
    names = run_words.short_names(runs)
    with st.container(horizontal=True, vertical_alignment="center", key="heading"):
        title = f"{run_bin.number_of_runs(len(runs))} over one another"
        st.header(title, anchor=False, width="content")
        run_bin.button(store, jobs, runs)
    shown = runs[: overlay.MOST_RUNS]
    curves = {names[run.id]: lines_of(run.id, jobs.version(run.id), run) for run in shown}
    if any(curves.values()):
        floor = min(lowest(recipe) for run in shown if isinstance(recipe := run.recipe, Conditions))
        axes, usual = ["Epochs", "Share of the training"], "Epochs"
        look: dict[str, Any] = {"bind": "query-params", "label_visibility": "collapsed"}
        alt = "Validation accuracy of the ticked runs as they were trained, a line for each of their students"
        with stage.picture(here):
            over = st.segmented_control("Over", axes, default=usual, required=True, key="over", **look)
            figure = overlay.overlay_figure(curves, floor, page.colours(), share=over != usual, brief=link.on_stage())
            key = "overlay" if over == usual else "overlay_share"  # in place of one another, a title could stay
            page.chart(figure, key=key, alt=alt)
    else:
        studies = not all(run.recipe.students_kept for run in shown)
        page.say(NO_CURVES if studies else "None of these runs has said anything of a student yet.")
    remarks = ["Means over the seeds, on validation images that nobody learns from. Dashed: without a teacher."]
    if len(runs) > len(shown):
        remarks.append(f"Drawn are the first {len(shown)} of {len(runs)}.")
    still = {names[run.id] for run in shown if not run.recipe.students_kept}
    if silent := [name for name, lines in curves.items() if not lines and name not in still]:
        remarks.append(f"Nothing to draw yet of {', '.join(silent)}.")
    if still and any(curves.values()):
        remarks.append(f"{', '.join(sorted(still))}: {NO_CURVES}")
    if brought := [names[run.id] for run in runs if run.imported]:
        remarks.append(f"{', '.join(brought)}: what a file says, trained elsewhere.")
    if len({run.recipe.data for run in runs}) > 1:
        remarks.append("Their data sets differ, and so do the images.")
    st.caption(" ".join(remarks))
    st.header("How their recipes differ", anchor=False)
    rows = run_words.differing([run.recipe for run in runs])
    st.dataframe(
        pd.DataFrame(
            {"Setting": [run_words.label(name) for name in rows]}
            | {run.id: [row[number] for row in rows.values()] for number, run in enumerate(runs)}
        ),
        hide_index=True,
        key="differences",
        height="content",
        alt="Settings in which the ticked runs differ",
    )
    st.caption("What is not listed is the same in all of them. –: that kind of study has no such setting.")


@st.cache_resource(max_entries=64, show_spinner=False)  # one for all visitors, until there is something new to draw
def lines_of(run_id: str, version: Version | None, _run: Run) -> list[LearningCurve]:
    """The curves of a run."""
    return overlay.learning_curves(_run.recipe, jobs.events(run_id), _run.result)


def arrived(run: Run) -> None:
    """A run came in a file: it is the one to look at."""
    run_table.tick([run.id])


runs = run_table.everything(store, jobs)
run_bin.undo(store)
if runs:
    run_table.live(runs, jobs, store, way_to)
    shown = run_table.filters(runs)
    if shown:
        run_table.table(shown)
    else:
        page.say("No run passes these filters. Empty them to see all.")
    newest = ", the newest" if len(runs) == run_table.MOST else ""
    st.caption(f"{len(shown):,} of {len(runs):,} runs{newest}. A heading sorts; the link of this page shows the same.")
elif not run_bin.all_deleted(store):
    empty()
listed, ids = {run.id: run for run in runs}, run_table.ticked()
known = {run_id: run for run_id in ids if (run := listed.get(run_id) or jobs.get(run_id))}
ticked = list(known.values())
run_bin.missing(store, [run_id for run_id in ids if run_id not in known])
with st.container(key="run_details"):
    if len(ticked) == 1:
        one(ticked[0])
    elif ticked:
        several(ticked)
if runs and not ticked:
    page.say("Tick a row to see what came of it; tick two or more to lay their curves over one another.")
with st.expander("Import a run from a file", icon=":material/upload:"):
    run_export.upload(store, arrived)
run_bin.deleted(store)
