"""What is transferred: a comparison on the convolutional pair, with one seed, and its panel.

The panel has three kinds of knowledge side by side, drawn in the browser, and below them what came of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

import pandas as pd
import streamlit as st

from kdviz.charts import inside as charts
from kdviz.charts.inside import NAMES
from kdviz.recipes.base import RecipeError, shortened
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS
from kdviz.recipes.comparison import INSIDE_IMAGES, Comparison
from kdviz.recipes.methods import METHODS
from kdviz.recipes.openings import CONVOLUTIONAL, TRANSFERRED, what_is_transferred
from kdviz.recipes.single import Recipe
from kdviz.records.base import Watched
from kdviz.records.comparison import ComparisonResult, Inside, Moment
from kdviz.records.kinds import Event
from kdviz.reports.phrases import counted
from kdviz.store.run import Run
from kdviz.widgets import controls, link, page
from kdviz.widgets.components import component
from kdviz.widgets.lesson import sentence
from kdviz.widgets.live_panel import LivePanel, Snapshot, first_event, last_event, replayed_on
from kdviz.widgets.run_status import Position, StartRow, replays_of

TAUGHT = tuple(NAMES)
_SETTABLE = ("data", "epochs", "temperature", "alpha", "hint_layer")
# Pairs that stand for what networks there are: the title of a column, (teacher, student).
PAIRS = {
    "CNN to CNN": ("cnn-32-64", "cnn-8-16"),
    "MLP to MLP": ("784-512-256-10", "784-128-10"),
    "CNN to MLP": ("cnn-32-64", "784-128-10"),
}
_KEY = "inside"
_KINDS: tuple[charts.Kind, ...] = get_args(charts.Kind)
_ENDLESS = 10**9
_NUMBERS = {"image": (1, 8), "update": (0, _ENDLESS)}  # what of the picture a link can name: smallest, largest

_inside = component("inside")
say = partial(sentence, "what_is_transferred")


@dataclass(frozen=True)
class Views:
    """What the panel draws: the three kinds of knowledge, None until the teacher is ready, and who learns how fast."""

    picture: dict[str, Any] | None
    learning: list[dict[str, Any]]
    steps: int


def explain() -> None:
    """The three kinds as diagrams with their formulas: what there is to see before anything was measured."""
    _mount({"run": "", "date": "", "replays": 0}, None)


def _read(recipe: Comparison, _run: Run, events: Sequence[Event]) -> Snapshot[Views]:
    last, watched = last_event(events, Moment), first_event(events, Watched)
    looks = [event for event in events if isinstance(event, Inside)]
    moments = [event for event in events if isinstance(event, Moment)]
    picture = None if watched is None else charts.picture(recipe, watched, looks, moments)
    rows, steps = charts.learning(recipe, moments), max((moment.steps for moment in moments), default=1)
    return Snapshot(None if last is None else _position(last), "", Views(picture, rows, steps))


def _draw(recipe: Comparison, run: Run, snapshot: Snapshot[Views]) -> None:
    views = snapshot.data
    of_run = {"run": f"{run.id}-{run.attempt}", "date": replayed_on(run), "replays": replays_of(run.id)}
    _mount(of_run, views.picture)
    _facts(recipe, 0 if views.picture is None else len(views.picture["indices"]))
    alt = "Accuracy of the teacher and of each student on the validation images, over their updates"
    spec = charts.learning_spec(recipe, views.steps, page.colours())
    st.vega_lite_chart(pd.DataFrame(views.learning, columns=charts.LEARNING), spec, key="chart_learning", alt=alt)
    if isinstance(run.result, ComparisonResult):
        _table(run.result)


PANEL = LivePanel(Comparison, _read, _draw)


def _position(last: Moment) -> Position:
    who = "The teacher" if last.method == "teacher" else "The students, in turns"
    text = f"{who}: epoch {last.epoch} of {last.epochs} · update {last.step:,} of {last.steps:,}"
    return Position(text, last.seconds, last.seconds_left)


def _mount(of_run: dict[str, Any], picture: dict[str, Any] | None) -> None:
    empty = {kind: say(f"empty-{kind}") for kind in _KINDS}
    _inside(key=_KEY, data={**of_run, "picture": picture, "empty": empty, "wanted": _wanted()}, on_look_change=_keep)


def check_link() -> None:
    """Say what is off with the view that a link asks for; the picture then shows its usual one."""
    for kind in _KINDS:
        link.choice(kind, [name for name in NAMES if charts.KINDS[METHODS[name].family] == kind])
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
        if look.get(kind) in NAMES:
            link.write(kind, look[kind])
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
    middle = "hints" in recipe.methods and recipe.hint_layer == "middle"
    st.caption(f"{text} {say('hint-middle')}" if middle else text)


def _table(result: ComparisonResult) -> None:
    st.header("What came of it? The test images, looked at once", anchor=False)
    st.markdown(charts.table(result))
    images, data, seeds = result.trials[0].test_images, DATA_SETS[result.recipe.data].title, result.recipe.seeds
    over = f"means over {len(seeds)} seeds" if len(seeds) > 1 else f"seed {seeds[0]}"
    st.caption(say("table", images=f"{images:,}", data=data, over=over))
    if len(seeds) == 1:
        page.say(say("one-seed"))


def link_problem() -> str:
    """What the URL asks for that cannot be, in one sentence; nothing if all is well."""
    query = st.query_params
    values: dict[str, Any] = {name: query[name] for name in _SETTABLE if name in query}
    try:
        Recipe.parse({name: query[name] for name in ("seed",) if name in query})
        for given in query.get_all("taught"):  # a link has the words that are on the page
            if given not in NAMES.values():
                raise RecipeError(f"taught is {shortened(given)}; it takes one of {', '.join(NAMES.values())}.")
        what_is_transferred(values.get("data", Comparison().data), values)
    except RecipeError as error:
        return f"This link asks for something that cannot be: {error} Shown is the default instead."
    return ""


def adopt(recipe: Comparison) -> None:
    """Let the controls show the recipe of the run that a link names, where the link does not set them itself."""
    if not controls.adopt(recipe, what_is_transferred(recipe.data)):
        return
    if "taught" not in st.query_params:
        st.session_state["taught"] = [name for name in recipe.methods if name in TAUGHT]
    if "seed" not in st.query_params:
        link.write("seed", str(recipe.seeds[0] or ""))


def transfer_form(home: str) -> tuple[Comparison | None, StartRow]:
    """The controls, and the row of the button that starts.

    The recipe is None, with the reason on the page, while the values do not go together. `home` is the data set of
    this server when the visitor names none.
    """
    defaults = what_is_transferred(controls.chosen_data(home))
    with st.container(horizontal=True, vertical_alignment="bottom", key="recipe"):
        taught = st.pills(
            "Taught, besides the labels",
            TAUGHT,
            default=list(TRANSFERRED),
            selection_mode="multi",
            format_func=NAMES.__getitem__,
            key="taught",
            wrap=True,
            bind="query-params",
            help="Each is taught to a student of its own; one more learns from the labels alone.",
            width="content",
        )
        values: dict[str, Any] = {
            **CONVOLUTIONAL,
            "methods": taught,
            "epochs": controls.control("epochs", defaults, width=80),
            "seeds": (controls.control("seed", Recipe(), width=80),),
        }
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        start = st.container(width="content")
        with st.popover("More settings", icon=":material/tune:", help="Data, temperature, α, hint"):
            values |= {
                "data": controls.data_set(Comparison, home),
                "temperature": controls.control("temperature", defaults),
                "alpha": controls.control("alpha", defaults),
                "hint_layer": controls.control("hint_layer", defaults),
            }
        row = StartRow(start, st.container(width="stretch"))
    if taught:
        return controls.recipe_of(Comparison, values), row
    st.error("Choose at least one thing to teach.", icon=":material/error:")
    return None, row


def kinds_of_networks() -> dict[str, list[str]]:
    """For each method that can be taught here, by its name, why it does not fit each of `PAIRS`; "" where it does."""
    return {NAMES[name]: [METHODS[name].fits(*pair) for pair in PAIRS.values()] for name in TAUGHT}
