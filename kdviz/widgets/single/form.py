"""The controls of a recipe: one run with its teacher, its student, and the same student without a teacher."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.recipes.single import Recipe
from kdviz.widgets import controls

_WIDTHS = {"temperature": 175, "alpha": 175, "epochs": 80, "seed": 80, "student": 150, "teacher": 160}


def recipe_form(home: str) -> tuple[Recipe | None, DeltaGenerator]:
    """All controls of a recipe, and the place for the button that starts it.

    The recipe is None, with the reason on the page, while the values do not go together. `home` is the data set of
    this server when the visitor names none.
    """
    defaults = Recipe.suited(controls.chosen_data(home))
    with st.container(horizontal=True, vertical_alignment="bottom", key="recipe"):
        values = {name: controls.control(name, defaults, width=width) for name, width in _WIDTHS.items()}
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        start = st.container(width="content")
        with st.popover("More settings", icon=":material/tune:", help="Data, labels, augmentation, optimizer"):
            values |= _more(defaults, home)
    return controls.recipe_of(Recipe, values), start


def _more(defaults: Recipe, home: str) -> dict[str, Any]:
    """The settings that most visitors leave alone."""
    left, middle, right = st.columns(3, gap="medium")
    with left:
        values: dict[str, Any] = {"data": controls.data_set(Recipe, home)}
        values |= {name: controls.control(name, defaults) for name in ("labels", "augmentation", "batch_size")}
    with middle:
        ships = values["data"] in SHIPPED_TEACHERS
        label, meaning = controls.label("pretrained"), controls.explanation("pretrained")
        given = st.toggle(label, key="pretrained", bind="query-params", help=meaning, disabled=not ships)
        values["pretrained"] = given
        for name in ("teacher_epochs", "teacher_labels", "teacher_augmentation"):
            values[name] = controls.control(name, defaults, disabled=given)
    with right:
        names = "loss", "optimizer", "learning_rate", "schedule"
        values |= {name: controls.control(name, defaults) for name in names}
    return values
