"""The same work without a browser: `python -m kdviz`.

Progress goes to standard error, a readable table to standard output, and with --json one document and nothing else.
"""

import json
import os
import re
import sys
import threading
import urllib.request
import webbrowser
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from kdviz import settings
from kdviz.cli import reach, server_process
from kdviz.cli.compression import compress, measure
from kdviz.cli.console import FAILURE, PlainGroup, json_option, options, recipe_of, show
from kdviz.cli.local import carry_out
from kdviz.cli.record import record
from kdviz.cli.runs import runs
from kdviz.cli.study import study
from kdviz.cli.sweep import sweep
from kdviz.errors import PlainError
from kdviz.recipes.base import Request
from kdviz.recipes.catalogue import DATA_SETS, SHIPPED_TEACHERS
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.letters import NOVEL
from kdviz.recipes.single import Recipe
from kdviz.reports.text import table
from kdviz.store import data_files
from kdviz.store.classes import ClassStore, seat_address
from kdviz.store.rights import KEY

_SPLITS = ("training", "validation", "test")


@click.group(cls=PlainGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """kdviz: see what a network knows."""


for command in (sweep, study, runs, record, compress, measure):
    main.add_command(command)


@main.command()
@options(Recipe)
def train(again: bool, as_json: bool, **values: Any) -> None:
    """Train a teacher, a student distilled from it, and the same student without a teacher."""
    show(carry_out(recipe_of(Recipe, values), again), as_json)
    if not as_json:
        click.echo("\nOne seed: differences of a few images are chance.")


@main.command()
@options(Comparison)
def compare(again: bool, as_json: bool, **values: Any) -> None:
    """Teach the same student in several ways, with several seeds, under the same conditions."""
    show(carry_out(recipe_of(Comparison, values), again), as_json)


@main.command("data")
@click.option(
    "--data",
    "chosen",
    metavar="NAME",
    default=None,
    help=f"One of {', '.join(DATA_SETS)}, or own files; all if not given.",
)
@json_option
def data_command(chosen: str | None, as_json: bool) -> None:
    """Find, check or download the data sets."""
    names = [*DATA_SETS, *(own.name for own in data_files.all_own())]
    if chosen is not None:
        names = [Request.parse({"data": chosen}).data]
    found = {name: _look_for(name) for name in names}
    images = {name: {split: getattr(DATA_SETS[name], f"{split}_images") for split in _SPLITS} for name in names}
    if as_json:
        rows = [
            {
                "data": name,
                **{f"{split}_images": number for split, number in images[name].items()},
                "teacher_ships": name in SHIPPED_TEACHERS,
                "available": found[name].problem is None,
                "problem": found[name].problem,
                "read_from": found[name].elsewhere,
            }
            for name in names
        ]
        click.echo(json.dumps({"data_dir": str(settings.data_dir()), "data_sets": rows}, indent=2))
    else:
        click.echo(f"data folder: {settings.data_dir()}\n")
        cells = [[name, *(f"{number:,}" for number in images[name].values()), found[name].state] for name in names]
        click.echo(table(["", *_SPLITS, "state"], cells))
        for name in names:
            if found[name].problem:
                click.echo(f"\n{name}: {found[name].problem}")
            elif found[name].elsewhere:
                click.echo(f"\n{name}: read from {', '.join(found[name].elsewhere)}.")
    if chosen is not None and found[names[0]].problem:
        raise click.exceptions.Exit(FAILURE)


@dataclass(frozen=True)
class _Found:
    """A data set looked for: why it cannot be had, or which of its files are not where they belong."""

    problem: str | None
    elsewhere: list[str]
    state: str


def _look_for(name: str) -> _Found:
    from kdviz.engine import data

    try:
        facts = data.load(name).facts
    except PlainError as error:
        there = any(data_files.named(DATA_SETS[name], file) for file in DATA_SETS[name].files)
        return _Found(str(error), [], "refused" if there else "missing")
    elsewhere = data_files.elsewhere(facts, data_files.find(facts)) if facts.files else []
    return _Found(None, [str(path) for path in elsewhere], "own files" if facts.own else "ready")


@main.command()
@click.option(
    "--repetitions", type=click.IntRange(1, 50), default=None, help="How often. [default: 5, or 2 with --quick]"
)
@click.option("--quick", is_flag=True, help="Within a minute: a tenth of the images, so with wider ranges.")
@json_option
def bench(repetitions: int | None, quick: bool, as_json: bool) -> None:
    """Time training against the usual loop and the machine, a comparison, a sweep, the playground, and the server."""
    from kdviz.bench import benchmark
    from kdviz.bench.timing import FULL, QUICK

    effort = QUICK if quick else FULL
    if repetitions is not None:
        effort = replace(effort, repetitions=repetitions)
    measured = benchmark.measure(effort, lambda step: click.echo(step, err=True))
    click.echo(measured.model_dump_json(indent=2) if as_json else benchmark.text(measured, effort))


@main.command()
@click.option("--data", "name", type=click.Choice([*SHIPPED_TEACHERS, NOVEL]), required=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    help="File to write the trained one to, and nothing else, of the novel a folder; default: the shipped ones.",
)
@click.option(
    "--playground", "others", is_flag=True, help="Only the playground's other teachers; the trained one stays."
)
@click.option(
    "--students", is_flag=True, help="Only the small students of the lesson After distillation; the teachers stay."
)
def teacher(name: str, output: Path | None, others: bool, students: bool) -> None:
    """Train the teachers that ship with the program again, and make the pictures and packs that ship with them."""
    if students and others:
        raise click.UsageError("--students and --playground exclude each other: each makes only its own.")
    if others and output is not None:
        raise click.UsageError("--output is for the trained teacher, which --playground leaves as it is.")
    if name == NOVEL and (students or others):
        raise click.UsageError(f"--students and --playground are for images; {NOVEL} has a teacher and its student.")
    from kdviz.runners import playground, shipped_letters, shipped_students
    from kdviz.runners import shipped_teacher as shipping

    def say(epoch: int, epochs: int, loss: float) -> None:
        if epoch % 10 == 0:
            click.echo(f"epoch {epoch} of {epochs}, loss {loss:.4f}", err=True)

    if name == NOVEL:
        if output is not None:
            output.mkdir(parents=True, exist_ok=True)
        click.echo(json.dumps(shipped_letters.make(output, say), indent=2))
        return
    if students:
        click.echo(json.dumps(shipped_students.make(name, output, say), indent=2))
        return
    about = {} if others else shipping.make(name, output, say)
    if output is None:
        about["playground"] = playground.make(name, say)
    click.echo(json.dumps(about, indent=2))


def _checked_path(_context: click.Context, _option: click.Parameter, path: str) -> str:
    """The path without the slashes around it."""
    if not re.fullmatch(r"[\w.~@%+/-]*", path, re.ASCII):
        raise click.BadParameter(f"it is {path}; it takes the path of an address, /lab/kdviz for instance.")
    return path.strip("/")


def _checked_origins(_context: click.Context, _option: click.Parameter, origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        if not re.fullmatch(r"https?://[\w.:\[\]-]+", origin, re.ASCII):
            raise click.BadParameter(f"it is {origin}; it takes a host as in https://hub.example.org.")
    return origins


def _checked_frames(_context: click.Context, _option: click.Parameter, frames: tuple[str, ...]) -> tuple[str, ...]:
    for frame in frames:
        if not settings.FRAME.fullmatch(frame):
            raise click.BadParameter(f"it is {frame}; it takes a host as in https://example.org, or * for all.")
    return frames


@main.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8501, show_default=True)
@click.option(
    "--address",
    default=None,
    show_default="127.0.0.1, with --class 0.0.0.0",
    help="Listen at this network address; by default this machine alone reaches the app. 0.0.0.0 lets the network in.",
)
@click.option(
    "--class",
    "holds_class",
    is_flag=True,
    help="Open a class, or go on with the one that is open: phones of the same network follow the stage.",
)
@click.option(
    "--base-path",
    default="",
    callback=_checked_path,
    help="The path under which a proxy shows the app: /lab/kdviz.",
)
@click.option(
    "--origin",
    "origins",
    multiple=True,
    callback=_checked_origins,
    help="Where browsers see the app if a proxy changes the host: https://hub.example.org. May be given several times.",
)
@click.option(
    "--embed-in",
    "frames",
    multiple=True,
    callback=_checked_frames,
    help="Whose pages may show the app in a frame: https://example.org, * for all. May be given several times.",
)
@click.option("--no-browser", is_flag=True, help="Open no browser window.")
def app(
    port: int,
    address: str | None,
    holds_class: bool,
    base_path: str,
    origins: tuple[str, ...],
    frames: tuple[str, ...],
    no_browser: bool,
) -> None:
    """Start the app."""
    address = address or (reach.ALL if holds_class else settings.LOOPBACK[0])
    root = Path(__file__).resolve().parents[2]
    given = {
        "server.port": str(port),
        "server.address": address,
        "server.baseUrlPath": base_path,
        "server.headless": "true" if no_browser else "",
    }
    flags = [f"--{name}={value}" for name, value in given.items() if value]
    flags += [f"--server.corsAllowedOrigins={origin}" for origin in origins]
    command = [sys.executable, "-m", "streamlit", "run", ".streamlit/serve.py", *flags]
    proxied = bool(base_path or origins)
    key, here = reach.key_for(address, proxied), reach.start_page(address, port, base_path)
    opened = _open_class() if holds_class else ""
    if opened and key and not (settings.presenter_key() or settings.needs_no_key()):
        with suppress(OSError):  # where nothing can be kept it is a new one each time
            key = reach.key_of_class(settings.state_dir(), opened, key)
    for line in reach.in_words(address, reach.start_page(address, port, base_path, origins), key, proxied):
        click.echo(line, err=True)
    seats_at = settings.class_address() or reach.seats_page(address, port, base_path, origins) if opened else ""
    for line in reach.class_in_words(seat_address(seats_at, opened)) if opened else ():
        click.echo(line, err=True)
    ended = threading.Event()
    if not no_browser and _has_a_screen():
        shown = f"?{KEY}={key}" if key not in ("", settings.NO_KEY) else ""  # once: then the browser keeps a cookie
        threading.Thread(target=_open_when_ready, args=(here, shown, ended), daemon=True).start()
    try:
        told = {
            "KDVIZ_PRESENTER_KEY": key,
            "KDVIZ_EMBED_IN": " ".join(frames),
            "KDVIZ_CLASS_ADDRESS": seats_at,
        }
        environment = {**os.environ, **{name: text for name, text in told.items() if text}}
        code = server_process.run(command, root, environment)
    finally:
        ended.set()
    raise click.exceptions.Exit(code)


def _open_class() -> str:
    """Open a class, or go on with the one that is open; its code."""
    if kept_for_now := settings.make_state_dir():
        click.echo(kept_for_now, err=True)
    store = ClassStore(settings.database_url())
    code = store.begin()
    store.close()
    return code


def _has_a_screen() -> bool:
    """Whether a browser window could be opened here."""
    return not sys.platform.startswith("linux") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())


def _open_when_ready(start: str, query: str, ended: threading.Event) -> None:
    """Open the first page in the browser once the server answers, unless it has ended before."""
    while not ended.wait(0.2):
        with suppress(OSError), urllib.request.urlopen(f"{start}_stcore/health", timeout=1):
            webbrowser.open(f"{start}{query}")
            return
