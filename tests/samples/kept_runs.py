"""Small runs, really trained on digits and kept in a store as the app keeps them, for tests of what becomes of them."""

from __future__ import annotations

import shutil
from pathlib import Path

from kdviz.jobs import worker as work
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Sweep
from kdviz.records.base import TrainedStudent
from kdviz.records.kinds import AnyRecipe, Ending
from kdviz.store.run import Run
from kdviz.store.runs import RunStore

SMALL = {"data": "digits", "teacher": "784-128-10", "student": "784-30-30-10", "teacher_epochs": 2}
SINGLE = Recipe(**SMALL, epochs=2, seed=3)
CONVOLUTIONAL = Recipe(**{**SMALL, "student": "cnn-8-16"}, epochs=1, seed=4)
COMPARISON = Comparison(**SMALL, epochs=1, methods=("plain", "offline", "born-again"), seeds=(0, 1))
SWEEP = Sweep(**SMALL, epochs=1, temperatures=(2.0, 8.0), alphas=(0.0, 0.9), seeds=(0, 1))


def carry_out(store: RunStore, recipe: AnyRecipe) -> Run:
    """Train it here and now."""
    run_id = store.request(recipe).id
    store.begin(run_id)
    said = 0
    for event in work.carry_out(recipe, finished=[]):
        if isinstance(event, Ending):
            store.finish(run_id, event)
        elif isinstance(event, TrainedStudent):
            store.keep_student(run_id, event)
        elif event is not None:
            said += 1
            store.append(run_id, [event], said)
    run = store.get(run_id)
    assert run is not None
    return run


def train_all(state: Path) -> None:
    """Put one run of each kind into the store of a state folder; `state` is the one that settings name."""
    store = RunStore(store_of(state))
    for recipe in (SINGLE, COMPARISON, SWEEP):
        carry_out(store, recipe)
    store.close()


def store_of(state: Path) -> str:
    """The address of the store in a state folder."""
    return f"sqlite:///{state / 'kdviz.sqlite'}"


def copied(trained: Path, state: Path) -> RunStore:
    """A store of a module's own with one run of each kind."""
    shutil.copytree(trained, state, dirs_exist_ok=True)
    return RunStore(store_of(state))
