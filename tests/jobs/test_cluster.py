"""A sweep beyond one machine: a real scheduler and two real workers, each with a disk of its own; one is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kdviz.jobs.queue import Jobs
from kdviz.recipes.sweep import Sweep
from kdviz.records.sweep import FinishedStack, StackProgress, SweepResult
from kdviz.records.sweep_plan import waiting
from kdviz.store.runs import RunStore

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.cluster, pytest.mark.trains]
# A second preload of each worker: it notes down when data is read, and when a teacher or a stack begins to train.
# While a file "only" lies beside its notes, the stacks of other seeds than the one it names wait.
NOTES = """
import os
import time
from pathlib import Path

from kdviz.engine import data
from kdviz.runners import sweep, teachers

def noting(word, function, about):
    def noted(*args, **named):
        with Path(os.environ["NOTES"]).open("a") as notes:
            notes.write(" ".join(map(str, [word, *about(*args)])) + "\\n")
        return function(*args, **named)
    return noted

def waiting(train):
    def wait_and_train(state, stack):
        only = Path(os.environ["NOTES"]).with_name("only")
        while only.exists() and only.read_text() != str(stack.seed):
            time.sleep(0.02)
            yield None
        yield from train(state, stack)
    return wait_and_train

if not hasattr(data, "noted"):  # Dask loads it several times
    data.noted = True
    data._SOURCES["scikit-learn"] = noting("load", data._SOURCES["scikit-learn"], lambda facts: [])
    teachers._train = noting("teach", teachers._train, lambda session, training, *_: [training.id])
    sweep._train_stack = noting("stack", waiting(sweep._train_stack), lambda state, stack: [stack.id])
"""
QUIET = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "KDVIZ_THREADS": "1"}
SWEEP = Sweep(data="digits", temperatures=(1, 2, 4, 8), seeds=(0, 1, 2), epochs=12, teacher_epochs=6)


def wait(condition, seconds=60.0):
    """What the condition gives as soon as it is true."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return value


class Machine:
    """A worker with a state folder of its own, and the notes it leaves there."""

    def __init__(self, folder, scheduler_file):
        folder.mkdir()
        self._folder = folder
        self._notes = folder / "notes"
        preload = folder / "notes_preload.py"
        preload.write_text(NOTES)
        options = ["--nworkers", "1", "--no-nanny", "--nthreads", "2", "--resources", "training=1", "--no-dashboard"]
        preloads = ["--preload", "kdviz.jobs.worker", "--preload", str(preload)]
        files = ["--scheduler-file", str(scheduler_file), "--local-directory", str(folder / "scratch")]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dask", "worker", *options, *preloads, *files],
            env={
                **os.environ,
                **QUIET,
                "PYTHONPATH": str(ROOT),
                "KDVIZ_STATE_DIR": str(folder / "state"),
                "NOTES": str(self._notes),
            },
            stderr=subprocess.DEVNULL,
        )

    def only(self, seed):
        """Let the stacks of all other seeds wait; of none if it is None."""
        file = self._folder / "only"
        file.unlink() if seed is None else file.write_text(str(seed))

    def teachers(self):
        """The ids of the teachers on its disk."""
        return {path.stem for path in (self._folder / "state" / "teachers").iterdir()}

    def noted(self, word):
        """What it noted down under a word, in order."""
        lines = self._notes.read_text().splitlines() if self._notes.exists() else []
        return [line.removeprefix(word).strip() for line in lines if line.startswith(word)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The address of a scheduler, and its two workers."""
    folder = tmp_path_factory.mktemp("cluster")
    found = folder / "scheduler.json"
    command = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "dask", *command, "--scheduler-file", str(found)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    machines = []
    try:
        wait(found.exists)
        machines += [Machine(folder / name, found) for name in ("one", "two")]
        address = wait(lambda: json.loads(found.read_text() or "{}").get("address"))
        yield address, machines
    finally:
        for process in [*(machine.process for machine in machines), scheduler]:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The same sweep in one process."""
    code = (
        "import torch; torch.set_num_threads(1); from kdviz.jobs import worker;"
        "from kdviz.recipes.sweep import Sweep;"
        f"print([event for event in worker.carry_out(Sweep.model_validate_json({SWEEP.model_dump_json()!r}), [])]"
        "[-1].model_dump_json())"
    )
    state = tmp_path_factory.mktemp("alone")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **QUIET, "KDVIZ_STATE_DIR": str(state)},
        capture_output=True,
        text=True,
        check=True,
    )
    return SweepResult.model_validate_json(done.stdout)


