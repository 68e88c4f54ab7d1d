"""The same work without a browser: `python -m kdviz`.

Progress goes to standard error, a readable table to standard output, and with --json one document and nothing else.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kdviz import cluster, settings
from kdviz.catalogue import DATA_SETS, SHIPPED_TEACHERS
from kdviz.errors import PlainError
from kdviz.recipe import Recipe, RecipeError
from kdviz.records import Progress, Result
from kdviz.runs import RunStore
from kdviz.tables import document, scores_table, table, title

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from kdviz.bench import Ratio

USAGE_ERROR, FAILURE, INTERRUPTED = 2, 1, 130
BEAT = 2.0  # seconds between two signs of life in the store
BAR = 1000  # steps of the progress bar


class PlainGroup(click.Group):
    """Ends a PlainError with its sentence: exit code 2 for bad values, 1 for everything else."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; its problems in plain words go to standard error."""
        try:
            return super().invoke(ctx)
        except RecipeError as error:
            _end(_as_option(str(error)), USAGE_ERROR)
        except PlainError as error:
            _end(str(error), FAILURE)


def _end(message: str, code: int) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    raise click.exceptions.Exit(code)


def _as_option(message: str) -> str:
    """`batch_size is 0; …` as the command line calls it: `--batch-size is 0; …`."""
    name, _, rest = message.partition(" ")
    return f"--{name.replace('_', '-')} {rest}" if name in Recipe.model_fields else message


@click.group(cls=PlainGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """kdviz: see what a network knows."""


def recipe_options(command: Callable[..., None]) -> Callable[..., None]:
    """One option for each field of a recipe, which alone knows what is allowed."""
    for name, field in reversed(Recipe.model_fields.items()):
        flag = "--" + name.replace("_", "-")
        shown = "all" if field.default is None else field.default
        text = f"{field.description} [default: {shown}]"
        if field.annotation is bool:
            option = click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=text)
        else:
            option = click.option(flag, name, metavar="VALUE", default=None, help=text)
        command = option(command)
    return command


