"""Single controls of a recipe, each bound to the URL. Names, limits and defaults come from the recipe's own class."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin
from urllib.parse import urlsplit

import streamlit as st

from kdviz.recipes.base import Conditions, RecipeError, Request, limits
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS, is_data_set
from kdviz.records.kinds import AnyRecipe
from kdviz.store import data_files
from kdviz.texts import lesson as lesson_text
from kdviz.widgets import link

_ADOPTED = "adopted"
_CHOICES = {"teacher": [*ARCHITECTURES], "student": [*ARCHITECTURES]}
_SLIDERS = ("alpha", "online_alpha")
_TEMPERATURES = ("temperature", "online_temperature")
# The stops of their slider, each a quarter to a half more than the one before: what is near is as far apart everywhere.
_STOPS: tuple[float, ...] = (
    *(0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0),
    *(10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 70.0, 100.0),
)
_EMPTY = {"teacher_epochs": "as the students’", "folds": "5"}  # what no number means
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "learning_rate": {"step": 0.0005, "format": "%g"},
    "labels": {"step": 10},
    "teacher_labels": {"step": 10},
}

PRETRAINED = "pretrained"
TEXTS = "controls"  # labels and explanations

R = TypeVar("R", bound=Conditions)


def label(name: str) -> str:
    """The label of a recipe's field."""
    return lesson_text.read(TEXTS).word(name)


def labels() -> Mapping[str, str]:
    """All of them."""
    return lesson_text.read(TEXTS).words


def explanation(name: str) -> str | None:
    """What stands behind the question mark of a control; None where there is nothing to explain."""
    explained = lesson_text.read(TEXTS).says.get(name.replace("_", "-"))
    return None if explained is None else explained.markdown


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
    adopted = f"{urlsplit(st.context.url or '').path} {recipe.id}"
    if st.session_state.get(_ADOPTED) == adopted:
        return False
    st.session_state[_ADOPTED] = adopted
    show(recipe, {name for name in type(recipe).model_fields if name not in st.query_params})
    return True


def show(recipe: Request, names: set[str] | None = None) -> None:
    """Set the controls, all of them or those that are named. For callbacks: the URL follows."""
    known = labels()
    values = {
        name: value
        for name, value in recipe.model_dump().items()
        if name in known and not isinstance(value, tuple) and (names is None or name in names)
    }
    for name in (*_TEMPERATURES, PRETRAINED):
        if name in values:
            link.write(name, _in_link(recipe, name, values.pop(name)))
    st.session_state.update(values)


def chosen_data(home: str) -> str:
    """The data set that the visitor has chosen, or the server's own."""
    data = str(st.session_state.get("data") or st.query_params.get("data"))
    return data if is_data_set(data) else home


def data_set(
    kind: type[Conditions],
    home: str,
    suited: Callable[[str], Conditions] | None = None,
    also: Callable[[], None] | None = None,
) -> str:
    """The choice of the data set; another one brings the numbers of epochs that suit it, in the recipe `suited`.

    `also` is called when another one is chosen.
    """
    if home != kind().data and "data" not in st.session_state and "data" not in st.query_params:
        st.session_state["data"] = home
    # Its default is the same on every server, so that a link means the same on every server.
    data = str(control("data", kind(), on_change=_follow_data, args=(kind, suited or kind.suited, also)))
    facts = DATA_SETS[data]
    if facts.own:
        said = lesson_text.read(TEXTS).say("own-data")
        st.caption(said.filled({"data": data, "folder": str(data_files.folder_of(facts))}))
    return data


def _follow_data(kind: type[Conditions], suited: Callable[[str], Conditions], also: Callable[[], None] | None) -> None:
    defaults = suited(st.session_state["data"])
    for name in {"epochs", "teacher_epochs"} & st.session_state.keys():
        follows = getattr(kind(), name) is None  # another number of its own, whatever the data
        st.session_state[name] = None if follows else getattr(defaults, name)
    if also is not None:
        also()


