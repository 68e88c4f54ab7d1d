"""Single controls of a recipe, each bound to the URL. Names, limits and defaults come from the recipe's own class."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from kdviz.recipes.base import Conditions, RecipeError, Request, limits
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.records.kinds import AnyRecipe

_ADOPTED = "adopted"

LABELS = {
    "data": "Data",
    "teacher": "Teacher",
    "student": "Student",
    "temperature": "Temperature T",
    "alpha": "α, the soft term’s part",
    "online_temperature": "T, teacher still learning",
    "online_alpha": "α, teacher still learning",
    "epochs": "Epochs",
    "seed": "Seed",
    "pretrained": "Trained teacher",
    "teacher_epochs": "Teacher’s epochs",
    "teacher_labels": "Teacher’s labels",
    "teacher_augmentation": "Teacher’s augmentation",
    "labels": "Students’ labels",
    "augmentation": "Students’ augmentation",
    "loss": "Soft term",
    "batch_size": "Batch size",
    "optimizer": "Optimizer",
    "learning_rate": "Learning rate",
    "schedule": "Schedule",
    "search": "Search",
    "draws": "Cells drawn",
    "select": "Choose on",
    "folds": "Folds",
}
HELP = {
    "temperature": "Divides the logits before the softmax; both the teacher’s and the student’s.",
    "alpha": "0 listens to the labels alone, 1 to the teacher alone.",
    "online_temperature": "T where whoever teaches is still learning: peers, the last output, an earlier self. "
    "Zhang et al. 2018 have T = 1; compare it with a high T, with several seeds.",
    "online_alpha": "The soft term’s part where whoever teaches is still learning.",
    "pretrained": "Takes the teacher that comes with the program instead of training one now.",
    "labels": "How many training images have a label the students may use; empty means all. "
    "The distilled student still sees every image through the teacher’s eyes; an image without a label adds nothing "
    "to the hard term, so with few labels nearly all of the pull is the teacher’s.",
    "teacher_labels": "How many labelled images the teacher learns from; empty means all.",
    "loss": "kl: α·T²·KL. soft-ce: the same gradient, but never zero. mse: squared distance of the logits.",
    "search": "grid: every T with every α. random: cells drawn between the lowest and the highest values, T by its "
    "logarithm. halving: all cells for a few epochs, then again and again the better third for three times as many.",
    "draws": "How many cells a random search draws.",
    "select": "validation: one split that nobody learns from. folds: each part of the training and validation images "
    "is held out once, so every cell is trained as often as there are folds.",
    "folds": "Parts of the training and validation images, each held out once.",
}


def link_problem(kind: type[Conditions]) -> str:
    """What the URL asks for that cannot be, in one sentence; nothing if all is well."""
    fields = {name: value for name, value in st.query_params.items() if name in kind.model_fields}
    try:
        kind.suited(fields.get("data", kind().data), fields)
    except RecipeError as error:
        empty = next((name for name, value in fields.items() if not value.strip()), None)
        why = error if empty is None else f"it has {empty} without a value."
        unfit = str(why).startswith("methods has")  # a way of teaching, but not for these networks
        shown = "What does not fit is left out." if unfit else "Shown is the default instead."
        return f"This link asks for something that cannot be: {why} {shown}"
    return ""


def adopt(recipe: AnyRecipe) -> bool:
    """Let the controls show the recipe of the run that a link names, where the link does not set them itself.

    Whether it was done just now: once for each run on each page, so that the visitor can change them afterwards.
    """
    here = f"{urlsplit(st.context.url or '').path} {recipe.id}"
    if st.session_state.get(_ADOPTED) == here:
        return False
    st.session_state[_ADOPTED] = here
    show(recipe, {name for name in type(recipe).model_fields if name not in st.query_params})
    return True


def show(recipe: Request, names: set[str] | None = None) -> None:
    """Set the controls, all of them or those that are named. For callbacks: the URL follows."""
    for name, value in recipe.model_dump().items():
        if name in LABELS and (names is None or name in names):
            st.session_state[name] = value


def chosen_data(home: str) -> str:
    """The data set that the visitor has chosen, or the server's own."""
    data = str(st.session_state.get("data") or st.query_params.get("data"))
    return data if data in DATA_SETS else home


def data_set(kind: type[Conditions], home: str) -> str:
    """The choice of the data set; another one brings the numbers of epochs that suit it."""
    if home != kind().data and "data" not in st.session_state and "data" not in st.query_params:
        st.session_state["data"] = home
    # Its default is the same on every server, so that a link means the same on every server.
    return str(choice("data", list(DATA_SETS), kind(), on_change=_follow_data, args=(kind,)))


def _follow_data(kind: type[Conditions]) -> None:
    defaults = kind.suited(st.session_state["data"])
    for name in ("epochs", "teacher_epochs"):
        follows = getattr(kind(), name) is None  # another number of its own, whatever the data
        st.session_state[name] = None if follows else getattr(defaults, name)


def number(name: str, defaults: Conditions, **options: Any) -> Any:
    """A number that always has a value, whole where its default is."""
    low, high = limits(type(defaults), name)
    default = getattr(defaults, name)
    kind = type(default)
    if name in st.session_state and st.session_state[name] is None:
        del st.session_state[name]  # another page's, where it may be left out
    return st.number_input(
        LABELS[name],
        min_value=None if low is None else kind(low),
        max_value=None if high is None else kind(high),
        value=default,
        key=name,
        bind="query-params",
        help=_help(name, type(defaults)),
        **options,
    )


def _help(name: str, kind: type[Conditions]) -> str:
    """What a number means and which are allowed: what a browser refuses never gets here, so it must be said before."""
    low, high = limits(kind, name)
    above = any(hasattr(constraint, "gt") for constraint in kind.model_fields[name].metadata)
    if high is None:
        allowed = f"At least {low:,.10g}"
    else:
        allowed = f"Above {low:,.10g}, up to {high:,.10g}" if above else f"{low:,.10g}–{high:,.10g}"
    refused = "another number turns the field red, and the last good one stays in use."
    return f"{HELP.get(name, '')} {allowed}; {refused}".strip()


def optional(name: str, kind: type[Conditions], *, placeholder: str = "all", **options: Any) -> int | None:
    """A whole number that may be left out; `placeholder` says what that means."""
    low, high = limits(kind, name)
    given = st.number_input(
        LABELS[name],
        min_value=None if low is None else int(low),
        max_value=None if high is None else int(high),
        value=None,
        placeholder=placeholder,
        key=name,
        bind="query-params",
        help=_help(name, kind),
        **options,
    )
    return None if given is None else int(given)


def slider(name: str, defaults: Conditions, **options: Any) -> Any:
    """A number between two limits."""
    low, high = limits(type(defaults), name)
    return st.slider(
        LABELS[name],
        float(low or 0),
        float(high or 1),
        getattr(defaults, name),
        0.05,
        key=name,
        bind="query-params",
        help=HELP.get(name),
        **options,
    )


def choice(name: str, choices: list[str], defaults: Conditions, **options: Any) -> Any:
    """One of several words."""
    return st.selectbox(
        LABELS[name],
        choices,
        index=choices.index(getattr(defaults, name)),
        key=name,
        bind="query-params",
        help=HELP.get(name),
        **options,
    )
