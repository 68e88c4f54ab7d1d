"""The commands that train in this process: `python -m kdviz train` and `compare`, and how what they made is shown."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from statistics import fmean
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from kdviz import cluster, comparison_tables, settings, sweep_tables, tables, work
from kdviz.comparison import Comparison
from kdviz.console import FAILURE, INTERRUPTED, end
from kdviz.errors import PlainError
from kdviz.kinds import AnyRecipe, Ending, Event, Part
from kdviz.recipe import Conditions, Recipe
from kdviz.records import Compared, Finished, Learnt, Moment, Progress
from kdviz.runs import RunStore, StoreError
from kdviz.sweep_records import FinishedStack, Swept
from kdviz.teacher_files import Taught

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
    if value is None or value == ():
        return " [default: all]" if "labels" in name else ""
    return f" [default: {','.join(map(str, value)) if isinstance(value, tuple) else value}]"


@click.command()
@options(Recipe)
def train(again: bool, as_json: bool, **values: Any) -> None:
    """Train a teacher, a student distilled from it, and the same student without a teacher."""
    show(_carry_out(asked(Recipe, values), again), as_json)


@click.command()
@options(Comparison)
def compare(again: bool, as_json: bool, **values: Any) -> None:
    """Teach the same student in several ways, with several seeds, under the same conditions."""
    show(_carry_out(asked(Comparison, values), again), as_json)


def text(ending: Ending) -> str:
    """What a run came to, as a table."""
    if isinstance(ending, Compared):
        return comparison_tables.text(ending)
    return sweep_tables.text(ending) if isinstance(ending, Swept) else tables.scores_table(ending)


def document(ending: Ending) -> dict[str, Any]:
    """What a run came to, for scripts."""
    if isinstance(ending, Compared):
        return comparison_tables.document(ending)
    return sweep_tables.document(ending) if isinstance(ending, Swept) else tables.document(ending)


def asked(kind: type[Asked], values: dict[str, Any]) -> Asked:
    """The recipe that the options ask for. Raises RecipeError."""
    given = {name: value for name, value in values.items() if value is not None}
    return kind.suited(given.get("data", kind().data), given)


def show(ending: Ending, as_json: bool) -> None:
    """Write it to standard output."""
    if as_json:
        click.echo(json.dumps(document(ending), indent=2))
        return
    click.echo(f"{tables.title(ending.recipe)}\nrun {ending.run_id}\n\n{text(ending)}")
    if isinstance(ending.recipe, Recipe):
        click.echo("\nOne seed: differences of a few images are chance.")


def _carry_out(recipe: AnyRecipe, again: bool) -> Ending:
    """The run's result: the one in the store, or a new one."""
    store = RunStore(settings.database_url())
    known = look_up(recipe, store, again)
    if known is None:
        claim(recipe, store, again)
        known = train_here(recipe, store, Bar())
    return known


def look_up(recipe: AnyRecipe, store: RunStore, again: bool) -> Ending | None:
    """The result in the store, unless it shall be had once more; ends where another process is at it."""
    known = store.get(recipe.id)
    if known and known.result and not again:
        click.echo(f"Found run {known.id}, finished before; --again trains it once more.", err=True)
        return known.result
    if known and known.live:
        _end_elsewhere(recipe)
    return None


def claim(recipe: AnyRecipe, store: RunStore, again: bool) -> None:
    """Make the run this process's own; what parts of it are finished is said, or forgotten with `again`."""
    if again:
        store.delete(recipe.id)
    if store.request(recipe).owner != store.owner:
        _end_elsewhere(recipe)
    if finished := store.finished(recipe.id):
        click.echo(f"Goes on where it was stopped; finished before: {parts(finished)}.", err=True)


def _end_elsewhere(recipe: AnyRecipe) -> NoReturn:
    end(f"Run {recipe.id} is under way in another process; look at it there, or wait.", FAILURE)


class Bar:
    """The progress bar of a single run or a comparison."""

    def __init__(self) -> None:
        self._bar: ProgressBar[object] = click.progressbar(
            length=BAR, label="training", show_eta=False, item_show_func=str, file=sys.stderr
        )

    def __enter__(self) -> Bar:
        self._bar.__enter__()
        return self

    def __exit__(self, *problem: Any) -> None:
        self._bar.__exit__(*problem)

    def move(self, share: float, now: str) -> None:
        """To a share of the whole, with what is going on now."""
        self._bar.update(round(share * BAR) - self._bar.pos, now)

    def hear(self, event: Event) -> None:
        """What the training says."""
        if not isinstance(event, Progress | Moment):
            return
        whole = event.seconds / max(event.seconds + event.seconds_left, 1e-9)
        if isinstance(event, Progress):
            who, accuracy, speed = (
                str(event.role),
                event.validation_accuracy,
                f"{event.images_per_second:,.0f} images/s, ",
            )
        else:
            who = event.method if event.stage == "student" else f"{event.method}, {event.stage}"
            accuracy, speed = fmean(event.validation_accuracy), ""
        now = f"{who} epoch {event.epoch}/{event.epochs}, validation {accuracy:.1%}, {speed}"
        self.move(whole, f"{now}{event.seconds_left:.0f} s left")


def train_here(recipe: AnyRecipe, store: RunStore, bar: Bar) -> Ending:
    """Train in this process what is not finished yet."""
    import torch

    torch.set_num_threads(cluster.torch_threads())  # as a worker of the app has: the same result to the last bit
    finished = store.finished(recipe.id)
    store.begin(recipe.id)
    written, heard = 0, time.monotonic()
    try:
        with bar:
            for event in work.study(recipe, finished):
                if isinstance(event, Ending):
                    store.finish(recipe.id, event)
                    return event
                if time.monotonic() - heard > BEAT:
                    heard = time.monotonic()
                    store.heartbeat([recipe.id])
                if isinstance(event, Learnt):
                    store.keep_student(recipe.id, event)
                elif event is not None and not isinstance(event, Taught):
                    written += 1
                    store.append(recipe.id, [event], written)
                    bar.hear(event)
    except KeyboardInterrupt:
        store.cancel(recipe.id)
        end(stopped(store.finished(recipe.id)), INTERRUPTED)
    except StoreError as error:
        with suppress(StoreError):
            store.release([recipe.id])
        end(f"{error} {_kept(store, recipe)}".strip(), FAILURE)
    except PlainError as error:
        store.fail(recipe.id, str(error))
        raise
    raise AssertionError("every run ends with a result")


def _kept(store: RunStore, recipe: AnyRecipe) -> str:
    """What of a run is stored, where the store takes no more."""
    try:
        finished = parts(store.finished(recipe.id))
    except StoreError:
        return ""
    return (
        f"Stored are {finished or 'no finished parts'}; what came after that is missing, and the same command goes on."
    )


def stopped(finished: Sequence[Part]) -> str:
    """For somebody who pressed Ctrl-C."""
    if not finished:
        return "stopped; the run's progress is kept, its result is not."
    what = "students" if isinstance(finished[0], FinishedStack) else "methods"
    return f"stopped; finished {what} are kept ({parts(finished)}): the same command goes on with the rest."


def parts(finished: Sequence[Part]) -> str:
    """What is finished, in words: methods of a comparison, students of a sweep."""
    methods = [part.method for part in finished if isinstance(part, Finished)]
    students = sum(len(part.trials) for part in finished if isinstance(part, FinishedStack))
    return ", ".join([*methods, *([f"{students:,} students"] if students else [])])
