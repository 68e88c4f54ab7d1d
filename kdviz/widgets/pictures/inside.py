"""The panel of what is transferred: three kinds of knowledge side by side, drawn in the browser; what came of it."""

from collections.abc import Sequence
from functools import partial
from typing import Any, get_args

import streamlit as st

from kdviz.charts import inside
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS
from kdviz.recipes.comparison import INSIDE_IMAGES, Comparison
from kdviz.recipes.methods import METHODS
from kdviz.records.base import Watched
from kdviz.records.comparison import ComparisonResult, Inside, Moment
from kdviz.records.kinds import Event
from kdviz.reports.phrases import counted
from kdviz.store.run import Run
from kdviz.widgets import link, page
from kdviz.widgets.components import component
from kdviz.widgets.lesson import sentence
from kdviz.widgets.live_panel import LivePanel, Snapshot, first_event, last_event
from kdviz.widgets.run_status import Position

_KEY = "inside"
_KINDS: tuple[inside.Kind, ...] = get_args(inside.Kind)
_ENDLESS = 10**9
_NUMBERS = {"image": (1, 8), "update": (0, _ENDLESS)}  # what of the picture a link can name: smallest, largest

_inside = component("inside")
say = partial(sentence, "what_is_transferred")

Views = dict[str, Any] | None  # None until the teacher is ready


def explain() -> None:
    """The three kinds as diagrams with their formulas: what there is to see before anything was measured."""
    _mount("", None)


def _read(recipe: Comparison, _run: Run, events: Sequence[Event]) -> Snapshot[Views]:
    last, watched = last_event(events, Moment), first_event(events, Watched)
    looks = [event for event in events if isinstance(event, Inside)]
    picture = None if watched is None else inside.picture(recipe, watched, looks)
    return Snapshot(None if last is None else _position(last), "", picture)


def _draw(recipe: Comparison, run: Run, snapshot: Snapshot[Views]) -> None:
    _mount(f"{run.id}-{run.attempt}", snapshot.data)
    _facts(recipe, 0 if snapshot.data is None else len(snapshot.data["indices"]))
    if isinstance(run.result, ComparisonResult):
        _table(run.result)


PANEL = LivePanel(Comparison, _read, _draw)


def _position(last: Moment) -> Position:
    who = "The teacher" if last.method == "teacher" else "The students, in turns"
    text = f"{who}: epoch {last.epoch} of {last.epochs} · update {last.step:,} of {last.steps:,}"
    return Position(text, last.seconds, last.seconds_left)


def _mount(run: str, picture: dict[str, Any] | None) -> None:
    empty = {kind: say(f"empty-{kind}") for kind in _KINDS}
    _inside(key=_KEY, data={"run": run, "picture": picture, "empty": empty, "wanted": _wanted()}, on_look_change=_keep)


def check_link() -> None:
    """Say what is off with the view that a link asks for; the picture then shows its usual one."""
    for kind in _KINDS:
        link.choice(kind, [name for name in inside.NAMES if inside.KINDS[METHODS[name].family] == kind])
    for name, (low, high) in _NUMBERS.items():
        allowed = f"from {low} to {high}" if high < _ENDLESS else f"from {low} on"
        link.read(name, partial(link.whole_in, least=low, most=high), None, f"a whole number {allowed}")


def _wanted() -> dict[str, Any]:
    """What the link wants to be shown; the browser passes over what this run has not."""
    query = st.query_params
    numbers = {name: link.whole_in(query.get(name, ""), *limits) for name, limits in _NUMBERS.items()}
    return {**{kind: query.get(kind) for kind in _KINDS}, **numbers}


def _keep() -> None:
    """Keep what the visitor looks at in the URL. What a browser sends is not to be trusted."""
    look = st.session_state[_KEY].get("look")
    if not isinstance(look, dict):
        return
    for kind in _KINDS:
        if look.get(kind) in inside.NAMES:
            st.query_params[kind] = look[kind]
    for name, default in (("image", 1), ("update", None)):
        value = look.get(name)
        known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _ENDLESS
        link.write(name, str(value) if known and value != default else "")


def _facts(recipe: Comparison, watched: int) -> None:
    """Where the numbers of the picture come from; `watched` images are shown, none until the teacher is ready."""
    facts = DATA_SETS[recipe.data]
    teacher, student = (
        f"{name} ({ARCHITECTURES[name].parameters:,} parameters)" for name in (recipe.teacher, recipe.student)
    )
    text = say(
        "conditions",
        data=facts.title,
        seed=f"seed {recipe.seeds[0]}" if len(recipe.seeds) == 1 else f"the first of its seeds, {recipe.seeds[0]}",
        shown=f" {say('shown', images=watched)}" if watched else "",
        images=min(INSIDE_IMAGES, facts.validation_images),
        teacher=teacher,
        student=student,
        epochs=counted(recipe.epochs, "epoch"),
        temperature=f"{recipe.temperature:g}",
        alpha=f"{recipe.alpha:g}",
    )
    st.caption(text)


def _table(result: ComparisonResult) -> None:
    st.subheader("What came of it? The test images, looked at once", anchor=False)
    st.markdown(inside.table(result))
    images, data, seeds = result.trials[0].test_images, DATA_SETS[result.recipe.data].title, result.recipe.seeds
    over = f"means over {len(seeds)} seeds" if len(seeds) > 1 else f"seed {seeds[0]}"
    st.caption(say("table", images=f"{images:,}", data=data, over=over))
    if len(seeds) == 1:
        page.say(say("one-seed"))
