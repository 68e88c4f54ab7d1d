"""The panel of what is transferred: three kinds of knowledge side by side, drawn in the browser; what came of it."""

from collections.abc import Sequence
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
from kdviz.widgets.live_panel import LivePanel, Snapshot
from kdviz.widgets.run_status import Position

EMPTY = {
    "response": "The student learns the teacher’s probabilities for all classes. What the teacher computes to get "
    "there stays its own.",
    "feature": "The student’s hidden layer learns to hold what the teacher’s holds. The answer follows from it, or "
    "does not.",
    "relation": "The student may arrange the images anywhere, as long as they lie to each other as they do for the "
    "teacher.",
}
_KEY = "inside"
_ENDLESS = 10**9
_NUMBERS = {"image": (1, 8), "update": (0, _ENDLESS)}  # what of the picture a link can name: smallest, largest

_inside = component("inside")


Views = dict[str, Any] | None  # None until the teacher is ready


def explain() -> None:
    """The three kinds as diagrams with their formulas: what there is to see before anything was measured."""
    _mount("", None)


def _read(recipe: Comparison, _run: Run, events: Sequence[Event]) -> Snapshot[Views]:
    last = next((event for event in reversed(events) if isinstance(event, Moment)), None)
    watched = next((event for event in events if isinstance(event, Watched)), None)
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
    data = {"run": run, "picture": picture, "empty": EMPTY, "wanted": _wanted()}
    _inside(key=_KEY, data=data, on_look_change=_keep)


def check_link() -> None:
    """Say what is off with the view that a link asks for; the picture then shows its usual one."""
    for kind in get_args(inside.Kind):
        link.check_choice(kind, [name for name in inside.NAMES if inside.KINDS[METHODS[name].family] == kind])
    for name, (low, high) in _NUMBERS.items():
        text = st.query_params.get(name)
        if text is not None and _number(name) is None:
            allowed = f"from {low} to {high}" if high < _ENDLESS else f"from {low} on"
            st.warning(f"{name} is {text}; it takes a whole number {allowed}. Shown is the default.")


def _number(name: str) -> int | None:
    text = st.query_params.get(name, "")
    low, high = _NUMBERS[name]
    return int(text) if text.isascii() and text.isdecimal() and low <= int(text[:10]) <= high else None


def _wanted() -> dict[str, Any]:
    """What the link wants to be shown; the browser passes over what this run has not."""
    wanted: dict[str, Any] = {kind: st.query_params.get(kind) for kind in get_args(inside.Kind)}
    return {**wanted, **{name: _number(name) for name in _NUMBERS}}


def _keep() -> None:
    """Keep what the visitor looks at in the URL. What a browser sends is not to be trusted."""
    look = st.session_state[_KEY].get("look")
    if not isinstance(look, dict):
        return
    for kind in get_args(inside.Kind):
        if look.get(kind) in inside.NAMES:
            st.query_params[kind] = look[kind]
    for name, default in (("image", 1), ("update", None)):
        value = look.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _ENDLESS and value != default:
            st.query_params[name] = str(value)
        else:
            st.query_params.pop(name, None)


def _facts(recipe: Comparison, watched: int) -> None:
    """Where the numbers of the picture come from; `watched` images are shown, none until the teacher is ready."""
    facts = DATA_SETS[recipe.data]
    seeds = "seed" if len(recipe.seeds) == 1 else "the first of its seeds,"
    seen = f"Shown are {watched} validation images, from which nobody learns. " if watched else ""
    compared = min(INSIDE_IMAGES, facts.validation_images)
    st.caption(
        f"{facts.title}, {seeds} {recipe.seeds[0]}. {seen}CKA and flow over {compared} validation images. "
        f"Teacher {_network(recipe.teacher)}, students {_network(recipe.student)}, "
        f"{counted(recipe.epochs, 'epoch')}, T = {recipe.temperature:g}, "
        f"α = {recipe.alpha:g}."
    )


def _network(name: str) -> str:
    return f"{name} ({ARCHITECTURES[name].parameters:,} parameters)"


def _table(result: ComparisonResult) -> None:
    st.subheader("What came of it? The test images, looked at once", anchor=False)
    st.markdown(inside.table(result))
    images = result.trials[0].test_images
    several = len(result.recipe.seeds) > 1
    st.caption(
        f"{images:,} test images of {DATA_SETS[result.recipe.data].title}"
        f"{f', means over {len(result.recipe.seeds)} seeds' if several else f', seed {result.recipe.seeds[0]}'}. "
        "NLL: mean negative log-likelihood in nats. Agreement: same answer as the teacher. KL: from the teacher’s "
        "distribution to the student’s at T = 1, in nats."
    )
    if several:
        return
    page.say(
        "One seed is no verdict: another seed can turn the order around. What the picture shows, that a student "
        "carries its teacher’s answers, features or distances, is one thing; that it errs less is another."
    )
