"""The controls of a recipe, each bound to the URL. Names, limits and defaults come from `Recipe` itself."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kdviz.catalogue import ARCHITECTURES, DATA_SETS, SHIPPED_TEACHERS
from kdviz.recipe import Augmentation, Loss, Optimizer, Recipe, RecipeError, Schedule, limits

_ADOPTED = "adopted"

LABELS = {
    "data": "Data",
    "teacher": "Teacher",
    "student": "Student",
    "temperature": "Temperature T",
    "alpha": "α, the soft term’s part",
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
}
HELP = {
    "temperature": "Divides the logits before the softmax; both the teacher’s and the student’s.",
    "alpha": "0 listens to the labels alone, 1 to the teacher alone.",
    "pretrained": "Takes the teacher that comes with the program instead of training one now.",
    "labels": "How many training images have a label the students may use; empty means all. "
    "The distilled student still sees every image through the teacher’s eyes; an image without a label adds nothing "
    "to the hard term, so with few labels nearly all of the pull is the teacher’s.",
    "teacher_labels": "How many labelled images the teacher learns from; empty means all.",
    "loss": "kl: α·T²·KL. soft-ce: the same gradient, but never zero. mse: squared distance of the logits.",
}


def link_problem() -> str:
    """What the URL asks for that cannot be, in one sentence; nothing if all is well."""
    fields = {name: value for name, value in st.query_params.items() if name in Recipe.model_fields}
    try:
        Recipe.suited(fields.get("data", Recipe().data), fields)
    except RecipeError as error:
        return f"This link asks for something that cannot be: {error} Shown is the default instead."
    return ""


def adopt(recipe: Recipe) -> None:
    """Let the controls show the recipe of the run that a link names, where the link does not set them itself."""
    if st.session_state.get(_ADOPTED) != recipe.id:
        st.session_state[_ADOPTED] = recipe.id
        for name, value in recipe.model_dump().items():
            if name not in st.query_params:
                st.session_state[name] = value


def show(recipe: Recipe) -> None:
    """Set every control. For callbacks: the URL follows."""
    for name, value in recipe.model_dump().items():
        st.session_state[name] = value


def recipe_form(home: str) -> tuple[Recipe | None, DeltaGenerator]:
    """All controls of a recipe, and the place for the button that starts it.

    The recipe is None, with the reason on the page, while the values do not go together. `home` is the data set of
    this server when the visitor names none.
    """
    defaults = Recipe.suited(chosen_data(home))
    with st.container(horizontal=True, vertical_alignment="bottom", key="recipe"):
        values: dict[str, Any] = {
            "temperature": _number("temperature", defaults, width=130, step=0.5, format="%g"),
            "alpha": _slider("alpha", defaults, width=175),
            "epochs": _number("epochs", defaults, width=80),
            "seed": _number("seed", defaults, width=80),
            "student": _choice("student", list(ARCHITECTURES), defaults, width=150),
            "teacher": _choice("teacher", list(ARCHITECTURES), defaults, width=160),
        }
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        start = st.container(width="content")
        with st.popover("More settings", icon=":material/tune:", help="Data, labels, augmentation, optimizer"):
            values |= _more(defaults, home)
    try:
        return Recipe.parse(values), start
    except RecipeError as error:
        st.error(str(error), icon=":material/error:")
        return None, start


def chosen_data(home: str) -> str:
    """The data set that the visitor has chosen, or the server's own."""
    data = str(st.session_state.get("data") or st.query_params.get("data"))
    return data if data in DATA_SETS else home


def _more(defaults: Recipe, home: str) -> dict[str, Any]:
    """The settings that most visitors leave alone."""
    left, middle, right = st.columns(3, gap="medium")
    values: dict[str, Any] = {}
    with left:
        if home != Recipe().data and "data" not in st.session_state and "data" not in st.query_params:
            st.session_state["data"] = home
        # Its default is the same on every server, so that a link means the same on every server.
        values["data"] = _choice("data", list(DATA_SETS), Recipe(), on_change=_follow_data)
        values["labels"] = _optional("labels")
        values["augmentation"] = _choice("augmentation", list(get_args(Augmentation)), defaults)
        values["batch_size"] = _number("batch_size", defaults)
    with middle:
        ships = values["data"] in SHIPPED_TEACHERS
        values["pretrained"] = st.toggle(
            LABELS["pretrained"], key="pretrained", bind="query-params", help=HELP["pretrained"], disabled=not ships
        )
        given = bool(values["pretrained"])
        values["teacher_epochs"] = _number("teacher_epochs", defaults, disabled=given)
        values["teacher_labels"] = _optional("teacher_labels", disabled=given)
        values["teacher_augmentation"] = _choice(
            "teacher_augmentation", list(get_args(Augmentation)), defaults, disabled=given
        )
    with right:
        values["loss"] = _choice("loss", list(get_args(Loss)), defaults)
        values["optimizer"] = _choice("optimizer", list(get_args(Optimizer)), defaults)
        values["learning_rate"] = _number("learning_rate", defaults, step=0.0005, format="%g")
        values["schedule"] = _choice("schedule", list(get_args(Schedule)), defaults)
    return values


def _follow_data() -> None:
    """Another data set brings the number of epochs that suits it."""
    defaults = Recipe.suited(st.session_state["data"])
    for name in ("epochs", "teacher_epochs"):
        st.session_state[name] = getattr(defaults, name)


def _number(name: str, defaults: Recipe, **options: Any) -> Any:
    low, high = limits(name)
    default = getattr(defaults, name)
    kind = type(default)
    return st.number_input(
        LABELS[name],
        min_value=None if low is None else kind(low),
        max_value=None if high is None else kind(high),
        value=default,
        key=name,
        bind="query-params",
        help=HELP.get(name),
        **options,
    )


def _optional(name: str, *, disabled: bool = False) -> int | None:
    low, _ = limits(name)
    return st.number_input(
        LABELS[name],
        min_value=None if low is None else int(low),
        value=None,
        step=10,
        placeholder="all",
        key=name,
        bind="query-params",
        help=HELP.get(name),
        disabled=disabled,
    )


def _slider(name: str, defaults: Recipe, **options: Any) -> Any:
    low, high = limits(name)
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


def _choice(name: str, choices: list[str], defaults: Recipe, **options: Any) -> Any:
    return st.selectbox(
        LABELS[name],
        choices,
        index=choices.index(getattr(defaults, name)),
        key=name,
        bind="query-params",
        help=HELP.get(name),
        **options,
    )
