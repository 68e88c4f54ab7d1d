"""The controls of a comparison: which ways of teaching, for which student, with how many seeds.

The ways and the seeds stand in the URL as one word each, as the command line writes them; the URL is where they are
kept, and the controls show what it says.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import FAMILIES, METHODS, PLAIN, Family, Method, short_title
from kdviz.recipes.number_lists import MOST_SEEDS
from kdviz.recipes.openings import three_ways_begun
from kdviz.reports.text import ranges
from kdviz.widgets import controls, link
from kdviz.widgets.literal import literal
from kdviz.widgets.run_status import StartRow

_LEFT_OUT = "ways_left_out"
_MORE = (
    ("data", "epochs", "transfer_classes", "augmentation", "batch_size", "hint_layer"),
    ("teacher_epochs", "teacher_labels", "teacher_augmentation", "standardised_temperature", "standardised_alpha"),
    ("optimizer", "learning_rate", "schedule", "online_temperature", "online_alpha"),
)


def adopt(comparison: Comparison) -> None:
    """Let the controls show the comparison of the run that a link names, where the link does not set them itself."""
    if controls.adopt(comparison):
        texts = _texts(comparison)
        _write({name: text for name, text in texts.items() if name not in st.query_params})


def show(comparison: Comparison) -> None:
    """Set every control. For callbacks: the URL follows."""
    controls.show(comparison)
    write(comparison)


def write(comparison: Comparison) -> None:
    """Let the URL have the ways and the seeds of a comparison, whatever it had before."""
    _write(_texts(comparison))


def _texts(comparison: Comparison) -> dict[str, str]:
    """The ways and the seeds as the URL and the command line name them."""
    return {"methods": ",".join(comparison.methods), "seeds": ranges(comparison.seeds)}


def _write(texts: Mapping[str, str]) -> None:
    """Keep choices in the URL: the ways unless they are the default, the seeds always.

    So no link that a visitor copies is one that names nothing, which is how the page's opening is asked for.
    """
    usual = _texts(Comparison())["methods"]
    for name, text in texts.items():
        link.write(name, "" if name == "methods" and text == usual else text)


def comparison_form(home: str) -> tuple[Comparison | None, StartRow]:
    """All controls of a comparison, and the row of the button that starts it; None as for `recipe_form`."""
    data = controls.chosen_data(home)
    defaults = Comparison.suited(data)
    if controls.begins(Comparison):
        show(three_ways_begun(data))
    seeds = _of_link("seeds", defaults)
    with st.container(horizontal=True, vertical_alignment="bottom", key="recipe"):
        widths = {"temperature": 130, "alpha": 150, "labels": 115}
        values = {name: controls.control(name, defaults, width=width) for name, width in widths.items()}
        values["seeds"] = _seeds(seeds)
        for name, width in {"student": 185, "teacher": 205}.items():
            values[name] = controls.control(name, defaults, width=width, on_change=_leave_out, args=(defaults,))
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        start = st.container(width="content")
        with st.popover("Ways to teach", icon=":material/school:", help="Which methods are compared"):
            values["methods"] = _methods(_of_link("methods", defaults), values["teacher"], values["student"])
        with st.popover("More settings", icon=":material/tune:", help="Data, epochs, augmentation, optimizer"):
            values |= controls.columns(defaults, _MORE, {"data": partial(controls.data_set, Comparison, home)})
        beside = st.container(width="stretch")
    if left_out := st.session_state.pop(_LEFT_OUT, []):
        st.info(literal(f"Left out, because they do not fit these networks: {', '.join(left_out)}."))
    return controls.recipe_of(Comparison, values), StartRow(start, beside)


def _of_link(name: str, defaults: Comparison) -> Any:
    """What the URL says of the ways or the seeds; the default where it says nothing, or nothing that can be.

    Whether the ways fit the networks is not asked here: those that do not are left out further on.
    """
    given = st.query_params.get(name)
    anything = {"teacher": "cnn-32-64", "student": "cnn-8-16"}  # between these, every way of teaching works
    values = {name: given, **anything}
    return getattr(defaults if given is None else controls.of_link(Comparison, values, defaults), name)


def _seeds(seeds: tuple[int, ...]) -> tuple[int, ...]:
    def write() -> None:
        _write({"seeds": ranges(range(st.session_state["number_of_seeds"]))})

    st.session_state["number_of_seeds"] = len(seeds)
    st.number_input(
        "Seeds",
        min_value=1,
        max_value=MOST_SEEDS,
        key="number_of_seeds",
        width=80,
        help="With one seed there is no verdict: what differs could be the luck of its first weights and batches.",
        on_change=write,
    )
    return seeds


def _leave_out(defaults: Comparison) -> None:
    """Other networks: the ways that no longer fit leave the URL, and the page says which."""
    chosen = _of_link("methods", defaults)
    fitting = _fitting(chosen, st.session_state["teacher"], st.session_state["student"])
    st.session_state[_LEFT_OUT] = [short_title(name) for name in chosen if name not in fitting]
    _write({"methods": ",".join(fitting)})


def _fitting(methods: Iterable[str], teacher: str, student: str) -> tuple[str, ...]:
    return tuple(name for name in methods if not METHODS[name].fits(teacher, student))


def _methods(chosen: tuple[str, ...], teacher: str, student: str) -> tuple[str, ...]:
    """A row of pills for each family; what does not fit the networks is named with the reason."""
    chosen = _fitting(chosen, teacher, student)
    for family, (_, title) in FAMILIES.items():
        ways = {method.name: method for method in METHODS.values() if method.family == family}
        fitting = _fitting(ways, teacher, student)
        if fitting:
            _pills(family, title, fitting, chosen)
        else:
            st.markdown(f"**{title}**")
        if reasons := _reasons(ways.values(), teacher, student):
            st.caption(reasons)
    st.caption(f"{METHODS[PLAIN].title} is always there: the others are measured against it.")
    return chosen


def _pills(family: Family, title: str, ways: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    key = f"methods_{family}"
    st.session_state[key] = [name for name in ways if name in chosen]
    st.pills(
        title,
        ways,
        selection_mode="multi",
        format_func=lambda name: short_title(name, family=False),
        key=key,
        on_change=_choose,
        args=(family, ways, chosen),
    )


def _choose(family: Family, ways: tuple[str, ...], chosen: tuple[str, ...]) -> None:
    kept = {name for name in chosen if name not in ways} | set(st.session_state[f"methods_{family}"]) | {PLAIN}
    _write({"methods": ",".join(name for name in METHODS if name in kept)})


def _reasons(ways: Iterable[Method], teacher: str, student: str) -> str:
    """Why some ways cannot be chosen, those with the same reason together."""
    titles: dict[str, list[str]] = {}
    for method in ways:
        if reason := method.fits(teacher, student):
            titles.setdefault(reason, []).append(method.title)
    return " ".join(f"{' and '.join(names)} cannot be chosen: {reason}" for reason, names in titles.items())
