"""One run of the list: what it was asked for, what came of it, and what people have written to it."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from kdviz.errors import PlainError
from kdviz.store.annotations import tidy_note, tidy_tags
from kdviz.store.run import Run
from kdviz.store.runs import RunStore
from kdviz.widgets import page
from kdviz.widgets.lesson import sentence
from kdviz.widgets.literal import literal
from kdviz.widgets.runs import words as run_words

_FIRST = ("study", "name", "data")
_FIRST_OF_A_SWEEP = (*_FIRST, "temperature", "alpha", "seed", "search", "select", "folds")  # what it is about
_REFUSED, _SAVED = "annotation_problem", "annotation_saved"
_BEFORE = "annotation_before"  # tags and note from which the visitor set out, by the run's id


def show(store: RunStore, run: Run) -> None:
    """Result, recipe, tags and note of a run. What people have written is shown letter by letter, never as markup."""
    left, right = st.columns([5, 4], gap="large")
    with left:
        st.subheader("What came of it", anchor=False)
        _result(run)
        _notes(store, run)
    with right:
        st.subheader("Recipe", anchor=False)
        _recipe(run)


def _recipe(run: Run) -> None:
    usual = run_words.settings(run.recipe.usual)
    own = run_words.settings(run.recipe)
    changed = {name for name in own if own[name] != usual.get(name)}
    first = _FIRST_OF_A_SWEEP if "search" in own else _FIRST
    # What is not as usual comes next: it is what tells this run from others.
    order = [name for name in first if name in own]
    order += sorted(own.keys() - set(first), key=lambda name: (name not in changed, list(own).index(name)))
    columns = {"Setting": [run_words.label(name) for name in order], "Here": [own[name] for name in order]}
    if changed:
        columns["By default"] = [usual.get(name, "–") if name in changed else "" for name in order]
    st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        key="recipe_of_run",
        alt="Settings of the run, with the default where it is another",
        height=352,
        column_config={
            "Setting": st.column_config.TextColumn(width=155),
            "Here": st.column_config.TextColumn(width=120 if changed else 220),
            "By default": st.column_config.TextColumn(width=100),
        },
    )


def _result(run: Run) -> None:
    if run.message:
        st.text(run.message)
    if run.result is None:
        took = run_words.seconds(run)
        after = "" if took is None else f" after {took:.1f} s"
        page.say(f"Nothing yet: the run is {run.status}{after}. Its own page shows how far it got.")
        return
    card, result = run_words.card_of(run.recipe), run.result
    card.table(result)
    machine = f"{result.seconds:.1f} s on {result.device}, {result.threads} threads, PyTorch {result.torch}."
    st.caption(f"{card.footing(result)} {literal(machine)}")
    page.say(card.verdict(result))


def _notes(store: RunStore, run: Run) -> None:
    st.subheader("Tags and note", anchor=False)
    if f"note_{run.id}" not in st.session_state:  # what the fields begin with
        st.session_state[_BEFORE] = {run.id: (run.tags, run.note)}
    with st.form(f"annotate_{run.id}", border=False):
        st.text_input("Tags, with commas between them", ", ".join(run.tags), key=f"tags_{run.id}", max_chars=500)
        st.text_area("Note", run.note, key=f"note_{run.id}", height=110, help="Plain text: nothing in it is formatted.")
        st.form_submit_button("Save", icon=":material/save:", on_click=_save, args=(store, run.id))
    if problem := st.session_state.pop(_REFUSED, ""):
        page.refuse("Nothing was saved.", problem)
    elif st.session_state.pop(_SAVED, None) == run.id:
        st.success("Saved.", icon=":material/check:")


def _save(store: RunStore, run_id: str) -> None:
    """Write what this visitor has changed, and nothing else: somebody may have written the other meanwhile."""
    run = store.get(run_id)
    tags, note = st.session_state[f"tags_{run_id}"].split(","), st.session_state[f"note_{run_id}"]
    try:
        if run is None:
            raise PlainError(f"Run {run_id} is not in the store any more.")
        of_tags, of_note = st.session_state.get(_BEFORE, {}).get(run_id, (run.tags, run.note))
        tags, note = tidy_tags(tags), tidy_note(note)
        if note not in (of_note, run.note) and run.note != of_note:
            st.session_state[_BEFORE] = {run_id: (of_tags, run.note)}  # a second time, it is meant
            raise PlainError(sentence("runs", "other-note", note=run.note or "–"))
        store.annotate(run_id, changed_tags(run.tags, of_tags, tags), None if note == of_note else note)
    except PlainError as error:
        st.session_state[_REFUSED] = str(error)
        return
    kept = store.get(run_id)
    if kept is not None:  # as it was tidied, with what others have written
        st.session_state[_BEFORE] = {run_id: (kept.tags, kept.note)}
        st.session_state[f"tags_{run_id}"], st.session_state[f"note_{run_id}"] = ", ".join(kept.tags), kept.note
    st.session_state[_SAVED] = run_id


def changed_tags(now: Sequence[str], before: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...] | None:
    """The run's tags of `now` with what a visitor has added and taken away `before`; None where that is nothing."""
    if tuple(wanted) == tuple(before):
        return None
    if tuple(now) == tuple(before):
        return tuple(wanted)
    gone = set(before) - set(wanted)
    return (*(tag for tag in now if tag not in gone), *(tag for tag in wanted if tag not in before))
