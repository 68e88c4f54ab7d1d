"""A run to take along: its results, students and script, or the whole of it; and one that is brought back."""

import base64
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Literal

import streamlit as st

from kdviz.errors import PlainError
from kdviz.exports import bundles, loading, take_home
from kdviz.exports import results as exports
from kdviz.jobs.limits import Limits
from kdviz.jobs.queue import Jobs
from kdviz.recipes.compression import Scheme
from kdviz.records.base import TrainedStudent
from kdviz.store.rights import Visitor
from kdviz.store.run import Run
from kdviz.store.runs import RunStore
from kdviz.widgets import page, uploads, visitor
from kdviz.widgets.lesson import sentence

LOOK = 0.5  # seconds between two looks at a file that a worker makes
_WORKERS_FILES, _CHOSEN = "files_of_workers", "student_to_export"
_SAFETENSORS = "The student’s weights, single precision"

# What a worker makes: how it is called, how its file ends, and what is in it.
_MADE: Mapping[Literal["onnx", "pytorch"], tuple[str, str, str]] = {
    "onnx": ("ONNX", "onnx", "Grey levels in, logits out"),
    "pytorch": ("PyTorch", "pt", "A state file that PyTorch loads without kdviz"),
}
_UPLOADS, _REFUSED = "uploads_so_far", "import_problem"

_MIME = {
    "csv": "text/csv",
    "json": "application/json",
    "py": "text/x-python",
    "zip": "application/zip",
    "md": "text/markdown",
    "html": "text/html",
}


def downloads(jobs: Jobs, store: RunStore, run: Run) -> None:
    """Everything that a run can be taken along as. Files are made when they are asked for."""
    st.subheader("Take it along", anchor=False)
    say_problem()
    threads = run.result.threads if run.result else None
    with st.container(horizontal=True, key="downloads"):
        if run.result is not None:
            _file(run, "CSV", "csv", partial(exports.as_csv, run), "Results, a row for each network")
            _file(run, "Parquet", "parquet", partial(exports.as_parquet, run), "The same, with types")
            _file(run, "JSON", "json", partial(exports.as_json, run), "Results as one document")
        what = "A few lines that repeat the run with this package and print the same accuracy"
        _file(run, "Python script", "py", lambda: exports.script(run.recipe, threads).encode(), what)
        if not run.live:
            what = "Recipe, curves, results and students; another kdviz can import it"
            _file(
                run, "Everything (.zip)", "zip", partial(bundles.pack_stored, store, run, _prepared(store, run)), what
            )
    if run.result is None:
        st.caption("There are no results to export yet: the script repeats the run.")
    elif not run.recipe.students_kept:
        st.caption("A lesson’s study keeps its figures, not its students: the script trains them again.")
    else:
        _students(jobs, store, run)


def _file(run: Run, label: str, ending: str, make: Callable[[], bytes], what: str) -> None:
    st.download_button(
        label,
        make,
        file_name=exports.file_name(run, ending),
        mime=_MIME.get(ending.rpartition(".")[2], "application/octet-stream"),
        help=what,
        icon=":material/download:",
        on_click="ignore",
        key=f"download_{ending}",
    )


def _students(jobs: Jobs, store: RunStore, run: Run) -> None:
    names = store.students(run.id)
    if not names:
        with st.container(horizontal=True, vertical_alignment="center", key="no_student"):
            st.markdown(sentence("runs", "no-student"), width="content")
            if run.imported:
                return
            st.button(
                "Train it once more",
                icon=":material/replay:",
                on_click=_train_again,
                args=(jobs, run, visitor.who()),
                help=sentence("runs", "train-again"),
            )
        return
    smaller = {made.learnt.name: made for made in store.compressed(run.id)}
    with st.container(horizontal=True, vertical_alignment="bottom", key="students"):
        name = names[0]
        if len(names) + len(smaller) > 1:
            name = st.selectbox("Student", [*names, *smaller], key=_CHOSEN, width=220)
        made = smaller.get(name)
        learnt = store.student(run.id, name) if made is None else made.learnt
        if learnt is None:
            return
        _file(run, "Weights (safetensors)", f"{name}.safetensors", lambda: learnt.weights, _SAFETENSORS)
        if made is None:
            what = "What it is, what it was trained on, how good it is, and what it is not for"
            _file(run, "Model card", f"{name}.md", lambda: exports.model_card(run, name).encode(), what)
        for form in _MADE:
            _on_worker(jobs, store, run, learnt.name, form)
        if take_home.fits(learnt.architecture):
            right = take_home.right(run, name, made)
            page_of = partial(take_home.page, learnt, run.recipe.data, right)
            _file(run, "Take it home (HTML)", f"{name}.html", page_of, sentence("runs", "take-home"))
    _lines(run, learnt, "none" if made is None else made.compression.quantize)


