"""The controls of a sweep: which temperatures and weights, with how many seeds, and where the choice is made.

Lists stand in the URL and on the page as the command line writes them, and that text is the truth: the sliders beside
it write it, and follow it.
"""

from collections.abc import Sequence, Set
from functools import partial
from typing import Any

import streamlit as st

from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.number_lists import MOST_VALUES, values_in
from kdviz.recipes.openings import explorer
from kdviz.recipes.sweep import Sweep
from kdviz.reports.phrases import counted
from kdviz.reports.text import ranges
from kdviz.widgets import controls, link
from kdviz.widgets.run_status import StartRow
from kdviz.widgets.sweep.cell import as_text
from kdviz.widgets.sweep.words import seeds_of_test

_LONGEST = 600  # characters of a list
_STOPS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0, 50.0, 100.0)  # of the T slider
_LISTS = ("temperatures", "alphas", "seeds", "test_seeds", "learning_rates", "label_counts")
_EMPTY = {"test_seeds": "the next ones", "learning_rates": "as above", "label_counts": "as above"}  # what it means
_MORE = (
    ("data", "labels", "label_counts", "augmentation", "test_seeds"),
    ("teacher", "teacher_epochs", "teacher_labels", "teacher_augmentation"),
    ("optimizer", "learning_rate", "learning_rates", "schedule", "batch_size"),
)


def adopt(sweep: Sweep) -> None:
    """Let the controls show the sweep of the run that a link names, where the link does not set them itself."""
    if controls.adopt(sweep):
        _show_lists(sweep, set(st.query_params))


def show(sweep: Sweep) -> None:
    """Set every control. For callbacks: the URL follows."""
    controls.show(sweep)
    _show_lists(sweep)


def _show_lists(sweep: Sweep, but: Set[str] = frozenset()) -> None:
    st.session_state.update({name: _text(sweep, name) for name in _LISTS if name not in but})
    if "students" not in but:
        _write_students(sweep.architectures)


def _text(sweep: Sweep, name: str) -> str:
    """A list as the URL and the command line write it: 1,2.5,20, or 0-4 of seeds; nothing of one that is empty."""
    values = getattr(sweep, name) or ()
    return ranges(values) if values and name in ("seeds", "test_seeds") else as_text(values)


def sweep_form(home: str) -> tuple[Sweep | None, StartRow]:
    """All controls of a sweep, and the row of the button that starts it; None as elsewhere."""
    data = controls.chosen_data(home)
    defaults = Sweep.suited(data)
    if controls.begins(Sweep):
        show(explorer(data))
    values: dict[str, Any] = {}
    for name, side in zip(("temperatures", "alphas"), st.columns(2, gap="medium"), strict=True):
        with side:
            values[name] = _range(name, defaults)
    with st.container(horizontal=True, vertical_alignment="bottom", key="recipe"):
        values |= {
            "seeds": _text_input("seeds", defaults, width=90),
            "epochs": controls.control("epochs", defaults, width=80),
            **_students(defaults),
            "search": controls.control("search", defaults, width=120),
        }
        if values["search"] == "random":
            values["draws"] = controls.control("draws", defaults, width=90)
        values |= _selection(defaults)
    with st.container(horizontal=True, vertical_alignment="center", key="actions"):
        start = st.container(width="content")
        meaning = "Data, labels, teacher, optimizer, learning rates, seeds of the test"
        with st.popover("More settings", icon=":material/tune:", help=meaning):
            lists = {name: partial(_text_input, name, defaults) for name in _EMPTY}
            values |= controls.columns(defaults, _MORE, {"data": partial(controls.data_set, Sweep, home), **lists})
        beside = st.container(width="stretch", gap=None)
    return controls.recipe_of(Sweep, values), StartRow(start, beside)


def _text_input(name: str, defaults: Sweep, **options: Any) -> str:
    given = st.text_input(
        controls.label(name),
        _text(defaults, name),
        key=name,
        bind="query-params",
        max_chars=_LONGEST,
        help=controls.explanation(name),
        placeholder=_EMPTY.get(name, ""),
        **options,
    )
    return str(given or "")


