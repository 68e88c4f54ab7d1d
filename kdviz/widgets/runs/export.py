"""A run to take along: its results, students and script, or the whole of it; and one that is brought back."""

import base64
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import streamlit as st

from kdviz.errors import PlainError
from kdviz.exports import bundles
from kdviz.exports import results as exports
from kdviz.jobs.limits import Limits
from kdviz.jobs.queue import Jobs
from kdviz.store.rights import Visitor
from kdviz.store.run import Run
from kdviz.store.runs import RunStore
from kdviz.widgets import page, uploads, visitor
from kdviz.widgets.lesson import sentence

LOOK = 0.5  # seconds between two looks at a file that a worker makes
_ONNX = "onnx_being_made"
_UPLOADS, _REFUSED = "uploads_so_far", "import_problem"

_MIME = {
    "csv": "text/csv",
    "json": "application/json",
    "py": "text/x-python",
    "zip": "application/zip",
    "md": "text/markdown",
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
            _file(run, "Everything (.zip)", "zip", partial(bundles.pack_stored, store, run, _prepared(run)), what)
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
    with st.container(horizontal=True, vertical_alignment="bottom", key="students"):
        name = names[0]
        if len(names) > 1:
            name = st.selectbox("Student", names, key="student_to_export", width=220)
        weights = partial(_weights, store, run, name)
        _file(run, "Weights (safetensors)", f"{name}.safetensors", weights, "The student’s weights, single precision")
        what = "What it is, what it was trained on, how good it is, and what it is not for"
        _file(run, "Model card", f"{name}.md", lambda: exports.model_card(run, name).encode(), what)
        _onnx(jobs, store, run, name)


def _weights(store: RunStore, run: Run, name: str) -> bytes:
    learnt = store.student(run.id, name)
    if learnt is None:
        raise PlainError("The student is not kept any more.")
    return learnt.weights


def _train_again(jobs: Jobs, run: Run, who: Visitor) -> None:
    """The same recipe from its beginning, unless another visitor was first; tags and note stay."""
    try:
        jobs.submit(run.recipe, who, anew=True)
    except PlainError as error:
        st.session_state[_REFUSED] = "It was not trained again.", str(error)


def _onnx(jobs: Jobs, store: RunStore, run: Run, name: str) -> None:
    """A button that has the file made on a worker; then the file."""
    future = _files(run).get(name)
    if future is None:
        st.button(
            "Prepare ONNX",
            icon=":material/deployed_code:",
            on_click=_prepare,
            args=(jobs, store, run, name),
            help=sentence("runs", "onnx"),
        )
    elif not future.done():
        st.fragment(_wait, run_every=LOOK)(future)
    elif error := future.exception():
        st.button("Try ONNX again", icon=":material/replay:", on_click=_prepare, args=(jobs, store, run, name))
        st.text(str(error))
    else:
        content = future.result()
        _file(run, "ONNX", f"{name}.onnx", lambda: base64.b64decode(content), "Grey levels in, logits out")


def _wait(future: Future[str]) -> None:
    if future.done():
        st.rerun()
    st.button("Preparing ONNX …", icon="spinner", disabled=True)


def _prepare(jobs: Jobs, store: RunStore, run: Run, name: str) -> None:
    learnt = store.student(run.id, name)
    if learnt is not None:
        key = f"onnx-{run.id}-{run.finished}-{name}"
        _files(run)[name] = jobs.call("kdviz.engine.onnx_files:make", learnt.model_dump_json(), key=key)


def _files(run: Run) -> dict[str, Future[str]]:
    """The ONNX files that this visitor has had made of the run, there or on their way, by student."""
    of_runs: dict[str, dict[str, Future[str]]] = st.session_state.setdefault(_ONNX, {})
    return of_runs.setdefault(f"{run.id}-{run.finished}", {})


def _prepared(run: Run) -> dict[str, bytes]:
    ready = {name: future for name, future in _files(run).items() if future.done() and not future.exception()}
    return {name: base64.b64decode(future.result()) for name, future in ready.items()}


def upload(store: RunStore, arrived: Callable[[Run], None]) -> None:
    """A place for the file of a run; `arrived` hears of the run that came in it, before the page is drawn."""
    number = st.session_state.setdefault(_UPLOADS, 0)
    st.file_uploader(
        "A bundle (.zip) that this program has exported, here or elsewhere",
        help=sentence("runs", "largest-upload", size=uploads.LARGEST),
        type="zip",
        key=f"bundle_{number}",
        max_upload_size=uploads.LARGEST,
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