def _lines(run: Run, learnt: TrainedStudent, scheme: Scheme) -> None:
    """How each file is loaded without kdviz."""
    with st.expander("Load it elsewhere"):
        st.markdown(sentence("runs", "load-elsewhere"))
        for form, ending in (("onnx", "onnx"), ("pytorch", "pt"), ("safetensors", "safetensors")):
            file = exports.file_name(run, f"{learnt.name}.{ending}")
            rounded = scheme if form == "pytorch" else "none"
            st.code(loading.lines(form, file, learnt.architecture, rounded), language="python", wrap_lines=True)


def _train_again(jobs: Jobs, run: Run, who: Visitor) -> None:
    """The same recipe from its beginning, unless another visitor was first; tags and note stay."""
    try:
        jobs.submit(run.recipe, who, anew=True)
    except PlainError as error:
        st.session_state[_REFUSED] = "It was not trained again.", str(error)


def _on_worker(jobs: Jobs, store: RunStore, run: Run, name: str, form: Literal["onnx", "pytorch"]) -> None:
    """A button that has the file made on a worker; then the file."""
    title, ending, what = _MADE[form]
    future = _files(run).get((form, name))
    prepare = partial(_prepare, jobs, store, run, name, form)
    key = f"prepare_{form}"
    if future is None:
        icon = ":material/deployed_code:"
        st.button(f"Prepare {title}", icon=icon, on_click=prepare, help=sentence("runs", form), key=key)
    elif not future.done():
        st.fragment(_wait, run_every=LOOK)(future, title)
    elif error := future.exception():
        st.button(f"Try {title} again", icon=":material/replay:", on_click=prepare, key=key)
        st.text(str(error))
    else:
        content = future.result()
        _file(run, title, f"{name}.{ending}", lambda: base64.b64decode(content), what)


def _wait(future: Future[str], title: str) -> None:
    if future.done():
        st.rerun()
    st.button(f"Preparing {title} …", icon="spinner", disabled=True)


def _prepare(jobs: Jobs, store: RunStore, run: Run, name: str, form: Literal["onnx", "pytorch"]) -> None:
    # Whoever chooses and clicks before the page has followed means what is chosen by now.
    name = st.session_state.get(_CHOSEN, name)
    key = f"{form}-{run.id}-{run.finished}-{name}"
    if made := {each.learnt.name: each for each in store.compressed(run.id)}.get(name):
        function, given = "kdviz.engine.compression.files:make", (made.model_dump_json(), form, run.recipe.data)
        _files(run)[form, name] = jobs.call(function, *given, key=key)
    elif learnt := store.student(run.id, name):
        function = {"onnx": "kdviz.engine.onnx_files:make", "pytorch": "kdviz.engine.torch_files:make"}[form]
        _files(run)[form, name] = jobs.call(function, learnt.model_dump_json(), key=key)


def _files(run: Run) -> dict[tuple[str, str], Future[str]]:
    """What this visitor has had made of the run, there or on its way, by format and student."""
    of_runs: dict[str, dict[tuple[str, str], Future[str]]] = st.session_state.setdefault(_WORKERS_FILES, {})
    return of_runs.setdefault(f"{run.id}-{run.finished}", {})


def _prepared(store: RunStore, run: Run) -> dict[str, bytes]:
    """The ONNX files of the run's own students that are there."""
    own = store.students(run.id)
    ready = {
        name: future
        for (form, name), future in _files(run).items()
        if form == "onnx" and name in own and future.done() and not future.exception()
    }
    return {name: base64.b64decode(future.result()) for name, future in ready.items()}


def upload(store: RunStore, arrived: Callable[[Run], None]) -> None:
    """A place for the file of a run; `arrived` hears of the run that came in it, before the page is drawn."""
    number = st.session_state.setdefault(_UPLOADS, 0)
    st.file_uploader(
        "A bundle (.zip) that this program has exported, here or elsewhere",
        help=sentence("runs", "largest-upload", size=uploads.largest()),
        type="zip",
        key=f"bundle_{number}",
        max_upload_size=uploads.largest(),
        on_change=_import,
        args=(store, visitor.who(), f"bundle_{number}", arrived),
    )
    say_problem()


def _import(store: RunStore, who: Visitor, key: str, arrived: Callable[[Run], None]) -> None:
    """The whole file or nothing of it. Its name plays no part."""
    file = st.session_state.get(key)
    if file is None:
        return
    st.session_state[_UPLOADS] += 1  # an empty place for the next one
    try:
        if not who.presenter:
            Limits.of_settings().check_kept(store.kept_of(who))
        arrived(store.adopt(bundles.unpack(file.getvalue()), who))
    except PlainError as error:
        st.session_state[_REFUSED] = "Nothing was imported.", str(error)


def say_problem() -> None:
    """Why the last thing that was asked for was not done, once."""
    if problem := st.session_state.pop(_REFUSED, None):
        page.refuse(*problem)
