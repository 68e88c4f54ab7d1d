"""A cell of a sweep that was clicked on: what its students are made with, and how to train one of them alone."""

import shlex
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from kdviz.recipes.base import Conditions
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Cell, Sweep
from kdviz.widgets import page
from kdviz.widgets.controls import label
from kdviz.widgets.sweep import words

_TRAIN = "watch_it_train"  # as the router calls the page
_HEADS = {"temperature": "T", "alpha": "α"}


def show(sweep: Sweep, cell: Cell) -> None:
    """The recipe of a cell, links that train one of its students live, and the commands that repeat it."""
    recipes = [sweep.recipe_of(cell, seed) for seed in sweep.seeds]
    st.markdown(f"**The recipe of {words.name(cell, sweep)}**")
    st.markdown(_table(recipes[0]))
    with st.container(horizontal=True, vertical_alignment="center", key="train_this"):
        st.markdown(words.say("train-this"), width="content")
        for recipe in recipes:
            # A visit of its own: this one's controls hold the sweep's settings.
            st.link_button(f"seed {recipe.seed}", link(recipe), type="tertiary", icon=":material/play_arrow:")
    st.code(f"{command(recipes[0])}\n{command(sweep)}", language="bash", wrap_lines=True)
    st.caption(words.say("commands"))


def _table(recipe: Recipe) -> str:
    """What differs from the defaults; T and alpha in any case, as they are what the map is about."""
    shown = {"temperature": recipe.temperature, "alpha": recipe.alpha, **changes(recipe)}
    shown.pop("seed", None)
    headings = [_HEADS.get(name) or label(name) for name in shown]
    return page.table(headings, [list(map(as_text, shown.values()))], left=range(len(headings)))


def changes(recipe: Conditions) -> dict[str, Any]:
    """What differs from the defaults that suit the data set, and the data set where it is not the usual one.

    With these alone, page and command line make the same recipe.
    """
    suited = {**dict(recipe.usual), "data": type(recipe)().data}
    changed = {name for name, value in recipe if value != suited[name]}
    return recipe.model_dump(mode="json", include=changed)


def link(recipe: Recipe) -> str:
    """The address of a recipe, from any page."""
    return f"{_TRAIN}?{urlencode(query(recipe))}"


def query(recipe: Recipe) -> dict[str, str]:
    """The link to a recipe: what differs, and the data set in any case, as a server's own need not be the usual one.

    A link with nothing but that would take the trained teacher, which is not the sweep's.
    """
    named = {name: as_text(value) for name, value in {"data": recipe.data, **changes(recipe)}.items()}
    return named if len(named) > 1 else {**named, "pretrained": "false"}


def command(recipe: Recipe | Sweep) -> str:
    """The command line that makes this recipe."""
    given = changes(recipe)
    given.pop("study", None)  # a sweep's kind, which the command says
    if "folds" in given:
        given.pop("select", None)  # folds alone say it
    options = " ".join(f"--{name.replace('_', '-')} {shlex.quote(as_text(value))}" for name, value in given.items())
    return f"python -m kdviz {recipe.command} {options}".rstrip()


def as_text(value: Any) -> str:
    """A setting as the URL and the command line write it."""
    if isinstance(value, list | tuple):
        return ",".join(map(as_text, value))
    return f"{value:.10g}" if isinstance(value, float) else str(value)