def control(name: str, defaults: Conditions, **options: Any) -> Any:
    """The control that suits a field of a recipe: a choice, a slider, or a number that may be left out or not."""
    kind, usual = type(defaults).model_fields[name].annotation, getattr(defaults, name)
    common = {"key": name, "bind": "query-params", **_OPTIONS.get(name, {}), **options}
    choices: Sequence[Any] = get_args(kind) if get_origin(kind) is Literal else _CHOICES.get(name, ())
    if name == "data":
        choices = _data_sets()
    if name in _TEMPERATURES:
        return _temperature(name, defaults, options)
    if choices:
        return st.selectbox(label(name), choices, choices.index(usual), help=explanation(name), **common)
    if name in _SLIDERS:
        low, high = limits(type(defaults), name)
        ends = float(low or 0), float(high or 1)
        return st.slider(label(name), *ends, usual, 0.05, help=explanation(name), **common)
    return _number(name, defaults, _EMPTY.get(name, "all") if NoneType in get_args(kind) else None, common)


def _data_sets() -> list[str]:
    """The published data sets, those of own files in the data folder, and the one that a link or a run names."""
    there = [*DATA_SETS, *(own.name for own in data_files.all_own())]
    named = chosen_data(there[0])
    return there if named in there else [*there, named]


def columns(
    defaults: Conditions, names: Sequence[Sequence[str]], own: Mapping[str, Callable[[], Any]]
) -> dict[str, Any]:
    """The controls of these fields, a column for each list of names; `own` draws those that a form has for itself."""
    values: dict[str, Any] = {}
    for column, of_column in zip(st.columns(len(names), gap="medium"), names, strict=True):
        with column:
            values |= {name: own[name]() if name in own else control(name, defaults) for name in of_column}
    return values


def of_link(kind: type[R], given: Mapping[str, Any], defaults: R) -> R:
    """The recipe that these values of a link make; the defaults where they cannot be."""
    try:
        return kind.parse(given)
    except RecipeError:
        return defaults


def recipe_of(kind: type[R], values: Mapping[str, Any]) -> R | None:
    """The recipe that these values make; None, with the reason on the page, where they do not go together."""
    try:
        return kind.parse(values)
    except RecipeError as error:
        st.error(str(error), icon=":material/error:")
        return None


def _temperature(name: str, defaults: Conditions, options: Mapping[str, Any]) -> float:
    """A logarithmic slider. The URL is where its number is kept, and may have any that the recipe takes.

    A bound slider would know no numbers but its own stops, and those only as it writes them: not 20.0, which is 20.
    """
    usual = float(getattr(defaults, name))
    low, high = limits(type(defaults), name)
    in_link = link.number_in(st.query_params.get(name, ""), low or 0.0, high or math.inf)
    st.session_state[name] = chosen = usual if in_link is None else in_link

    def keep() -> None:
        link.write(name, _in_link(defaults, name, st.session_state[name]))

    stops = sorted({*_STOPS, usual, chosen})
    common = {"format_func": "{:g}".format, "key": name, "help": explanation(name), "on_change": keep, **options}
    return float(st.select_slider(label(name), stops, **common))


def _in_link(defaults: Request, name: str, value: float) -> str:
    """What the URL says where it is where a value is kept: nothing of a temperature that is the default."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value == type(defaults).model_fields[name].default else f"{value:.10g}"


def _number(name: str, defaults: Conditions, placeholder: str | None, options: Mapping[str, Any]) -> Any:
    """A number, whole where its field is. With a `placeholder`, which says what that means, it may be left out."""
    low, high = limits(type(defaults), name)
    default = None if placeholder is not None else getattr(defaults, name)
    kind = int if default is None else type(default)
    if default is not None and name in st.session_state and st.session_state[name] is None:
        del st.session_state[name]  # another page's, where it may be left out
    given = st.number_input(
        label(name),
        min_value=None if low is None else kind(low),
        max_value=None if high is None else kind(high),
        value=default,
        placeholder=placeholder,
        help=_help(name, type(defaults)),
        **options,
    )
    return given if default is not None or given is None else int(given)


def _help(name: str, kind: type[Conditions]) -> str:
    """What a number means and which are allowed: what a browser refuses never gets here, so it must be said before."""
    low, high = limits(kind, name)
    above = any(hasattr(constraint, "gt") for constraint in kind.model_fields[name].metadata)
    if high is None:
        allowed = f"At least {low:,.10g}"
    else:
        allowed = f"Above {low:,.10g}, up to {high:,.10g}" if above else f"{low:,.10g}–{high:,.10g}"
    refused = "another number turns the field red, and the last good one stays in use."
    return f"{explanation(name) or ''} {allowed}; {refused}".strip()
