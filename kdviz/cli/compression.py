"""The commands that come after distillation: `python -m kdviz compress|measure`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from kdviz.cli.console import FAILURE, USAGE_ERROR, end, json_option
from kdviz.cli.kept import run_of, stored_student, the_store
from kdviz.cli.progress import TrainingBar
from kdviz.recipes.compression import Compression
from kdviz.recipes.single import Recipe
from kdviz.records.base import TrainedStudent
from kdviz.records.compressed import CompressedStudent, MeasuredRun
from kdviz.reports import measurement as report
from kdviz.store import measured as recorded
from kdviz.store.run import Run

if TYPE_CHECKING:
    from kdviz.runners.compression import Upbringing


def _options(command: Any) -> Any:
    """One option for each field of `Compression`, which alone knows what is allowed."""
    for name, field in reversed(Compression.model_fields.items()):
        flag = "--" + name.replace("_", "-")
        if field.annotation is bool:
            command = click.option(flag, name, is_flag=True, default=None, help=field.description)(command)
        else:
            usual = "" if field.default is None else f" [default: {field.default}]"
            words = f"{field.description}{usual}"
            command = click.option(flag, name, metavar="VALUE", default=None, help=words)(command)
    return command


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--student", default=None, help="Which student, where the run keeps several.")
@_options
@json_option
def compress(run_id: str, student: str | None, as_json: bool, **values: Any) -> None:
    """Make a run's student smaller and keep it beside it: prune, factor, teach again, quantise; then measure both."""
    settings = Compression.parse({name: value for name, value in values.items() if value is not None})
    store = the_store()
    run = run_of(store, run_id)
    learnt = stored_student(store, run, student, USAGE_ERROR)
    upbringing = _upbringing(run, learnt.name)
    import torch

    from kdviz.engine.compression.errors import CompressionError
    from kdviz.jobs.cluster import torch_threads
    from kdviz.runners import compression as runner

    torch.set_num_threads(torch_threads())  # as a worker of the app has: the same result to the last bit
    try:
        with TrainingBar() as bar:
            for said in runner.compress(learnt, upbringing, settings):
                if isinstance(said, CompressedStudent):
                    made = said
                elif said is not None:
                    bar.move(said.part, f"epoch {said.epoch} of {said.epochs}")
    except CompressionError as error:
        end(str(error), USAGE_ERROR)
    store.keep_compressed(run.id, made)
    if as_json:
        click.echo(json.dumps(report.compressed_document(run.id, made), indent=2))
        return
    click.echo(f"{made.learnt.name}, {made.learnt.architecture}\n")
    click.echo(report.text([made.before, made.measured]))
    click.echo(
        f"\nKept with run {run.id}: `runs export {run.id} --student {made.learnt.name} --format onnx` writes it."
    )


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--record", is_flag=True, help="Keep the figures as those that the lesson After distillation shows.")
@json_option
def measure(run_id: str, record: bool, as_json: bool) -> None:
    """What the networks of a run take and give on this machine: sizes, times, memory, energy, accuracy."""
    store = the_store()
    run = run_of(store, run_id)
    stored_student(store, run, next(iter(store.students(run.id)), None), USAGE_ERROR)
    kept = [student for name in store.students(run.id) if (student := store.student(run.id, name))]
    from kdviz.runners import compression as runner

    upbringing = _upbringing(run, kept[0].name)
    for said in runner.measure(run.id, upbringing, kept, store.compressed(run.id), not_kept(run, kept)):
        if isinstance(said, MeasuredRun):
            measured = said
        else:
            click.echo(f"measured {said.name}", err=True)
    if record:
        try:
            click.echo(f"Recorded in {recorded.record(measured)}.", err=True)
        except OSError as error:
            end(f"the figures cannot be recorded: {error.strerror}.", FAILURE)
    if as_json:
        click.echo(json.dumps(report.document(measured), indent=2))
        return
    click.echo("\n".join([report.text(measured.networks), *measured.missing]))


def not_kept(run: Run, kept: Sequence[TrainedStudent]) -> list[str]:
    """Sentences on the students that a run of an earlier version does not keep, and that so cannot be measured."""
    if isinstance(run.recipe, Recipe) and "plain" not in {student.name for student in kept}:
        return ["The student without a teacher is not kept: the run is older than that. Training it anew keeps it."]
    return []


def _upbringing(run: Run, student: str) -> Upbringing:
    """How the run's student of that name was trained."""
    from kdviz.exports import model_cards
    from kdviz.runners.compression import Upbringing

    subject = model_cards.subject(run, student)
    return Upbringing.of(subject.single, subject.temperature, subject.alpha)