@main.command()
@recipe_options
@click.option("--again", is_flag=True, help="Train even if the store has this run's result.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def train(again: bool, as_json: bool, **values: Any) -> None:
    """Train a teacher, a student distilled from it, and the same student without a teacher."""
    given = {name: value for name, value in values.items() if value is not None}
    recipe = Recipe.suited(given.get("data", Recipe().data), given)
    store = RunStore(settings.database_url())
    known = store.get(recipe.id)
    if known and known.result and not again:
        result = known.result
        click.echo(f"Found run {result.run_id}, finished before; --again trains it once more.", err=True)
    else:
        if known and known.live:
            _end(f"Run {recipe.id} is under way in another process; look at it there, or wait.", FAILURE)
        if known:
            store.delete(recipe.id)
        result = _train(recipe, store)
    if as_json:
        click.echo(json.dumps(document(result), indent=2))
        return
    click.echo(f"{title(recipe)}\nrun {result.run_id}\n")
    click.echo(scores_table(result))
    click.echo("\nOne seed: differences of a few images are chance.")


def _train(recipe: Recipe, store: RunStore) -> Result:
    import torch

    from kdviz.studies.single import run

    torch.set_num_threads(cluster.torch_threads())  # as a worker of the app has: the same result to the last bit
    store.request(recipe)
    store.begin(recipe.id)
    written, heard = 0, time.monotonic()
    bar = click.progressbar(length=BAR, label="training", show_eta=False, item_show_func=str, file=sys.stderr)
    try:
        with bar:
            for event in run(recipe):
                if isinstance(event, Result):
                    store.finish(recipe.id, event)
                    return event
                if time.monotonic() - heard > BEAT:
                    heard = time.monotonic()
                    store.heartbeat([recipe.id])
                if event is None:
                    continue
                written += 1
                store.append(recipe.id, [event], written)
                if isinstance(event, Progress):
                    _show(bar, event)
    except KeyboardInterrupt:
        store.cancel(recipe.id)
        _end("stopped; the run's progress is kept, its result is not.", INTERRUPTED)
    except PlainError as error:
        store.fail(recipe.id, str(error))
        raise
    raise AssertionError("every run ends with a result")


def _show(bar: ProgressBar[object], progress: Progress) -> None:
    whole = progress.seconds / (progress.seconds + progress.seconds_left)
    now = (
        f"{progress.role} epoch {progress.epoch}/{progress.epochs}, validation {progress.validation_accuracy:.1%}, "
        f"{progress.images_per_second:,.0f} images/s, {progress.seconds_left:.0f} s left"
    )
    bar.update(round(whole * BAR) - bar.pos, now)


@main.command("data")
@click.option("--data", "name", metavar="NAME", default=None, help=f"One of {', '.join(DATA_SETS)}; all if not given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def data_command(name: str | None, as_json: bool) -> None:
    """Find, check or download the data sets."""
    from kdviz import data

    names = list(DATA_SETS) if name is None else [Recipe.parse({"data": name}).data]
    rows = []
    for each in names:
        facts = DATA_SETS[each]
        row: dict[str, Any] = {
            "data": each,
            "training_images": facts.training_images,
            "validation_images": facts.validation_images,
            "test_images": facts.test_images,
            "teacher_ships": each in SHIPPED_TEACHERS,
        }
        try:
            data.load(each)
            row |= {"available": True, "problem": None}
        except PlainError as error:
            row |= {"available": False, "problem": str(error)}
        rows.append(row)
    if as_json:
        click.echo(json.dumps({"data_dir": str(settings.data_dir()), "data_sets": rows}, indent=2))
    else:
        click.echo(f"data folder: {settings.data_dir()}\n")
        cells = [
            [
                r["data"],
                *(f"{r[f'{split}_images']:,}" for split in ("training", "validation", "test")),
                "ready" if r["available"] else "missing",
            ]
            for r in rows
        ]
        click.echo(table(["", "training", "validation", "test", "state"], cells))
        for row in rows:
            if row["problem"]:
                click.echo(f"\n{row['data']}: {row['problem']}")
    if name is not None and not rows[0]["available"]:
        raise click.exceptions.Exit(FAILURE)


@main.command()
@click.option("--repetitions", type=click.IntRange(1, 50), default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def bench(repetitions: int, as_json: bool) -> None:
    """Time the training loop against the usual one and the machine, and the page server's start."""
    from kdviz import bench as benchmarks
    from kdviz import bench_server

    def say(step: str) -> None:
        click.echo(step, err=True)

    server = bench_server.measure()
    say(f"page server ready after {server.seconds:.2f} s")
    speed = benchmarks.measure(repetitions, say)
    if as_json:
        click.echo(json.dumps({"page_server": server.model_dump(), "training": speed.model_dump()}, indent=2))
        return
    rows = [
        ["faster than the usual loop, teacher's logits cached", *_ratio(speed.faster_than_usual_cached)],
        ["faster than the usual loop, with 1/5 of the teacher's pass", *_ratio(speed.faster_than_usual)],
        ["part of the machine's matrix-product limit", *_ratio(speed.of_machine_limit)],
    ]
    click.echo(
        f"An epoch of the reference recipe, {speed.images:,} images, {speed.machine}, {repetitions} times in turns"
    )
    click.echo(table(["", "median", "lowest", "highest"], rows))
    click.echo(
        f"\nPage server: ready after {server.seconds:.2f} s, {server.megabytes:.0f} MB before the first job"
        f" ({server.beside_megabytes:.0f} MB in {server.beside_processes} processes beside it)"
    )


def _ratio(ratio: Ratio) -> list[str]:
    return [f"{value:.2f}" for value in (ratio.median, ratio.low, ratio.high)]


@main.command()
@click.option("--data", "name", type=click.Choice(list(SHIPPED_TEACHERS)), required=True)
@click.option(
    "--output", type=click.Path(path_type=Path), default=None, help="File to write; default: the shipped one."
)
def teacher(name: str, output: Path | None) -> None:
    """Train the teacher that ships with the program again, and its pictures where they ship too."""
    from kdviz.studies import shipping

    def say(epoch: int, epochs: int, loss: float) -> None:
        if epoch % 10 == 0:
            click.echo(f"epoch {epoch} of {epochs}, loss {loss:.4f}", err=True)

    about = shipping.make(name, output, say)
    click.echo(json.dumps(about, indent=2))


@main.group()
def runs() -> None:
    """The runs in the store."""


@runs.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def runs_list(limit: int, as_json: bool) -> None:
    """The newest runs first."""
    found = RunStore(settings.database_url()).recent(limit)
    if as_json:
        click.echo(json.dumps([run.model_dump(mode="json") for run in found], indent=2))
        return
    if not found:
        click.echo("No runs yet: `python -m kdviz train` makes one.")
        return
    rows = [
        [
            run.id,
            run.status,
            run.recipe.data,
            run.recipe.student,
            f"{run.recipe.temperature:g}",
            f"{run.recipe.alpha:g}",
            f"{run.result.distilled.test_accuracy:.2%}" if run.result else "",
            f"{run.created:%Y-%m-%d %H:%M}",
        ]
        for run in found
    ]
    click.echo(table(["run", "status", "data", "student", "T", "alpha", "test accuracy", "asked for (UTC)"], rows))


@runs.command("show")
@click.argument("run_id")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def runs_show(run_id: str, as_json: bool) -> None:
    """One run: its recipe and its result."""
    run = RunStore(settings.database_url()).get(run_id)
    if run is None:
        _end(f"run {run_id} is not in the store; `python -m kdviz runs list` lists those that are.", USAGE_ERROR)
    if as_json:
        click.echo(run.model_dump_json(indent=2))
        return
    click.echo(f"{title(run.recipe)}\nrun {run.id}, {run.status}{f': {run.message}' if run.message else ''}")
    if run.result:
        click.echo("\n" + scores_table(run.result))


@main.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8501, show_default=True)
def app(port: int) -> None:
    """Start the app."""
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    raise click.exceptions.Exit(subprocess.run(command, cwd=root, check=False).returncode)
