"""What a sweep is said to take, next to what it does: updates, teachers, bytes. No test waits for a clock."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdviz.distillers.own_settings import OwnSettings
from kdviz.engine import data, models, teachers
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.data import Split
from kdviz.engine.memory import PeakMemory, watched
from kdviz.engine.training import fit, steps_of
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.sweep import LONG, MOST_STACKED, Cell, Stack, Sweep
from kdviz.records.sweep import Estimate, SweepResult
from kdviz.runners import estimate as module
from kdviz.runners import sweep as study
from kdviz.runners import teachers as teaching_staff
from kdviz.runners.estimate import estimate, memory_of

pytestmark = pytest.mark.trains
TEACHER, STUDENT = "784-128-10", "784-30-30-10"
OPTIONS = {
    "data": "digits",
    "teacher": TEACHER,
    "student": STUDENT,
    "epochs": 2,
    "teacher_epochs": 3,
    "temperatures": (1.0, 4.0),
    "alphas": (0.0, 0.5, 1.0),
    "seeds": (0, 3),
}


def sweep_of(**changes):
    return Sweep.parse({**OPTIONS, **changes})


@pytest.fixture
def steady(monkeypatch, own_state):
    """A machine on which every update of a network takes a second, in whatever company."""
    monkeypatch.setattr(module, "_pace", lambda model, batch_size, students: 1.0)


def seconds(**changes):
    return estimate(sweep_of(**changes)).seconds


# Time.


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"search": "halving", "epochs": 4},
        {"folds": 3, "seeds": (0,)},
        {"label_counts": (50, 200)},
        {"learning_rates": (1e-3, 3e-3), "seeds": (3,)},
        {"search": "random", "draws": 5},
    ],
)
@pytest.mark.usefixtures("steady")
def test_the_estimate_is_of_the_updates_that_a_sweep_makes(monkeypatch, changes):
    sweep, made = sweep_of(**changes), []

    def counted(owner):
        fit = owner.fit

        def spy(cohorts, split, trainings, *rest, **options):
            made.append(len(cohorts[0]) * steps_of(trainings[0], len(split)))
            return fit(cohorts, split, trainings, *rest, **options)

        monkeypatch.setattr(owner, "fit", spy)

    said = estimate(sweep).seconds
    for owner in (study, study.single, teaching_staff):
        counted(owner)
    *_, end = study.run(sweep)
    assert isinstance(end, SweepResult)
    assert sum(made) <= said <= 1.4 * sum(made)
    # Teachers that are there now cost only what is asked of them.
    again = estimate(sweep).seconds
    teaching = {sweep.teacher_of_stack(stack) for stack in study.expected(sweep)}
    rate = sweep.trained_cells[-1].learning_rate  # the one that is reckoned with; another may be chosen
    if end.choice.cell.learning_rate == rate:
        teaching |= {sweep.teacher_training(seed, None, rate) for seed in sweep.seeds_of_test}
    if sweep.folds is None:
        assert said - again == pytest.approx(sum(steps_of(training, 1257) for training in teaching))
    else:
        assert said - again >= sum(steps_of(training, 958) for training in teaching)


@pytest.mark.usefixtures("steady")
@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 5))
def test_more_of_anything_takes_longer(epochs, temperatures, seeds):
    least = {"epochs": epochs, "temperatures": f"1:20:{temperatures}", "seeds": tuple(range(seeds))}
    here = seconds(**least)
    assert math.isfinite(here)
    assert here > 0
    assert seconds(**{**least, "epochs": epochs + 1}) > here
    assert seconds(**{**least, "temperatures": f"1:20:{temperatures + 1}"}) > here
    assert seconds(**{**least, "seeds": tuple(range(seeds + 1))}) > here
    assert seconds(**{**least, "teacher_epochs": 4}) > here
    assert seconds(**{**least, "batch_size": 32}) > here
    assert seconds(**{**least, "label_counts": (50, 100)}) > here
    assert seconds(**{**least, "students": (STUDENT, "784-128-10")}) > here
    assert seconds(**{**least, "learning_rates": (1e-3, 1e-2)}) > here
    assert seconds(**{**least, "folds": 4}) > seconds(**{**least, "folds": 3}) > here


@pytest.mark.usefixtures("steady")
def test_halving_is_shorter_than_the_grid():
    assert seconds(epochs=9, temperatures="1:20:8", search="halving") < 0.8 * seconds(epochs=9, temperatures="1:20:8")


@pytest.mark.usefixtures("steady")
def test_teachers_that_are_kept_take_nothing():
    sweep, before = sweep_of(), seconds()
    for number, seed in enumerate(sweep.seeds):
        training = sweep.teacher_training(seed)
        teachers.keep(models.build(TEACHER, seed), teachers.Cost(1.0, 1), training)
        assert before - seconds() == (number + 1) * steps_of(training, 1257)
    assert seconds(teacher_epochs=4) > before  # those are others


@pytest.mark.usefixtures("own_state")
def test_an_absurd_sweep_is_long_on_any_machine(monkeypatch):
    monkeypatch.setattr(module, "_pace", lambda *_: 1e-5)  # faster than there are
    assert estimate(Sweep(epochs=500, temperatures="1:20:30", alphas="0:1:30", seeds="0-2")).seconds > LONG
    assert estimate(Sweep()).seconds < LONG


# What is measured for it.


def test_the_estimate_travels_as_json(own_state):
    said = Estimate.model_validate_json(module.sweep(sweep_of().model_dump_json()))
    assert 0 < said.seconds < LONG
    assert said.memory == estimate(sweep_of()).memory
    assert module._pace("784-1200-1200-10", 64, 1) > module._pace(STUDENT, 64, 1) > 0


@pytest.mark.parametrize("model", ["784-128-10", "784-1200-1200-10", "cnn-8-16", "cnn-32-64"])
@pytest.mark.parametrize(("batch_size", "students"), [(1, 1), (64, 16), (4096, 1), (4096, 16)])
def test_measuring_is_little_work_for_every_network(monkeypatch, model, batch_size, students):
    done = []

    def counted(cohorts, split, trainings, *rest, **options):
        done.append(len(cohorts[0]) * len(split) * cohorts[0].architecture.multiply_adds)
        assert len(split) % trainings[0].batch_size == 0
        return iter(())

    monkeypatch.setattr(module, "fit", counted)
    module._measured.cache_clear()
    assert module._pace(model, batch_size, students) >= 0
    module._measured.cache_clear()
    assert len(done) == 2
    # An update of a stack at the least: a second or two of one core.
    assert max(done) <= max(2e9, 1.1e10 if students > 1 else 1.1e9)


def test_a_measurement_is_made_once(monkeypatch):
    module._measured.cache_clear()
    calls = []
    monkeypatch.setattr(module, "fit", lambda *rest, **options: iter(calls.append(1) or ()))
    for _ in range(3):
        module._pace(STUDENT, 64, 4)
    assert len(calls) == 2
    module._measured.cache_clear()


# Memory.


def a_stack(model, students):
    cells = tuple(
        Cell(temperature=1.0 + number, alpha=0.5, learning_rate=1e-3, student=model, labels=None)
        for number in range(students)
    )
    return Stack(seed=0, fold=None, epochs=1, cells=cells)


@pytest.mark.parametrize("model", ARCHITECTURES)
def test_memory_grows_in_proportion_to_the_students(model):
    one = memory_of(a_stack(model, 1), 64)
    assert one > 16 * ARCHITECTURES[model].parameters
    for students in (2, 7, 16, 64):
        assert memory_of(a_stack(model, students), 64) == students * one
    assert memory_of(a_stack(model, 1), 128) > one


def peak_of(model, students, split, batch_size):
    """The most bytes that the training of a stack holds."""
    stack = a_stack(model, students)
    training = sweep_of(student=model, batch_size=batch_size).training_of_stack(stack)
    cohort = models.cohort(model, [models.build(model, 0) for _ in stack.cells])
    advice = FixedTeachers.of([models.cohort(TEACHER, [models.build(TEACHER, 0)])], split, training, 1.0)
    distiller = OwnSettings.of([c.temperature for c in stack.cells], [c.alpha for c in stack.cells])
    memory = PeakMemory()
    memory.hold(cohort.parameters)
    for _ in watched(fit([cohort], split, [training], distiller, advice, reports=1), memory, range(100)):
        pass
    return memory.peak


@pytest.mark.parametrize("batch_size", [16, 128])
@pytest.mark.parametrize("model", [STUDENT, "784-128-10", "784-800-800-10", "cnn-8-16"])
def test_memory_is_about_what_each_student_adds_to_a_stacks_training(digits, model, batch_size):
    """Within a factor of two; a chunk of images is there besides, and all share it."""
    split = Split(digits.training.images[:256], digits.training.labels[:256])
    one, five = (peak_of(model, students, split, batch_size) for students in (1, 5))
    ratio = (five - one) / (memory_of(a_stack(model, 5), batch_size) - memory_of(a_stack(model, 1), batch_size))
    assert 0.5 < ratio < 2


@pytest.mark.usefixtures("steady")
def test_the_memory_of_a_sweep_is_that_of_its_largest_stack():
    wide = sweep_of(students=(STUDENT, "784-800-800-10"), temperatures="1:20:20")
    stacks = study.expected(wide)
    assert max(len(stack.cells) for stack in stacks if stack.cells[0].student == STUDENT) in range(8, MOST_STACKED + 1)
    assert all(len(stack.cells) == 1 for stack in stacks if stack.cells[0].student != STUDENT)  # fills the cache alone
    assert estimate(wide).memory == max(memory_of(stack, wide.batch_size) for stack in stacks)
    assert data.load("digits").facts.training_images == 1257
