"""The same work without a browser: `python -m kdviz`.

Progress goes to standard error, a readable table to standard output, and with --json one document and nothing else.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kdviz import settings
from kdviz.cli.console import FAILURE, PlainGroup
from kdviz.cli.runs import runs
from kdviz.cli.study import study
from kdviz.cli.sweep import sweep
from kdviz.cli.train import compare, train
from kdviz.errors import PlainError
from kdviz.recipes.catalogue import DATA_SETS, SHIPPED_TEACHERS
from kdviz.recipes.single import Recipe
from kdviz.reports.text import table

if TYPE_CHECKING:
    from kdviz.bench.training import Ratio


@click.group(cls=PlainGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """kdviz: see what a network knows."""


main.add_command(train)
main.add_command(compare)
main.add_command(sweep)
main.add_command(study)
main.add_command(runs)


@main.command("data")
@click.option("--data", "name", metavar="NAME", default=None, help=f"One of {', '.join(DATA_SETS)}; all if not given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def data_command(name: str | None, as_json: bool) -> None:
    """Find, check or download the data sets."""
    from kdviz.engine import data

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
    """Time the training loop against the usual one and the machine, a comparison, a sweep, and the server's start."""
    from kdviz.bench import comparison as bench_comparison
    from kdviz.bench import server as bench_server
    from kdviz.bench import sweep as bench_sweep
    from kdviz.bench import training as benchmarks

    def say(step: str) -> None:
        click.echo(step, err=True)

    server = bench_server.measure()
    say(f"page server ready after {server.seconds:.2f} s")
    speed = benchmarks.measure(repetitions, say)
    comparison = bench_comparison.measure(repetitions, say)
    sweep = bench_sweep.measure(repetitions, say)
    if as_json:
        measured = {"page_server": server, "training": speed, "comparison": comparison, "sweep": sweep}
        click.echo(json.dumps({name: each.model_dump() for name, each in measured.items()}, indent=2))
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
    rows = [
        ["in turns, against one method after the other", *_ratio(comparison.turns_cost)],
        [f"{bench_comparison.SEEDS} students stacked, faster than one by one", *_ratio(comparison.stacked_gain)],
    ]
    whole = statistics.median(comparison.whole_seconds)
    click.echo(
        f"\nAn epoch of the default comparison, {len(bench_comparison.COMPARISON.methods)} methods, one seed, "
        f"its teachers' training included: {whole:.1f} s"
    )
    click.echo(table(["", "median", "lowest", "highest"], rows))
    rows = [
        ["5 x 5 grid with alpha = 0, 21 students, faster than 25 usual loops", *_ratio(sweep.grid_faster)],
        ["5 x 5 grid without alpha = 0, 26 students, faster than 25 usual loops", *_ratio(sweep.different_faster)],
        ["time of a student among 64, against one alone", *_ratio(sweep.size_ratio)],
    ]
    click.echo("\nAn epoch of sweeps, the teacher being there")
    click.echo(table(["", "median", "lowest", "highest"], rows))
    seconds = [f"{each:.3f} s" for each in sweep.seconds_of_student]
    memory = [f"{each / 1e6:.1f} MB" for each in sweep.memory]
    sizes = zip_longest(map(str, sweep.sizes), seconds, memory, fillvalue="")
    click.echo(table([f"students ({bench_sweep.IMAGES:,} images)", "each", "memory"], sizes))
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
    from kdviz.runners import shipped_teacher as shipping

    def say(epoch: int, epochs: int, loss: float) -> None:
        if epoch % 10 == 0:
            click.echo(f"epoch {epoch} of {epochs}, loss {loss:.4f}", err=True)

    about = shipping.make(name, output, say)
    click.echo(json.dumps(about, indent=2))


@main.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8501, show_default=True)
def app(port: int) -> None:
    """Start the app."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    raise click.exceptions.Exit(subprocess.run(command, cwd=root, check=False).returncode)
