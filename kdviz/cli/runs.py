"""The commands about runs that are there: `python -m kdviz runs list|show|export|import|delete|restore`."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from kdviz import settings
from kdviz.cli.console import FAILURE, USAGE_ERROR, end
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.base import Learnt
from kdviz.records.comparison import Compared, Finished
from kdviz.records.kinds import AnyRecipe
from kdviz.records.single import Result
from kdviz.records.study import FinishedArm, Studied
from kdviz.records.sweep import FinishedStack
from kdviz.reports import study as study_tables
from kdviz.reports import sweep as sweep_tables
from kdviz.reports.ending import text, title
from kdviz.reports.text import numbers, ranges, table
from kdviz.store.run import Run
from kdviz.store.runs import RunStore

if TYPE_CHECKING:
    from kdviz.store.run import Bundle

# How the file of each format ends.
FORMATS = MappingProxyType(
    {
        "csv": "csv",
        "parquet": "parquet",
        "json": "json",
        "safetensors": "safetensors",
        "onnx": "onnx",
        "card": "md",
        "script": "py",
        "bundle": "kdviz.zip",
    }
)
_OF_STUDENT = ("safetensors", "onnx", "card")


@click.group()
def runs() -> None:
    """The runs in the store."""


@runs.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--deleted", is_flag=True, help="Those that were deleted within a day and can be restored.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def runs_list(limit: int, deleted: bool, as_json: bool) -> None:
    """The newest runs first."""
    store = _store()
    found = store.discarded()[:limit] if deleted else store.recent(limit)
    if as_json:
        click.echo(json.dumps([run.model_dump(mode="json") for run in found], indent=2))
        return
    if not found:
        click.echo("No deleted runs." if deleted else "No runs yet: `python -m kdviz train` makes one.")
        return
    header = ["run", "status", "data", "student", "T", "alpha", "what", "test accuracy", "asked for (UTC)", "tags"]
    click.echo(table(header, map(_listed, found)))


@runs.command("show")
@click.argument("run_id", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def runs_show(run_id: str, as_json: bool) -> None:
    """One run: its recipe and its result, or what of it is finished."""
    store = _store()
    run = _found(store, run_id)
    if as_json:
        click.echo(run.model_dump_json(indent=2))
        return
    click.echo(f"{title(run.recipe)}\nrun {run.id}, {run.status}{f': {run.message}' if run.message else ''}")
    if run.tags:
        click.echo(f"tags: {', '.join(run.tags)}")
    if run.note:
        click.echo(f"note: {run.note}")
    if students := store.students(run_id):
        click.echo(f"students kept: {', '.join(students)}")
    if run.result:
        click.echo("\n" + text(run.result))
        return
    finished = store.finished(run_id)
    if isinstance(run.recipe, Sweep):
        stacks = [part for part in finished if isinstance(part, FinishedStack)]
        click.echo("\n" + sweep_tables.text_so_far(run.recipe, stacks))
    elif isinstance(run.recipe, Study):
        arms = [part for part in finished if isinstance(part, FinishedArm)]
        click.echo("\n" + study_tables.text_so_far(run.recipe, arms))
    elif methods := [part.method for part in finished if isinstance(part, Finished)]:
        click.echo(f"finished so far: {', '.join(methods)}")


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
    """A run as a file: results (csv, parquet, json), its student (safetensors, onnx, card), a script, or a bundle."""
    from kdviz.exports import results as exports  # pandas takes half a second

    store = _store()
    run = _found(store, run_id)
    learnt = _student(store, run, student) if form in _OF_STUDENT else None
    several = learnt is not None and len(store.students(run.id)) > 1
    ending = f"{learnt.name}.{FORMATS[form]}" if learnt and several else FORMATS[form]
    path = output or Path(exports.file_name(run, ending))
    if path.exists() and not force:
        end(f"{path} is there already; --force writes over it, --output names another file.", USAGE_ERROR)
    content = _content(store, run, form, learnt, with_onnx)
    try:
        with path.open("wb" if force else "xb") as file:
            file.write(content)
    except OSError as error:
        end(f"{path} cannot be written: {error.strerror}.", FAILURE)
    click.echo(f"{path}, {len(content):,} bytes")


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
    store = _store()
    store.restore([bundle.run.id])
    before = store.get(bundle.run.id)
    run = store.adopt(bundle)
    click.echo(f"{title(run.recipe)}\n{_taken(run, before, bundle)}")


@runs.command("delete")
@click.argument("run_ids", metavar="RUN...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
def runs_delete(run_ids: tuple[str, ...], yes: bool) -> None:
    """Delete runs; for a day, `runs restore` brings them back."""
    store = _store()
    for run_id in run_ids:
        _found(store, run_id)
    what = f"run {run_ids[0]}" if len(run_ids) == 1 else f"{len(run_ids)} runs"
    if not yes:
        if not _asks():
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
    store = _store()
    there = {run.id for run in store.discarded()}
    for run_id in run_ids:
        if run_id not in there:
            end(f"run {run_id} is not among the deleted ones; `runs list --deleted` lists them.", USAGE_ERROR)
    store.restore(run_ids)
    click.echo(f"Restored {', '.join(run_ids)}.")


def _asks() -> bool:
    """Whether there is a person to be asked."""
    return sys.stdin.isatty()


def _store() -> RunStore:
    return RunStore(settings.database_url())


def _found(store: RunStore, run_id: str) -> Run:
    run = store.get(run_id)
    if run is None:
        end(f"run {run_id} is not in the store; `python -m kdviz runs list` lists those that are.", USAGE_ERROR)
    return run


def _listed(run: Run) -> list[str]:
    recipe = run.recipe
    return [
        run.id,
        run.status,
        recipe.data,
        *_what(recipe),
        _accuracy(run),
        f"{run.created:%Y-%m-%d %H:%M}",
        ", ".join(run.tags),
    ]


def _what(recipe: AnyRecipe) -> list[str]:
    """Student, T, alpha, and what else tells a run from its neighbours."""
    if isinstance(recipe, Sweep):
        students = ",".join(recipe.students or (recipe.student,))
        cells = f"{len(recipe.cells)} cells, seeds {ranges(recipe.seeds)}"
        return [students, numbers(recipe.temperatures), numbers(recipe.alphas), cells]
    if isinstance(recipe, Study):
        return ["", "", "", f"{recipe.study}, {len(recipe.chosen)} arms, seeds {ranges(recipe.seeds)}"]
    alone = [recipe.student, f"{recipe.temperature:g}", f"{recipe.alpha:g}"]
    if isinstance(recipe, Comparison):
        return [*alone, f"{len(recipe.methods)} methods, seeds {ranges(recipe.seeds)}"]
    return [*alone, f"seed {recipe.seed}"]


def _accuracy(run: Run) -> str:
    """Of the distilled student, or of what was chosen; a comparison has one for each method, a study for each arm."""
    if run.result is None or isinstance(run.result, Compared | Studied):
        return ""
    if isinstance(run.result, Result):
        return f"{run.result.distilled.test_accuracy:.2%}"
    return f"{run.result.choice.test_accuracy.mean:.2%}" if run.result.choice else ""


def _student(store: RunStore, run: Run, name: str | None) -> Learnt:
    names = store.students(run.id)
    if not names:
        end(f"run {run.id} keeps no student: it has not finished, or it was made before students were kept.", FAILURE)
    if name is None and len(names) > 1:
        end(f"run {run.id} keeps several students; --student takes one of {', '.join(names)}.", USAGE_ERROR)
    found = store.student(run.id, name or names[0])
    if found is None:
        end(f"--student is {name}; it takes one of {', '.join(names)}.", USAGE_ERROR)
    return found


def _content(store: RunStore, run: Run, form: str, learnt: Learnt | None, with_onnx: bool) -> bytes:
    from kdviz.exports import bundles
    from kdviz.exports import model_cards as cards
    from kdviz.exports import results as exports

    if form == "bundle":
        students = [store.student(run.id, name) for name in store.students(run.id)] if with_onnx else []
        return bundles.pack_stored(store, run, {each.name: _onnx(run, each) for each in students if each})
    if form == "script":
        return exports.script(run.recipe, run.result.threads if run.result else None).encode()
    if learnt is not None:
        makers: dict[str, Callable[[Learnt], bytes]] = {
            "safetensors": lambda learnt: base64.b64decode(learnt.weights),
            "onnx": lambda learnt: _onnx(run, learnt),
            "card": lambda learnt: cards.model_card(run, learnt.name).encode(),
        }
        return makers[form](learnt)
    tables: dict[str, Callable[[Run], bytes]] = {
        "csv": exports.as_csv,
        "parquet": exports.as_parquet,
        "json": exports.as_json,
    }
    return tables[form](run)


def _onnx(run: Run, learnt: Learnt) -> bytes:
    from kdviz.engine import onnx_files
    from kdviz.exports import model_cards as cards

    return onnx_files.onnx_file(learnt, cards.about(run, learnt.name))


def _taken(run: Run, before: Run | None, bundle: Bundle) -> str:
    if before is None or (before.result is None and run.result is not None):
        return f"Imported run {run.id}, {run.status}, with {_counted(bundle.students)}."
    return f"Run {run.id} was here already, {run.status}: nothing was written over, what was missing was added."


def _counted(students: Sequence[Learnt]) -> str:
    return {0: "no student", 1: "one student"}.get(len(students), f"{len(students)} students")
