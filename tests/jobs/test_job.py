"""One run as a sequence of tasks: what comes when, without any cluster."""

from datetime import UTC, datetime

import pytest

from kdviz.jobs.job import CLUSTER_LOST, Job
from kdviz.jobs.messages import Message, TaskOrder, TaskOutcome
from kdviz.recipes.base import Training
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Stack, Sweep
from kdviz.records.kinds import RECIPES
from kdviz.records.sweep_plan import waiting
from kdviz.store.run import Run
from tests.samples.fake_training import finished_stack, finished_stacks, grown, part, swept

SWEEP = Sweep(data="digits", temperatures=(1, 2, 4, 8), seeds=(0, 1), epochs=3)


@pytest.fixture(autouse=True)
def no_teachers(own_state):
    """Nothing is trained yet on this machine."""


def job(recipe, finished=()):
    run = Run(id=recipe.id, recipe=recipe, status="queued", created=datetime.now(UTC))
    return Job(run, list(finished))


def ordered(job):
    """All that could be begun now."""
    return list(iter(job.next_task, None))


def begin(job, task, attempt="one"):
    return job.begin(task, f"{task.key} {attempt}")


def end(job, task):
    """The task ends as it was meant to."""
    if isinstance(task.what, Training):
        outcome = TaskOutcome(teacher="")
    elif isinstance(task.what, Stack):
        outcome = TaskOutcome(stack=finished_stack(task.what))
    else:
        outcome = TaskOutcome(result=swept(job.run.recipe, job.finished, seconds=0.1))
    job.end(task, outcome)


def all_of(job):
    """Everything that is ordered until the end, by as many workers as there is work for."""
    seen, under_way = [], []
    while job.run.live:
        under_way += ordered(job)
        seen.append([task.what for task in under_way])
        task = under_way.pop(0)
        begin(job, task)
        end(job, task)
    return seen


@pytest.mark.parametrize("recipe", [Recipe(), Comparison()])
def test_a_run_of_another_kind_is_one_task(recipe):
    this = job(recipe, [part(recipe, "plain")] if isinstance(recipe, Comparison) else [])
    (task,) = ordered(this)
    assert task.what is None
    order = this.order(task, "a:b")
    assert RECIPES.validate_json(order.recipe) == recipe
    assert order[1:] == ("a:b", [each.model_dump_json() for each in this.finished], "", "", [])
    assert this.events == []  # its worker says them again


def test_no_stack_is_ordered_before_its_teacher_and_no_teacher_twice():
    this = job(SWEEP)
    zero, one = (SWEEP.teacher_training(seed) for seed in (0, 1))
    first, second, third, fourth = waiting(SWEEP, [])
    teachers = ordered(this)
    assert [task.what for task in teachers] == [zero, one]
    assert this.order(teachers[0], None) == TaskOrder(SWEEP.model_dump_json(), None, teacher=zero.model_dump_json())
    end(this, teachers[1])
    stacks = ordered(this)
    assert [task.what for task in stacks] == [third, fourth]
    order = this.order(stacks[0], None)
    assert order == TaskOrder(SWEEP.model_dump_json(), None, stack=third.model_dump_json(), teachers=[one.id])
    end(this, teachers[0])
    stacks += ordered(this)
    assert [task.what for task in stacks[2:]] == [first, second]
    assert len({task.key for task in teachers + stacks}) == 6
    for task in stacks:
        assert ordered(this) == []  # the choice waits for all
        end(this, task)
    two, three = (SWEEP.teacher_training(seed) for seed in SWEEP.seeds_of_test)
    of_test = ordered(this)
    assert [task.what for task in of_test] == [two, three]
    for task in of_test:
        end(this, task)
    (last,) = ordered(this)
    order = this.order(last, None)
    assert (last.what, len(order.finished), order.teachers) == (None, 4, [two.id, three.id])
    end(this, last)
    assert this.run.status == "finished"


def test_a_teacher_on_the_disk_is_not_ordered(own_state):
    folder = own_state / "teachers"
    folder.mkdir(parents=True)
    (folder / f"{SWEEP.teacher_training(0).id}.safetensors").touch()
    assert [type(task.what) for task in ordered(job(SWEEP))] == [Stack, Stack, Training]


