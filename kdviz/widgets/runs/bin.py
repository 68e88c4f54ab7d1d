"""Deleting runs, and the ways back: a bar with Undo until the next deletion, and a list of what was deleted today."""

from collections.abc import Sequence

import streamlit as st

from kdviz.errors import PlainError
from kdviz.jobs.queue import Jobs
from kdviz.reports.phrases import count
from kdviz.store.rights import Visitor
from kdviz.store.run import Run
from kdviz.store.runs import RunStore
from kdviz.widgets import page, visitor
from kdviz.widgets.lesson import sentence
from kdviz.widgets.runs import table as run_table

_DELETED, _REFUSED = "runs_just_deleted", "deletion_problem"


def number_of_runs(number: int) -> str:
    """The number and its noun: "Two runs"."""
    return count(number, "run").capitalize()


def button(store: RunStore, jobs: Jobs, runs: Sequence[Run]) -> None:
    """Deletes what is ticked; where one of them is live, none can be."""
    alive = any(run.live for run in runs)
    st.button(
        "Delete" if len(runs) == 1 else f"Delete {len(runs)} runs",
        icon=":material/delete:",
        on_click=_delete,
        args=(store, jobs, [run.id for run in runs], visitor.who()),
        disabled=alive,
        key="delete",
        help="A live run cannot be deleted: cancel it first, on its own page." if alive else "This can be undone.",
    )


def undo(store: RunStore) -> None:
    """What was deleted last, with the way back; why it was not."""
    if deleted := st.session_state.get(_DELETED, []):
        with st.container(horizontal=True, vertical_alignment="center", border=True, key="undo"):
            st.markdown(f"{number_of_runs(len(deleted))} deleted.", width="content")
            st.button("Undo", icon=":material/undo:", on_click=_restore, args=(store, deleted))
            st.caption("For a day also under “Deleted runs”, at the end of this page.", width="content")
    if problem := st.session_state.pop(_REFUSED, None):
        page.refuse(*problem)


def missing(store: RunStore, run_ids: Sequence[str]) -> None:
    """Ids of a link that no run of the list has."""
    away = {run.id for run in store.discarded()} if run_ids else set()
    for run_id in run_ids:
        if run_id not in away:
            page.say(sentence("runs", "no-such-run", run=run_id))
        elif run_id not in st.session_state.get(_DELETED, []):
            with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"deleted_{run_id}"):
                st.text(f"Run {run_id} was deleted.", width="content")
                st.button("Restore it", icon=":material/undo:", on_click=_restore, args=(store, [run_id]))


def all_deleted(store: RunStore) -> bool:
    """Where nothing but deleted runs is left, say so, with the way back."""
    if away := store.discarded():
        page.say("All runs are deleted. For a day they can be brought back, here or one by one below.")
        label = "Restore it" if len(away) == 1 else f"Restore all {len(away)} runs"
        ids = [run.id for run in away]
        st.button(label, icon=":material/undo:", on_click=_restore, args=(store, ids), key="restore_all")
    return bool(away)


def deleted(store: RunStore) -> None:
    """The list of what can still be brought back."""
    away = store.discarded()
    if not away:
        return
    with st.expander(f"Deleted runs ({len(away)})", icon=":material/delete:"):
        st.caption("They are kept for a day. Tick what shall come back.")
        chosen = st.dataframe(
            run_table.frame(away)[["run", "kind", "status", "data", "created", "note"]],
            key=f"deleted_{hash(tuple(run.id for run in away))}",  # another list, nothing ticked
            on_select="rerun",
            selection_mode="multi-row",
            column_config=run_table.columns(),
            hide_index=True,
            alt="Deleted runs, one a row",
        )
        ids = [away[row].id for row in chosen["selection"]["rows"] if row < len(away)]
        with st.container(horizontal=True, key="bin"):
            st.button("Restore", icon=":material/undo:", on_click=_restore, args=(store, ids), disabled=not ids)
            who = visitor.who()
            if who.presenter:
                what = f"{number_of_runs(len(away))} with all that belongs to them are gone for good."
                st.button(
                    "Empty the bin", icon=":material/delete_forever:", on_click=_empty, args=(store, who), help=what
                )


def _delete(store: RunStore, jobs: Jobs, run_ids: Sequence[str], who: Visitor) -> None:
    """Put runs away, all of them or none."""
    try:
        for run in filter(None, map(jobs.get, run_ids)):
            if run.live:
                raise PlainError(f"Run {run.id} is {run.status}: cancel it first, on its own page.")
        store.discard(run_ids, who)
    except PlainError as error:
        st.session_state[_REFUSED] = "Nothing was deleted.", str(error)
        return
    st.session_state[_DELETED] = list(run_ids)
    run_table.tick([run_id for run_id in run_table.ticked() if run_id not in run_ids])


def _empty(store: RunStore, who: Visitor) -> None:
    """Delete for good what was discarded."""
    try:
        store.empty_bin(who)
    except PlainError as error:
        st.session_state[_REFUSED] = "The bin was not emptied.", str(error)
        return
    st.session_state.pop(_DELETED, None)


def _restore(store: RunStore, run_ids: Sequence[str]) -> None:
    """Bring runs back, ticked."""
    try:
        store.restore(run_ids)
    except PlainError as error:
        st.session_state[_REFUSED] = "Nothing was restored.", str(error)
        return
    st.session_state.pop(_DELETED, None)
    run_table.tick(run_ids)
