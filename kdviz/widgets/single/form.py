"""The controls of a recipe: one run with its teacher, its student, and the same student without a teacher."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from kdviz.recipes.base import Augmentation, Loss, Optimizer, RecipeError, Schedule
from kdviz.recipes.catalogue import ARCHITECTURES, SHIPPED_TEACHERS
from kdviz.recipes.single import Recipe
from kdviz.widgets.controls import HELP, LABELS, choice, chosen_data, data_set, number, optional, slider


def recipe_form(home: str) -> tuple[Recipe | None, DeltaGenerator]:
    """All controls of a recipe, and the place for the button that starts it.

    The recipe is None, with the reason on the page, while the values do not go together. `home` is the data set of
    this server when the visitor names none.
    """
    defaults = Recipe.suited(chosen_data(home))
    with st.container(horizontal=True, vertical_alignment="bottom", key="recipe"):
        values: dict[str, Any] = {
            "temperature": number("temperature", defaults, width=130, step=0.5, format="%g"),
            "alpha": slider("alpha", defaults, width=175),
            "epochs": number("epochs", defaults, width=80),
            "seed": number("seed", defaults, width=80),
            "student": choice("student", list(ARCHITECTURES), defaults, width=150),
            "teacher": choice("teacher", list(ARCHITECTURES), defaults, width=160),
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


def _more(defaults: Recipe, home: str) -> dict[str, Any]:
    """The settings that most visitors leave alone."""
    left, middle, right = st.columns(3, gap="medium")
    values: dict[str, Any] = {}
    with left:
        values["data"] = data_set(Recipe, home)
        values["labels"] = optional("labels", Recipe, step=10)
        values["augmentation"] = choice("augmentation", list(get_args(Augmentation)), defaults)
        values["batch_size"] = number("batch_size", defaults)
    with middle:
        ships = values["data"] in SHIPPED_TEACHERS
        values["pretrained"] = st.toggle(
            LABELS["pretrained"], key="pretrained", bind="query-params", help=HELP["pretrained"], disabled=not ships
        )
        given = bool(values["pretrained"])
        values["teacher_epochs"] = number("teacher_epochs", defaults, disabled=given)
        values["teacher_labels"] = optional("teacher_labels", Recipe, step=10, disabled=given)
        values["teacher_augmentation"] = choice(
            "teacher_augmentation", list(get_args(Augmentation)), defaults, disabled=given
        )
    with right:
        values["loss"] = choice("loss", list(get_args(Loss)), defaults)
        values["optimizer"] = choice("optimizer", list(get_args(Optimizer)), defaults)
        values["learning_rate"] = number("learning_rate", defaults, step=0.0005, format="%g")
        values["schedule"] = choice("schedule", list(get_args(Schedule)), defaults)
    return values