def test_with_folds_the_choice_has_teachers_of_its_own():
    folds = SWEEP.model_copy(update={"seeds": (0,), "select": "folds", "folds": 2})
    kinds = all_of(job(folds))
    assert kinds[0] == [folds.teacher_training(0, fold) for fold in (0, 1)]
    assert kinds[-2:] == [[folds.teacher_training(1)], [None]]


def test_the_teachers_of_a_sweep_that_is_tested_with_the_seeds_that_chose_are_there():
    before = Sweep.parse({**SWEEP.changes(), "test_seeds": "0-1"})
    last = all_of(job(before))[-2:]
    assert last == [[waiting(before, [])[-1]], [None]]


def test_of_several_learning_rates_the_choice_trains_the_teachers_of_the_one_it_takes():
    rates = Sweep.parse({**SWEEP.changes(), "learning_rates": "0.001,0.01"})
    this = job(rates)
    taught = {what for seen in all_of(this) for what in seen if isinstance(what, Training)}
    assert taught == {rates.teacher_training(seed, None, rate) for seed in (0, 1) for rate in (0.001, 0.01)}


def test_rungs_of_halving_come_one_after_the_other():
    halving = SWEEP.model_copy(update={"search": "halving"})
    epochs = [what.epochs for seen in all_of(job(halving)) for what in seen[:1] if isinstance(what, Stack)]
    assert epochs == [1, 1, 1, 1, 3, 3]


def test_what_is_finished_is_said_first_and_not_ordered():
    done = finished_stacks(SWEEP)[:3]
    this = job(SWEEP, done)
    assert this.events == [event for each in done for event in (*each.moments, each)]
    assert [what for seen in all_of(this) for what in seen if isinstance(what, Stack)] == [waiting(SWEEP, [])[3]]


def test_tries_are_counted_for_each_task():
    this = job(SWEEP)
    for task in ordered(this):
        assert begin(this, task)
        end(this, task)
    first, second, *_ = stacks = ordered(this)
    for task in stacks:
        assert begin(this, task)
    assert (this.run.attempt, this.run.message) == (1, "")
    said = grown(first.what, 1, 3)
    this.receive(first, Message(job=first.key, attempt=f"{first.key} one", kind="event", event=said))
    assert begin(this, first, "two")
    assert begin(this, second, "two")
    assert this.run.attempt == 3
    assert this.run.message == "The worker was lost; what it was at was started again."
    assert this.events == [said]
    late = Message(job=first.key, attempt=f"{first.key} one", kind="event", event=said)
    this.receive(first, late)
    assert this.events == [said]  # of a worker that was given up for lost
    assert not begin(this, first, "three")
    assert this.run.status == "failed"
    assert this.run.message == "The worker was lost. The run was given up after 2 attempts."
    assert ordered(this) == []


def test_a_sweep_is_paused_when_all_its_workers_stand_still():
    this = job(SWEEP)
    first, second = ordered(this)
    for task in (first, second):
        begin(this, task)
    this.wish = "pause"
    this.receive(first, Message(job=first.key, attempt=first.attempt, kind="pause"))
    assert this.run.status == "running"
    end(this, second)
    assert this.run.status == "paused"
    assert ordered(this) == []
    this.wish = "go"
    this.receive(first, Message(job=first.key, attempt=first.attempt, kind="resume"))
    assert this.run.status == "running"
    assert [type(task.what) for task in ordered(this)] == [Stack, Stack]


def test_what_a_lost_cluster_was_at_comes_first_when_it_is_ordered_again():
    this = job(SWEEP)
    teacher, *_ = ordered(this)
    begin(this, teacher)
    end(this, teacher)
    stack, *_ = ordered(this)
    begin(this, stack, "two")
    assert this.order_again(stack)
    (again, *_) = ordered(this)
    assert again.what == stack.what
    assert this.begin(again, "three")
    assert (this.run.status, this.run.message) == ("running", CLUSTER_LOST)
    assert not this.order_again(again)


def test_a_single_run_begins_anew_after_its_cluster_was_lost():
    this = job(Recipe())
    (task,) = ordered(this)
    begin(this, task)
    this.events.append("some")
    assert this.order_again(task)
    assert this.run.message == CLUSTER_LOST
    (again,) = ordered(this)
    assert begin(this, again, "two")
    assert (this.run.attempt, this.run.message, this.events) == (2, CLUSTER_LOST, [])
    assert begin(this, again, "three")
    assert this.run.message == "The worker was lost; started again."