def on_cluster(address, *options, **environment):
    """The command of this sweep's kind on the cluster."""
    command = ["sweep", "--data", "digits", "--temperatures", "2,4", "--alphas", "0.5", "--epochs", "2", *options]
    return subprocess.Popen(
        [sys.executable, "-m", "kdviz", *command, "--scheduler", address],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_sweep_on_two_workers_of_which_one_is_killed(cluster, undisturbed, tmp_path, own_state):
    address, machines = cluster
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    jobs = Jobs(store, address)
    wanted = waiting(SWEEP, [])
    choosing, testing = (
        {SWEEP.teacher_training(seed).id for seed in seeds} for seeds in (SWEEP.seeds, SWEEP.seeds_of_test)
    )
    try:
        run = jobs.submit(SWEEP)
        wait(lambda: all(machine.noted("stack") for machine in machines))

        def unlucky():
            """A worker in the middle of a stack, when others are done."""
            events = jobs.events(run.id)
            if not any(isinstance(event, FinishedStack) for event in events):
                return None
            last = {event.stack.id: event for event in events if isinstance(event, StackProgress | FinishedStack)}
            present = [(each, last.get(each.noted("stack")[-1])) for each in machines]
            return next(
                (each for each, at in present if isinstance(at, StackProgress) and at.step < at.steps / 2), None
            )

        victim = wait(unlucky)
        victim.process.send_signal(signal.SIGKILL)
        lost = victim.noted("stack")[-1]
        victim.process.wait()
        done = wait(lambda: not (now := jobs.get(run.id)).live and now)
        wait(lambda: not jobs._jobs)
    finally:
        jobs.close()
    assert (done.status, done.attempt) == ("finished", 2)
    assert done.message == "The worker was lost; what it was at was started again."

    # Nothing lost, nothing twice: but for the stack that was under way on the worker that is no more.
    trained = [stack for machine in machines for stack in machine.noted("stack")]
    assert sorted(trained) == sorted([*(stack.id for stack in wanted), lost])
    assert all(machine.noted("stack") for machine in machines)
    taught = [training for machine in machines for training in machine.noted("teach")]
    assert sorted(taught) == sorted(choosing | testing)
    for machine in machines:
        assert len(machine.noted("load")) == 1  # of the data set, for all its stacks
    (heir,) = (machine for machine in machines if machine is not victim)
    assert heir.teachers() >= testing  # the last task needs them all; others trained some of them
    assert len(heir.noted("teach")) < len(taught)
    told = [event.stack.id for event in store.events(run.id) if isinstance(event, FinishedStack)]
    assert sorted(told) == sorted(stack.id for stack in wanted)

    # And the same figures as if nothing had happened.
    result = store.get(run.id).result
    cells = [(trial.cell, trial.seed) for trial in result.trials]
    assert len(set(cells)) == len(cells) == len(SWEEP.trained_cells) * len(SWEEP.seeds)
    errors = {(trial.cell, trial.seed): trial.validation_errors for trial in undisturbed.trials}
    differ = [trial.validation_errors - errors[trial.cell, trial.seed] for trial in result.trials]
    print(f"{sum(map(bool, differ))} of {len(differ)} students have other errors than alone")
    for trial in result.trials:
        assert abs(trial.validation_errors - errors[trial.cell, trial.seed]) <= 2
    assert result.choice.cell == undisturbed.choice.cell
    for own, other in zip(result.choice.results, undisturbed.choice.results, strict=True):
        assert abs(own.distilled.test_errors - other.distilled.test_errors) <= 2
    assert store.students(run.id) == [f"seed {seed}" for seed in SWEEP.seeds_of_test]


def test_the_command_line_on_a_cluster(cluster, tmp_path):
    address, _ = cluster
    state = {"KDVIZ_STATE_DIR": str(tmp_path)}
    process = on_cluster(address, "--seeds", "7-8", "--folds", "2", "--json", **state)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    document = json.loads(output)
    assert len(document["rows"]) == 2 * 2 * 2  # cells, seeds and folds
    assert document["choice"]["test_accuracy"] > 0.5
    assert "torch" not in errors
    again = on_cluster(address, "--seeds", "7-8", "--folds", "2", "--json", **state)
    output, errors = again.communicate(timeout=60)
    assert json.loads(output) == document
    assert "finished before" in errors


@pytest.mark.timeout(400)  # of a busy machine
def test_ctrl_c_on_a_cluster_keeps_finished_students(cluster, tmp_path):
    address, machines = cluster
    for machine in machines:
        machine.only(10)
    process = on_cluster(address, "--seeds", "10-16", "--yes", KDVIZ_STATE_DIR=str(tmp_path))
    store = RunStore(f"sqlite:///{tmp_path / 'kdviz.sqlite'}")
    (run,) = wait(store.recent, seconds=120)
    wait(lambda: store.finished(run.id), seconds=120)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=90)
    for machine in machines:
        machine.only(None)
    assert (process.returncode, output) == (130, "")
    kept = sum(len(part.trials) for part in store.finished(run.id))
    assert f"stopped; finished students are kept ({kept} students): the same command goes on with the rest." in errors
    assert store.get(run.id).status == "cancelled"
