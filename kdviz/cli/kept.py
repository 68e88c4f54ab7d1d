"""A run of the store and its students, as commands ask for them: what is not there ends the command in a sentence."""

from kdviz import settings
from kdviz.cli.console import FAILURE, USAGE_ERROR, end
from kdviz.records.base import TrainedStudent
from kdviz.store.run import Run
from kdviz.store.runs import RunStore

_USUAL = "distilled"  # whom a single run is about; it keeps the student without a teacher beside it


def the_store() -> RunStore:
    """The run store that the settings name."""
    return RunStore(settings.database_url())


def run_of(store: RunStore, run_id: str) -> Run:
    """The run of that id."""
    run = store.get(run_id)
    if run is None:
        end(f"run {run_id} is not in the store; `python -m kdviz runs list` lists those that are.", USAGE_ERROR)
    return run


def stored_student(store: RunStore, run: Run, name: str | None, without: int = FAILURE) -> TrainedStudent:
    """The run's own student of that name, or the usual one; `without` is the exit code where it keeps none."""
    names = store.students(run.id)
    if not names:
        end(f"run {run.id} keeps no student: it has not finished, or it was made before students were kept.", without)
    if name is None and _USUAL in names:
        name = _USUAL
    if name is None and len(names) > 1:
        end(f"run {run.id} keeps several students; --student takes one of {', '.join(names)}.", USAGE_ERROR)
    student = store.student(run.id, name or names[0])
    if student is None:
        end(f"--student is {name}; it takes one of {', '.join(names)}.", USAGE_ERROR)
    return student
