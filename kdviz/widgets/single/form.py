"""The controls of a recipe: one run with its teacher, its student, and the same student without a teacher."""

from typing import Any

import streamlit as st

from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.recipes.openings import OPENINGS
from kdviz.recipes.single import Recipe
from kdviz.widgets import controls, link
from kdviz.widgets.controls import PRETRAINED
from kdviz.widgets.run_status import StartRow

_ASIDE = "pretrained_aside"  # the trained teacher was given up for another network or data set, and comes back with it
_OF_IMAGES = ("epochs", "transfer_classes", "augmentation", "batch_size")
_WIDTHS = {"temperature": 130, "alpha": 150, "labels": 115, "seed": 80, "student": 185, "teacher": 205}


def recipe_form(home: str) -> tuple[Recipe | None, StartRow]:
    """All controls of a recipe, and the row of the button that starts it.

    The recipe is None, with the reason on the page, while the values do not go together. `home` is the data set of
    this server when the visitor names none.
    """
    data = controls.chosen_data(home)
    defaults = Recipe.suited(data)
    if controls.begins(Recipe):
        controls.show(OPENINGS["watch_it_train"](data))
    own: dict[str, dict[str, Any]] = {"teacher": {"on_change": _follow_teacher}}
    with st.container(horizontal=True, vertical_alignment="bottom", key="recipe"):
        values = {
            name: controls.control(name, defaults, width=width, **own.get(name, {})) for name, width in _WIDTHS.items()
        }
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        start = st.container(width="content")
        with st.popover("More settings", icon=":material/tune:", help="Data, epochs, augmentation, optimizer"):
            values |= _more(defaults, home, values["teacher"])
        beside = st.container(width="stretch")
    return controls.recipe_of(Recipe, values), StartRow(start, beside)


def _more(defaults: Recipe, home: str, teacher: str) -> dict[str, Any]:
    """The settings that most visitors leave alone."""
    left, middle, right = st.columns(3, gap="medium")
    with left:
        values: dict[str, Any] = {"data": controls.data_set(Recipe, home, also=_follow_teacher)}
        values |= {name: controls.control(name, defaults) for name in _OF_IMAGES}
    with middle:
        values[PRETRAINED] = given = _trained_teacher(_ships(values["data"], teacher))
        for name in ("teacher_epochs", "teacher_labels", "teacher_augmentation"):
            values[name] = controls.control(name, defaults, disabled=given)
    with right:
        names = "loss", "optimizer", "learning_rate", "schedule"
        values |= {name: controls.control(name, defaults) for name in names}
    return values


def _trained_teacher(ships: bool) -> bool:
    """Whether the teacher is the one that ships. The URL says so either way: what nothing means depends on the rest."""
    st.session_state[PRETRAINED] = ships and _pretrained_in_link()
    label, meaning = controls.label(PRETRAINED), controls.explanation(PRETRAINED)

    def keep() -> None:
        _write(st.session_state[PRETRAINED])

    return st.toggle(label, key=PRETRAINED, help=meaning, disabled=not ships, on_change=keep)


def _follow_teacher() -> None:
    """Another network or data set: the trained teacher goes where none ships, and comes back where it does."""
    ships = _ships(st.session_state["data"], st.session_state["teacher"])
    if not ships and _pretrained_in_link():
        st.session_state[_ASIDE] = True
        _write(False)
    elif ships and st.session_state.pop(_ASIDE, False):
        _write(True)


def _ships(data: str, teacher: str) -> bool:
    return SHIPPED_TEACHERS.get(data) == teacher


def _pretrained_in_link() -> bool:
    given = {name: st.query_params[name] for name in (PRETRAINED,) if name in st.query_params}
    return controls.of_link(Recipe, given, Recipe()).pretrained


def _write(pretrained: bool) -> None:
    link.write(PRETRAINED, str(pretrained).lower())
