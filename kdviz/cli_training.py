"""The commands that train: `python -m kdviz train` and `compare`, and how what they made is shown."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import fmean
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from kdviz import cluster, comparison_tables, settings, tables, work
from kdviz.comparison import Comparison
from kdviz.console import FAILURE, INTERRUPTED, end
from kdviz.errors import PlainError
from kdviz.kinds import AnyRecipe, Ending, Event
from kdviz.recipe import Conditions, Recipe
from kdviz.records import Compared, Finished, Moment, Progress
from kdviz.runs import RunStore

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

Command = Callable[..., None]
Asked = TypeVar("Asked", bound=Conditions)

BEAT = 2.0  # seconds between two signs of life in the store
BAR = 1000  # steps of the progress bar


def options(kind: type[Conditions]) -> Callable[[Command], Command]:
    """One option for each field of a recipe, which alone knows what is allowed; and those of every training."""

    def add(command: Command) -> Command:
        command = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")(command)
        command = click.option("--again", is_flag=True, help="Train even if the store has this run's result.")(command)
        for name, field in reversed(kind.model_fields.items()):
            if name == "study":
                continue  # the command itself says which
            flag = "--" + name.replace("_", "-")
            text = f"{field.description}{_default(name, field.default)}"
            if field.annotation is bool:
                option = click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=text)
            else:
                option = click.option(flag, name, metavar="VALUE", default=None, help=text)
            command = option(command)
        return command

    return add


def _default(name: str, value: Any) -> str:
    if value is None:
        return " [default: all]" if "labels" in name else ""
    return f" [default: {','.join(map(str, value)) if isinstance(value, tuple) else value}]"


@click.command()
@options(Recipe)
def train(again: bool, as_json: bool, **values: Any) -> None:
    """Train a teacher, a student distilled from it, and the same student without a teacher."""
    _show(_carry_out(_asked(Recipe, values), again), as_json)


@click.command()
@options(Comparison)
def compare(again: bool, as_json: bool, **values: Any) -> None:
    """Teach the same student in several ways, with several seeds, under the same conditions."""
    _show(_carry_out(_asked(Comparison, values), again), as_json)


def text(ending: Ending) -> str:
    """What a run came to, as a table."""
    return comparison_tables.text(ending) if isinstance(ending, Compared) else tables.scores_table(ending)


def _asked(kind: type[Asked], values: dict[str, Any]) -> Asked:
    given = {name: value for name, value in values.items() if value is not None}
    return kind.suited(given.get("data", kind().data), given)


def _show(ending: Ending, as_json: bool) -> None:
    if as_json:
        document = comparison_tables.document(ending) if isinstance(ending, Compared) else tables.document(ending)
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"{tables.title(ending.recipe)}\nrun {ending.run_id}\n\n{text(ending)}")
    if not isinstance(ending, Compared):
        click.echo("\nOne seed: differences of a few images are chance.")


def _carry_out(recipe: AnyRecipe, again: bool) -> Ending:
    """The run's result: the one in the store, or a new one."""
    store = RunStore(settings.database_url())
    known = store.get(recipe.id)
    if known and known.result and not again:
        click.echo(f"Found run {known.id}, finished before; --again trains it once more.", err=True)
        return known.result
    if known and known.live:
        _end_elsewhere(recipe)
    if known and again:
        store.delete(recipe.id)
    if store.request(recipe).owner != store.owner:
        _end_elsewhere(recipe)
    return _train(recipe, store)


def _end_elsewhere(recipe: AnyRecipe) -> NoReturn:
    end(f"Run {recipe.id} is under way in another process; look at it there, or wait.", FAILURE)


def _train(recipe: AnyRecipe, store: RunStore) -> Ending:
    import torch

    torch.set_num_threads(cluster.torch_threads())  # as a worker of the app has: the same result to the last bit
    finished = store.finished(recipe.id)
    if finished:
        click.echo(f"Goes on where it was stopped; finished before: {_methods(finished)}.", err=True)
    store.begin(recipe.id)
    written, heard = 0, time.monotonic()
    bar = click.progressbar(length=BAR, label="training", show_eta=False, item_show_func=str, file=sys.stderr)
    try:
        with bar:
            for event in work.study(recipe, finished):
                if isinstance(event, Ending):
                    store.finish(recipe.id, event)
                    return event
                if time.monotonic() - heard > BEAT:
                    heard = time.monotonic()
                    store.heartbeat([recipe.id])
                if event is None:
                    continue
                written += 1
                store.append(recipe.id, [event], written)
                _advance(bar, event)
    except KeyboardInterrupt:
        store.cancel(recipe.id)
        end(_stopped(store.finished(recipe.id)), INTERRUPTED)
    except PlainError as error:
        store.fail(recipe.id, str(error))
        raise
    raise AssertionError("every run ends with a result")


def _stopped(finished: list[Finished]) -> str:
    if not finished:
        return "stopped; the run's progress is kept, its result is not."
    return f"stopped; finished methods are kept ({_methods(finished)}): the same command goes on with the rest."


def _methods(finished: list[Finished]) -> str:
    return ", ".join(part.method for part in finished)


def _advance(bar: ProgressBar[object], event: Event) -> None:
    if not isinstance(event, Progress | Moment):
        return
    whole = event.seconds / max(event.seconds + event.seconds_left, 1e-9)
    if isinstance(event, Progress):
        who, accuracy, speed = str(event.role), event.validation_accuracy, f"{event.images_per_second:,.0f} images/s, "
    else:
        who = event.method if event.stage == "student" else f"{event.method}, {event.stage}"
        accuracy, speed = fmean(event.validation_accuracy), ""
    now = f"{who} epoch {event.epoch}/{event.epochs}, validation {accuracy:.1%}, {speed}{event.seconds_left:.0f} s left"
    bar.update(round(whole * BAR) - bar.pos, now)