def _range(name: str, defaults: Sweep) -> str:
    """Three controls of one list: from where to where, how many values, and the values themselves."""
    values = _values(name, defaults)
    low, high = values[0], values[-1]
    st.session_state[f"{name}_range"] = (low, high)
    st.session_state[f"{name}_count"] = len(values)
    moved: dict[str, Any] = {"on_change": _spread, "kwargs": {"shown": (low, high, len(values)), "defaults": defaults}}
    spread: dict[str, Any] = {"key": f"{name}_range", "width": 125, "args": (name, "range"), **moved}
    count: dict[str, Any] = {"key": f"{name}_count", "width": 70, "args": (name, "count"), **moved}
    with st.container(key=f"{name}_controls", horizontal=True, vertical_alignment="bottom"):
        if name == "temperatures":
            stops = sorted({*_STOPS, low, high})
            st.select_slider("T, from – to", stops, (low, high), format_func=lambda value: f"{value:g}", **spread)
        else:
            st.slider("α, from – to", 0.0, 1.0, (low, high), 0.05, **spread)
        st.number_input("Values", min_value=1, max_value=MOST_VALUES, disabled=low == high, **count)
        return _text_input(name, defaults, width="stretch")


def _values(name: str, defaults: Sweep) -> tuple[float, ...]:
    """What the text says, as long as it can be read; the defaults otherwise, so that the slider can mend it."""
    text = st.session_state.get(name, st.query_params.get(name))
    return tuple(getattr(defaults if text is None else controls.of_link(Sweep, {name: text}, defaults), name))


def _spread(name: str, moved: str, shown: tuple[float, float, int], defaults: Sweep) -> None:
    """The slider or the number of values was moved from what the page had `shown`: write the values out.

    Streamlit also calls this where a run that had moved them itself was broken off; the text then says something newer.
    What was not moved is as the text has it: the browser may send an older value, or both may have been moved at once.
    """
    values = _values(name, defaults)
    low, high, many = values[0], values[-1], len(values)
    if moved == "range":
        low, high = st.session_state[f"{name}_range"]
        if (low, high) == shown[:2]:
            return
    else:
        many = st.session_state[f"{name}_count"]
        if many == shown[2]:
            return
    if moved == "range" and many == 1:
        many = len(getattr(Sweep(), name))  # it was a single value, and is opened now
    text = f"{low:g}" if low == high else f"{low:g}:{high:g}:{many}"
    st.session_state[name] = as_text(values_in(text, low, high, geometric=name == "temperatures"))


def _students(defaults: Sweep) -> dict[str, Any]:
    """One student or several: the URL has `student` for one and `students` for several, as the command line."""
    given = {name: st.query_params[name] for name in ("student", "students") if name in st.query_params}
    chosen = controls.of_link(Sweep, given, defaults).architectures
    st.session_state["student_choice"] = list(chosen)
    st.multiselect(
        controls.label("student"),
        list(ARCHITECTURES),
        format_func=lambda name: ARCHITECTURES[name].called,
        key="student_choice",
        width=230,
        select_all=False,
        help="Several students are several sweeps in one: each has its own cells and its own plain student.",
        on_change=lambda: _write_students(st.session_state["student_choice"] or chosen),
    )
    return {"student": chosen[0], "students": chosen if len(chosen) > 1 else ()}


def _write_students(students: Sequence[str]) -> None:
    """Keep the students in the URL, unless they are the default."""
    ordered = ",".join(name for name in ARCHITECTURES if name in students)
    link.write("students", ordered if len(students) > 1 else "")
    link.write("student", ordered if len(students) == 1 and ordered != Sweep().student else "")


def _selection(defaults: Sweep) -> dict[str, Any]:
    """Where T and alpha are chosen; a link that has folds alone means choosing by them."""
    if "folds" in st.query_params and "select" not in st.query_params:
        link.write("select", "folds")
    select = controls.control("select", defaults, width=140, on_change=_leave_folds)
    if select != "folds":
        return {"select": select}
    return {"select": select, "folds": controls.control("folds", defaults, width=70)}


def _leave_folds() -> None:
    """The number of folds means nothing to another way to choose."""
    if st.session_state["select"] != "folds":
        link.write("folds", "")


def size_in_words(sweep: Sweep) -> str:
    """How many cells and students a sweep has, and what becomes of them."""
    trained = sweep.trained_cells
    plain = sum(cell.alpha == 0 for cell in trained)
    taught = f"{counted(len(trained) - plain, 'cell')} with a teacher and " if len(trained) > plain else ""
    labels = "labels only" if plain == 1 else f"{plain} from labels only"
    folds = f" × {sweep.folds} folds" if sweep.folds is not None else ""
    students = counted(len(trained) * len(sweep.seeds) * (sweep.folds or 1), "student")
    rungs = f"; the better third goes on, from {' to '.join(map(str, sweep.rungs))} epochs"
    text = f"{taught}{labels}, × {counted(len(sweep.seeds), 'seed')}{folds}: {students}"
    again = "anew" if sweep.has_fresh_test else "once more"
    tested = f"Then the choice is trained {again} and tested, with {seeds_of_test(sweep)}."
    return f"{text[0].upper()}{text[1:]}{rungs if len(sweep.rungs) > 1 else ''}. {tested}"
