"""The controls of what is transferred: a comparison on the convolutional pair, with one seed."""

from types import MappingProxyType
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kdviz.charts.inside import NAMES
from kdviz.recipes.base import SUITED, RecipeError
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import METHODS, PLAIN
from kdviz.recipes.number_lists import LARGEST_SEED
from kdviz.widgets import controls

# The pair between which every way of teaching works; the control of offline would train a second large teacher.
FIXED = MappingProxyType({"teacher": "cnn-32-64", "student": "cnn-8-16", "control": False})
TAUGHT = tuple(NAMES)
USUAL = ("offline", "hints", "rkd")
_SETTABLE = ("data", "epochs", "temperature", "alpha")


def suited(data: str, values: dict[str, Any] | None = None) -> Comparison:
    """This page's defaults for a data set, with what `values` changes. Raises `RecipeError`."""
    epochs = {} if data in SUITED else {"epochs": 1}
    return Comparison.suited(data, {**FIXED, "methods": (PLAIN, *USUAL), **epochs, **(values or {})})


def link_problem() -> str:
    """What the URL asks for that cannot be, in one sentence; nothing if all is well."""
    query = st.query_params
    values: dict[str, Any] = {name: query[name] for name in _SETTABLE if name in query}
    if "seed" in query:
        values["seeds"] = query["seed"]
    try:
        for given in query.get_all("taught"):  # a link has the words that are on the page
            if given not in NAMES.values():
                raise RecipeError(f"taught is {given}; it takes one of {', '.join(NAMES.values())}.")
        suited(values.get("data", Comparison().data), values)
    except RecipeError as error:
        return f"This link asks for something that cannot be: {error} Shown is the default instead."
    return ""


def adopt(recipe: Comparison) -> None:
    """Let the controls show the recipe of the run that a link names, where the link does not set them itself."""
    if not controls.adopt(recipe):
        return
    if "taught" not in st.query_params:
        st.session_state["taught"] = [name for name in recipe.methods if name in TAUGHT]
    if "seed" not in st.query_params:
        st.session_state["seed"] = recipe.seeds[0]


def transfer_form(home: str) -> tuple[Comparison | None, DeltaGenerator]:
    """The controls, and the place for the button that starts.

    The recipe is None, with the reason on the page, while the values do not go together. `home` is the data set of
    this server when the visitor names none.
    """
    defaults = suited(controls.chosen_data(home))
    with st.container(horizontal=True, vertical_alignment="bottom", key="recipe"):
        taught = st.pills(
            "Taught, besides the labels",
            TAUGHT,
            default=list(USUAL),
            selection_mode="multi",
            format_func=NAMES.__getitem__,
            key="taught",
            wrap=True,
            bind="query-params",
            help="Each is taught to a student of its own; one more learns from the labels alone.",
            width="content",
        )
        values: dict[str, Any] = {
            **FIXED,
            "methods": taught,
            "epochs": controls.control("epochs", defaults, width=80),
            "seeds": (st.number_input("Seed", 0, LARGEST_SEED, value=0, key="seed", bind="query-params", width=80),),
        }
        with st.popover("More", icon=":material/tune:", help="Data, temperature, α", width="content"):
            values |= {
                "data": controls.data_set(Comparison, home, suited),
                "temperature": controls.control("temperature", defaults),
                "alpha": controls.control("alpha", defaults),
            }
        start = st.container(width="content")
    if taught:
        return controls.recipe_of(Comparison, values), start
    st.error("Choose at least one thing to teach.", icon=":material/error:")
    return None, start


def kinds_of_networks() -> dict[str, list[str]]:
    """For each method that can be taught here, by its name, why it does not fit each of `PAIRS`; "" where it does."""
    return {NAMES[name]: [METHODS[name].fits(*pair) for pair in PAIRS.values()] for name in TAUGHT}


# Pairs that stand for what networks there are: the title of a column, (teacher, student).
PAIRS = MappingProxyType(
    {
        "CNN to CNN": ("cnn-32-64", "cnn-8-16"),
        "MLP to MLP": ("784-512-256-10", "784-128-10"),
        "CNN to MLP": ("cnn-32-64", "784-128-10"),
    }
)
