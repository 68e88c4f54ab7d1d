"""The commands about runs that are there: `python -m kdviz runs list|show|export|import|delete|restore|anew|tidy`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from kdviz import settings
from kdviz.cli.console import FAILURE, USAGE_ERROR, end, json_option
from kdviz.cli.kept import run_of, stored_student, the_store
from kdviz.records.base import TrainedStudent
from kdviz.records.compressed import CompressedStudent
from kdviz.reports.kinds import report_of
from kdviz.reports.phrases import with_prefix
from kdviz.reports.text import table
from kdviz.store.database import DamagedError, set_aside
from kdviz.store.run import Run
from kdviz.store.runs import RunStore
from kdviz.store.tidy import DATABASE, REMADE, Kept, clear, kept

# How the file of each format ends.
FORMATS: Mapping[str, str] = {
    **{name: name for name in ("csv", "parquet", "json", "safetensors", "onnx", "html")},
    **{"pytorch": "pt", "card": "md", "script": "py", "bundle": "kdviz.zip"},
}
_OF_STUDENT = ("safetensors", "onnx", "pytorch", "html", "card")


@click.group()
def runs() -> None:
    """The runs in the store."""


@runs.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--deleted", is_flag=True, help="Those that were deleted within a day and can be restored.")
@json_option
def runs_list(limit: int, deleted: bool, as_json: bool) -> None:
    """The newest runs first."""
    store = the_store()
    newest = store.discarded()[:limit] if deleted else store.recent(limit)
    if as_json:
        click.echo(json.dumps([run.model_dump(mode="json") for run in newest], indent=2))
    elif newest:
        header = ["run", "status", "data", "student", "T", "alpha", "what", "test accuracy", "asked for (UTC)", "tags"]
        click.echo(table(header, map(_row, newest)))
    else:
        click.echo("No deleted runs." if deleted else "No runs yet: `python -m kdviz train` makes one.")


@runs.command("show")
@click.argument("run_id", metavar="RUN")
@json_option
def runs_show(run_id: str, as_json: bool) -> None:
    """One run: its recipe and its result, or what of it is finished."""
    store = the_store()
    run = run_of(store, run_id)
    if as_json:
        click.echo(run.model_dump_json(indent=2))
        return
    report = report_of(run.recipe)
    state = f"{run.status}: {run.message}" if run.message else run.status
    click.echo(f"{report.title(run.recipe)}\nrun {run.id}, {state}")
    kept = {"tags": ", ".join(run.tags), "note": run.note, "students kept": ", ".join(store.students(run_id))}
    for name, words in kept.items():
        if words:
            click.echo(f"{name}: {words}")
    if run.result:
        click.echo("\n" + report.text(run.result))
    elif so_far := report.text_so_far(run.recipe, store.finished(run_id)):
        click.echo(so_far)


@runs.command("export")
@click.argument("run_id", metavar="RUN")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), required=True, help="What to write.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="File to write; default: one in this folder, named after data set and run.",
)
@click.option("--student", default=None, help="Which student, where the run keeps several.")
@click.option("--with-onnx", is_flag=True, help="In a bundle, the students as ONNX files as well.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def runs_export(run_id: str, form: str, output: Path | None, student: str | None, with_onnx: bool, force: bool) -> None:
    """A run as a file: results (csv, parquet, json), a script, a bundle, or its student.

    The student as safetensors (single precision, before rounding), onnx, pytorch (a state file that needs no kdviz),
    html (a page to draw on, with the student inside), or its card. --student takes compressed ones too, but for cards.
    """
    from kdviz.exports import loading, results  # pandas takes half a second

    store = the_store()
    run = run_of(store, run_id)
    smaller = next((kept for kept in store.compressed(run.id) if kept.learnt.name == student), None)
    if smaller is not None and form == "card":
        end(f"--student is {student}; cards are of the run's own students, as {smaller.of}.", USAGE_ERROR)
    learnt = smaller.learnt if smaller else stored_student(store, run, student) if form in _OF_STUDENT else None
    several = smaller is not None or (student is not None and len(store.students(run.id)) > 1)
    ending = f"{learnt.name}.{FORMATS[form]}" if learnt and several else FORMATS[form]
    path = output or Path(results.file_name(run, ending))
    if path.exists() and not force:
        end(f"{path} is there already; --force writes over it, --output names another file.", USAGE_ERROR)
    if learnt is not None and form != "card":
        content = _student_file(run, form, learnt, smaller)
    else:
        content = _content(store, run, form, learnt, with_onnx)
    try:
        with path.open("wb" if force else "xb") as file:
            file.write(content)
    except OSError as error:
        end(f"{path} cannot be written: {error.strerror}.", FAILURE)
    click.echo(f"{path}, {len(content):,} bytes")
    if learnt is not None and form in loading.FORMATS:
        scheme = smaller.compression.quantize if smaller and form == "pytorch" else "none"
        click.echo("\nTo load it without kdviz, for images as grey levels, uint8 of the shape (N, 28, 28):\n")
        click.echo(loading.lines(form, path.name, learnt.architecture, scheme), nl=False)


@runs.command("import")
@click.argument("file", type=click.Path(path_type=Path))
def runs_import(file: Path) -> None:
    """Take over a bundle that `runs export --format bundle` or the app wrote."""
    from kdviz.exports import bundles

    try:
        if file.stat().st_size > bundles.MOST_BYTES:
            end(f"{file} is too large; a bundle has up to {bundles.MOST_BYTES // 1_000_000} MB.", FAILURE)
        content = file.read_bytes()
    except OSError as error:
        end(f"{file} cannot be read: {error.strerror}.", FAILURE)
    bundle = bundles.unpack(content)
    store = the_store()
    known = store.get(bundle.id) is not None
    run = store.adopt(bundle)
    title, number = report_of(run.recipe).title(run.recipe), len(bundle.students) + len(bundle.compressed)
    click.echo(f"{title}\n{_imported(run, known or run.id != bundle.id, number)}")


@runs.command("delete")
@click.argument("run_ids", metavar="RUN...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
def runs_delete(run_ids: tuple[str, ...], yes: bool) -> None:
    """Delete runs; for a day, `runs restore` brings them back."""
    store = the_store()
    for run_id in run_ids:
        run_of(store, run_id)
    what = f"run {run_ids[0]}" if len(run_ids) == 1 else f"{len(run_ids)} runs"
    if not yes:
        if not _interactive():
            end(f"nothing was deleted; --yes deletes {what} without asking.", USAGE_ERROR)
        if not click.confirm(f"Delete {what}?", err=True):
            end("nothing was deleted.", FAILURE)
    store.discard(run_ids)
    click.echo(
        f"Deleted {what}; for a day, `python -m kdviz runs restore {' '.join(run_ids)}` brings back what it was."
    )


@runs.command("restore")
@click.argument("run_ids", metavar="RUN...", nargs=-1, required=True)
def runs_restore(run_ids: tuple[str, ...]) -> None:
    """Bring back runs that were deleted within a day."""
    store = the_store()
    deleted = {run.id for run in store.discarded()}
    for run_id in run_ids:
        if run_id not in deleted:
            end(f"run {run_id} is not among the deleted ones; `runs list --deleted` lists them.", USAGE_ERROR)
    store.restore(run_ids)
    click.echo(f"Restored {', '.join(run_ids)}.")


@runs.command("anew")
def runs_anew() -> None:
    """Set a damaged run store aside and begin a new one."""
    url = settings.database_url()
    try:
        RunStore(url).recent(1)
    except DamagedError:
        kept = set_aside(url)
        RunStore(url)
        click.echo(f"The damaged run store is kept as {kept}; a new one begins.")
    else:
        click.echo("The run store can be read: it stays as it is.")


@runs.command("tidy")
@click.argument("names", metavar="[WHAT]...", nargs=-1, type=click.Choice([DATABASE, *REMADE]))
@click.option("--yes", is_flag=True, help="Clear it; without, only say what there is.")
def runs_tidy(names: tuple[str, ...], yes: bool) -> None:
    """What takes room, and a way to clear it: the database, teachers, galleries, packs, damaged; all if none is named.

    Runs stay as they are.
    """
    before = kept()
    chosen = [name for name in before if name in names or not names]
    if yes:
        clear(the_store(), chosen)
    after = kept()
    rows = [
        (name, _bytes(before[name]), *([_bytes(after[name])] if yes else []), before[name].remark) for name in chosen
    ]
    click.echo(table(["what", "takes", *(["now"] if yes else []), "cleared"], rows))
    if not yes:
        click.echo("\nNothing was cleared: --yes does it.")


def _bytes(what: Kept) -> str:
    return with_prefix(what.bytes, "B")


def _interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty()


def _row(run: Run) -> list[str]:
    report = report_of(run.recipe)
    return [
        run.id,
        run.state,
        run.recipe.data,
        *report.columns(run.recipe),
        report.accuracy(run.result) if run.result else "",
        f"{run.created:%Y-%m-%d %H:%M}",
        ", ".join(run.tags),
    ]


def _content(store: RunStore, run: Run, form: str, student: TrainedStudent | None, with_onnx: bool) -> bytes:
    from kdviz.exports import bundles, model_cards, results

    if form == "bundle":
        students = [store.student(run.id, name) for name in store.students(run.id)] if with_onnx else []
        return bundles.pack_stored(store, run, {kept.name: _onnx(run, kept) for kept in students if kept})
    if form == "script":
        return results.script(run.recipe, run.result.threads if run.result else None).encode()
    if student is None:
        return {"csv": results.as_csv, "parquet": results.as_parquet, "json": results.as_json}[form](run)
    return model_cards.model_card(run, student.name).encode()


def _student_file(run: Run, form: str, student: TrainedStudent, smaller: CompressedStudent | None) -> bytes:
    """A student's file, of a compressed one too; ends the command where the format cannot express it."""
    from kdviz.engine import torch_files
    from kdviz.engine.compression import files
    from kdviz.engine.compression.errors import CompressionError
    from kdviz.exports import model_cards, take_home

    try:
        if form == "safetensors":
            return student.weights
        if form == "html":
            return take_home.page(student, run.recipe.data, take_home.right(run, student.name, smaller))
        if smaller is None:
            return torch_files.torch_file(student) if form == "pytorch" else _onnx(run, student)
        if form == "pytorch":
            return files.torch_file(smaller)
        return files.onnx_file(smaller, run.recipe.data, model_cards.about(run, student.name))
    except (CompressionError, take_home.TakeHomeError) as error:
        end(str(error), USAGE_ERROR)


def _onnx(run: Run, learnt: TrainedStudent) -> bytes:
    from kdviz.engine import onnx_files
    from kdviz.exports import model_cards

    return onnx_files.onnx_file(learnt, model_cards.about(run, learnt.name))


def _imported(run: Run, known: bool, number: int) -> str:
    if known:
        return f"Run {run.id} is here already, {run.state}: nothing was written."
    students = {0: "no student", 1: "one student"}.get(number, f"{number} students")
    return f"Imported as run {run.id}, {run.status}, with {students}: shown, and never taken for a run of this machine."
