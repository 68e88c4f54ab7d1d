"""Single controls of a recipe, each with its value in the URL. Names, limits and defaults come from the recipe's class.

The URL is read by the recipe's own check and written back here. The data set alone is bound to it by Streamlit, which
writes a control's value only while a browser has drawn it: what lies in a closed popover would be missing, `epochs=inf`
would end the page, and 20.0 would be no stop of the temperatures, which has 20.
"""

from collections.abc import Callable, Mapping, Sequence
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin
from urllib.parse import urlsplit

import streamlit as st

from kdviz.recipes.base import Conditions, RecipeError, Request, limits
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS, is_data_set
from kdviz.recipes.number_lists import classes_in
from kdviz.records.kinds import AnyRecipe
from kdviz.reports.text import ranges
from kdviz.store import data_files
from kdviz.texts import lesson as lesson_text
from kdviz.widgets import link, page
from kdviz.widgets.literal import literal, without_folders

_ADOPTED = "adopted"
_NETWORKS = ("teacher", "student")
_SLIDERS = ("alpha", "online_alpha", "standardised_alpha")
_TEMPERATURES = ("temperature", "online_temperature", "standardised_temperature")
_CLASSES = "transfer_classes"
_SUITED = ("epochs", "teacher_epochs")  # what another data set brings with it
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


def adopt(recipe: AnyRecipe, usual: Request | None = None) -> bool:
    """Let the controls show the recipe of the run that a link names, where the link does not set them itself.

    Whether it was done just now: once for each run and visit, so that the visitor can change them afterwards.
    `usual` as for `show`.
    """
    adopted = f"{urlsplit(st.context.url or '').path} {recipe.id}"
    if st.session_state.get(_ADOPTED) == adopted and not link.brings_a_run():
        return False
    st.session_state[_ADOPTED] = adopted
    show(recipe, {name for name in type(recipe).model_fields if name not in st.query_params}, usual)
    return True


def begins(kind: type[Conditions]) -> bool:
    """Whether the visitor has just come by a link that names neither a setting nor a run: the page chooses them then.

    Any other link means what it says, with the defaults of the recipe for what it leaves out.
    """
    named = {"run", *kind.model_fields} - {"data"}
    return page.entered() and not named & st.query_params.keys()


def show(recipe: Request, names: set[str] | None = None, usual: Request | None = None) -> None:
    """Set the controls, all of them or those that are named. For callbacks: the URL follows.

    `usual` is what the page shows where the URL says nothing, if that is not the recipe's own.
    """
    known, kind, suits = labels(), type(recipe), usual or recipe.usual
    values = {
        name: value
        for name, value in recipe.model_dump().items()
        if name in known and not isinstance(value, tuple) and (names is None or name in names)
    }
    if "data" in values:
        st.session_state["data"] = values.pop("data")
    texts = {name: _in_link(value, getattr(suits, name)) for name, value in values.items()}
    if _CLASSES in kind.model_fields and (names is None or _CLASSES in names):
        st.session_state[_CLASSES] = texts[_CLASSES] = ranges(getattr(recipe, _CLASSES))
    link.write_all(texts)


def chosen_data(home: str) -> str:
    """The data set that the visitor has chosen, or the server's own."""
    data = str(st.session_state.get("data") or st.query_params.get("data"))
    return data if is_data_set(data) else home


def data_set(kind: type[Conditions], home: str, also: Callable[[], None] | None = None) -> str:
    """The choice of the data set; another one brings the numbers of epochs that suit it.

    `also` is called when another one is chosen.
    """
    if home != kind().data and "data" not in st.session_state and "data" not in st.query_params:
        st.session_state["data"] = home
    # Its default is the same on every server, so that a link means the same on every server.
    data = str(control("data", kind(), on_change=_follow_data, args=(also,)))
    facts = DATA_SETS[data]
    if facts.own:
        here = facts in data_files.all_own()  # else a link brought it from another machine
        said = lesson_text.read(TEXTS).say("own-data" if here else "own-data-elsewhere")
        folder = literal(without_folders(data_files.folder_of(facts)))
        st.caption(said.filled({"data": data, "folder": folder}))
    return data


def _follow_data(also: Callable[[], None] | None) -> None:
    link.write_all(dict.fromkeys(_SUITED, ""))  # so that the page shows its own
    if also is not None:
        also()


def control(name: str, defaults: Conditions, **options: Any) -> Any:
    """The control that suits a field of a recipe: a choice, a slider, or a number that may be left out or not."""
    if name == "data":
        look: dict[str, Any] = {"help": explanation(name), "bind": "query-params", **options}
        there = _data_sets()
        return st.selectbox(label(name), there, there.index(defaults.data), key=name, **look)
    if choices := _choices(type(defaults), name):
        return _choice(name, choices, defaults, options)
    if name == _CLASSES:
        return _classes(name, defaults, options)
    st.session_state[name] = of_url(name, defaults)
    common = {"key": name, "on_change": _keep, "args": (name, defaults), **_OPTIONS.get(name, {}), **options}
    if name in _TEMPERATURES:
        return _temperature(name, defaults, common)
    if name in _SLIDERS:
        low, high = limits(type(defaults), name)
        return st.slider(label(name), float(low or 0), float(high or 1), step=0.05, help=explanation(name), **common)
    return _number(name, type(defaults), common)


def _choices(kind: type[Request], name: str) -> Sequence[str]:
    """What can be chosen of a field; nothing where it is a number, or yes or no."""
    if name in _NETWORKS:
        return list(ARCHITECTURES)
    annotation = kind.model_fields[name].annotation
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def of_url(name: str, defaults: Conditions) -> Any:
    """What the URL gives for a field; the default where it gives nothing, or nothing that the recipe takes."""
    text = st.query_params.get(name)
    return getattr(defaults if text is None else of_link(type(defaults), {name: text}, defaults), name)


def _choice(name: str, choices: Sequence[str], defaults: Conditions, options: Mapping[str, Any]) -> str:
    """One of several; a network by what a person calls it, while the URL has its layers.

    `on_change` and `args` of the options are called when another one is chosen, after the URL has it.
    """
    own = dict(options)
    also, args = own.pop("on_change", None), own.pop("args", ())
    given = st.query_params.get(name)
    st.session_state[name] = given if given in choices else getattr(defaults, name)

    def keep() -> None:
        _keep(name, defaults)
        if also is not None:
            also(*args)

    shown: Callable[[str], str] = _called if name in _NETWORKS else str
    look: dict[str, Any] = {"key": name, "format_func": shown, "help": explanation(name), "on_change": keep, **own}
    return str(st.selectbox(label(name), choices, **look))


def _called(network: str) -> str:
    return ARCHITECTURES[network].called


def _keep(name: str, defaults: Conditions) -> None:
    link.write(name, _in_link(st.session_state[name], getattr(defaults, name)))


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
        page.problem(error)
        return None


def _temperature(name: str, defaults: Conditions, options: Mapping[str, Any]) -> float:
    """A logarithmic slider, which also stops at any other temperature that the URL names."""
    stops = sorted({*_STOPS, float(getattr(defaults, name)), st.session_state[name]})
    look: dict[str, Any] = {"format_func": "{:g}".format, "help": explanation(name)}
    return float(st.select_slider(label(name), stops, **look, **options))


def _classes(name: str, defaults: Conditions, options: Mapping[str, Any]) -> str:
    """Some of the classes as text, all where it is empty.

    What is typed and cannot be stays in the field, so that it can be mended; the URL has nothing that cannot be.
    """
    in_link = tuple(of_url(name, defaults))
    if name not in st.session_state or _known_classes(st.session_state[name]) not in (None, in_link):
        st.session_state[name] = ranges(in_link)

    def keep() -> None:
        if (classes := _known_classes(st.session_state[name])) is not None:
            link.write(name, ranges(classes))

    common = {"key": name, "help": explanation(name), "max_chars": 20, "placeholder": "all", "on_change": keep}
    return st.text_input(label(name), **{**common, **options}) or ""


def _known_classes(text: str) -> tuple[int, ...] | None:
    try:
        return classes_in(text)
    except ValueError:
        return None


def _in_link(value: Any, usual: Any) -> str:
    """What the URL says of a value: nothing of one that is the usual one, nor where there is none."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or value == usual:
        return ""
    return value if isinstance(value, str) else f"{value:.10g}"


def _number(name: str, kind: type[Conditions], options: Mapping[str, Any]) -> Any:
    """A number, whole where its field is. Where it may be left out, the field says what that means."""
    low, high = limits(kind, name)
    annotation = kind.model_fields[name].annotation
    number = float if annotation is float else int
    look: dict[str, Any] = {"value": None, "placeholder": _EMPTY.get(name, "all")}
    given = st.number_input(
        label(name),
        min_value=None if low is None else number(low),
        max_value=None if high is None else number(high),
        help=_help(name, kind),
        **(look if NoneType in get_args(annotation) else {}),
        **options,
    )
    return None if given is None else number(given)


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
