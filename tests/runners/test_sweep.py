"""A whole sweep: its stacks, its folds, its choice, and that every student is the one of its own recipe."""

import json
import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kdviz.engine import data, evaluation, models, students, teachers
from kdviz.engine.data import Split
from kdviz.recipes.sweep import MOST_STACKED, Sweep
from kdviz.records.base import TrainedStudent
from kdviz.records.comparison import Moment
from kdviz.records.single import Progress, Result
from kdviz.records.sweep import FinishedStack, StackProgress, SweepResult
from kdviz.records.sweep_plan import survivors, waiting
from kdviz.runners import single
from kdviz.runners import sweep as study
from kdviz.runners import teachers as teaching_staff
from kdviz.store.data_files import DataError

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
KINDS = {
    "grid": {},
    "random": {"search": "random", "draws": 5},
    "halving": {"search": "halving", "epochs": 4, "temperatures": (1.0, 4.0, 20.0)},
    "folds": {"folds": 3, "alphas": (0.0, 0.5)},
    "few labels": {"label_counts": (60, 200), "augmentation": "shift"},
    "all or few": {"labels": 100, "teacher_labels": 300, "schedule": "one-cycle", "batch_size": 50},
    "widths": {"students": (STUDENT, "784-128-10"), "seeds": (3,)},
    "learning rates": {"learning_rates": (1e-3, 5e-3), "seeds": (3,)},
    "maps": {"student": "cnn-8-16", "epochs": 1, "seeds": (3,), "temperatures": (4.0,)},
    "two stacks": {"temperatures": "1:20:9", "seeds": (3,)},
    "one student": {"temperatures": (4.0,), "alphas": (0.0,), "optimizer": "sgd", "learning_rate": 0.05},
}
VALIDATION, TEST = 180, 360


def sweep_of(kind, **changes):
    return Sweep.parse({**OPTIONS, **KINDS[kind], **changes})


def events(sweep, **options):
    return [event for event in study.run(sweep, **options) if event is not None]


def of(kind, said):
    return [event for event in said if isinstance(event, kind)]


def parts(said):
    return of(FinishedStack, said)


def timeless(record):
    """A record without what the clock decides."""

    def strip(value):
        if isinstance(value, dict):
            return {name: strip(part) for name, part in value.items() if "second" not in name}
        return [strip(part) for part in value] if isinstance(value, list) else value

    return strip(record.model_dump(mode="json"))


def all_timeless(records):
    return [timeless(record) for record in records]


def weights(network):
    return torch.cat([p.detach().cpu().flatten() for p in network.parameters()])


def keys(images):
    """What tells images apart."""
    return [image.cpu().numpy().tobytes() for image in images]


@dataclass
class Spied:
    """What a sweep said, and everything that was learnt from or looked at meanwhile."""

    said: list
    line: list  # of ("stack", ...), ("teacher", ...), ("looked", ...) and ("event", event), in order

    def of(self, kind):
        return [what for name, what in self.line if name == kind]


@dataclass(frozen=True)
class Fitted:
    """One call of `fit`, before it began."""

    training: object
    split: Split
    start: list
    cohort: models.Cohort
    teacher: object
    distiller: object


def spied(sweep):
    """Run a sweep and write down who learns from what."""
    line = []
    answers = evaluation._answers

    def fit_in(module, name):
        fit = module.fit

        def spy(cohorts, split, trainings, distiller, teacher=None, **options):
            (cohort,), (training,) = cohorts, trainings
            start = [weights(network).clone() for network in cohort.networks]
            line.append((name, Fitted(training, split, start, cohort, teacher, distiller)))
            return fit(cohorts, split, trainings, distiller, teacher, **options)

        return spy

    def looked(networks, images):
        line.append(("looked", images))
        return answers(networks, images)

    with pytest.MonkeyPatch.context() as monkey:
        monkey.setattr(evaluation, "_answers", looked)
        for module, name in ((study, "stack"), (teaching_staff, "teacher"), (single, "alone")):
            monkey.setattr(module, "fit", fit_in(module, name))
        for event in study.run(sweep):
            line.append(("event", event))  # noqa: PERF401, others write into the line meanwhile
    return Spied([what for name, what in line if name == "event" and what is not None], line)


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """One state folder for the sweeps of this module: the same teachers need not be trained again."""
    with pytest.MonkeyPatch.context() as monkey:
        monkey.setenv("KDVIZ_STATE_DIR", str(tmp_path_factory.mktemp("sweeps")))
        yield


@pytest.fixture(scope="module")
def whole(state):
    """The sweep of each kind, run once, when it is first asked for."""
    found = {}

    def run(kind):
        if kind not in found:
            found[kind] = spied(sweep_of(kind))
        return found[kind]

    return run


every_kind = pytest.mark.parametrize("kind", KINDS)


# Order, and every student once.


@every_kind
def test_stacks_come_one_after_the_other_then_the_choices_runs_and_the_end(whole, kind):
    said, sweep = whole(kind).said, sweep_of(kind)
    last = max(place for place, event in enumerate(said) if isinstance(event, FinishedStack))
    current = None
    for event in said[: last + 1]:
        if isinstance(event, StackProgress):
            assert current in (None, event.stack)
            current = event.stack
        elif isinstance(event, FinishedStack):
            assert event.stack == current
            current = None
        else:
            assert isinstance(event, Moment)
            assert (event.method, current) == ("teacher", None)
            assert event.stage in {f"seed {seed}" for seed in sweep.seeds}
    assert [type(event) for event in said[last + 1 :] if not isinstance(event, Progress)] == [
        *[TrainedStudent] * len(sweep.seeds_of_test),
        SweepResult,
    ]


@every_kind
def test_every_cell_is_trained_once_with_each_seed_and_fold(whole, kind):
    sweep, done = sweep_of(kind), parts(whole(kind).said)
    trials = [trial for part in done for trial in part.trials]
    folds = [None] if sweep.folds is None else range(sweep.folds)
    cells = sweep.trained_cells
    for epochs in sweep.rungs:
        here = [trial for trial in trials if trial.epochs == epochs]
        assert Counter((trial.cell, trial.seed, trial.fold) for trial in here) == Counter(
            product(cells, sweep.seeds, folds)
        )
        cells = survivors(cells, here)
    assert len(trials) == len({(trial.cell, trial.seed, trial.fold, trial.epochs) for trial in trials})
    assert not waiting(sweep, done)
    assert {cell.trained_as for cell in sweep.cells} <= set(sweep.trained_cells)
    for part in done:
        assert [trial.cell for trial in part.trials] == list(part.stack.cells)
        assert len(part.stack.cells) <= MOST_STACKED
        assert {(t.seed, t.fold, t.epochs) for t in part.trials} == {
            (part.stack.seed, part.stack.fold, part.stack.epochs)
        }
        assert part.moments == [event for event in of(StackProgress, whole(kind).said) if event.stack == part.stack]


def test_halving_trains_a_third_of_the_taught_for_longer(whole):
    done, sweep = parts(whole("halving").said), sweep_of("halving")
    by_rung = {}
    for part in done:
        by_rung.setdefault(part.stack.epochs, set()).update(part.stack.cells)
    assert list(by_rung) == [1, 4] == list(sweep.rungs)
    assert by_rung[1] == set(sweep.trained_cells)
    assert len(by_rung[4]) == 1 + 2  # the control, and two of six
    assert sweep.trained_cells[0] in by_rung[4]
    assert whole("halving").said[-1].choice.cell in by_rung[4]


@every_kind
def test_a_stacks_students_grow_to_the_last_update(whole, kind):
    said, sweep = whole(kind).said, sweep_of(kind)
    for part in parts(said):
        first, last = part.moments[0], part.moments[-1]
        images = len(data.load("digits").training) if sweep.folds is None else 958
        assert first.steps == part.stack.epochs * math.ceil(images / sweep.batch_size)
        assert (last.step, last.epoch) == (last.steps, part.stack.epochs)
        assert all(one.step < other.step for one, other in pairwise(part.moments))
        assert study.REPORTS * part.stack.epochs <= len(part.moments) <= 2 * study.REPORTS * part.stack.epochs + 1
        for moment in part.moments:
            for name in ("loss_kd", "loss_ce", "validation_accuracy", "nll", "ece", "agreement"):
                assert len(getattr(moment, name)) == len(part.stack.cells)
            for cell, soft, hard in zip(part.stack.cells, moment.loss_kd, moment.loss_ce, strict=True):
                assert (soft == 0) == (cell.alpha == 0)
                # Of few labels none may be among the images looked at.
                assert (hard == 0) == (cell.alpha == 1) or (hard == 0 and cell.labels is not None)
        if sweep.folds is None:  # then all 180 validation images are looked at also while they learn
            for number, trial in enumerate(part.trials):
                for name in ("validation_accuracy", "nll", "ece", "agreement"):
                    assert getattr(last, name)[number] == pytest.approx(getattr(trial, name), rel=1e-9)
        assert all(not trial.diverged for trial in part.trials)
        assert all(
            trial.validation_accuracy == 1 - trial.validation_errors / trial.validation_images for trial in part.trials
        )
        assert min(moment.seconds_left for moment in part.moments) >= 0


@every_kind
def test_time_goes_on_until_the_choice_and_what_is_left_shrinks(whole, kind):
    said = of(StackProgress, whole(kind).said)
    assert [event.seconds for event in said] == sorted(event.seconds for event in said)
    assert whole(kind).said[-1].seconds >= said[-1].seconds
    assert said[0].seconds_left > 0


@every_kind
def test_every_event_comes_back_from_json(whole, kind):
    for event in whole(kind).said:
        text = event.model_dump_json()
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
        assert type(event).model_validate_json(text) == event


# Each student is the one of its own recipe.


def lone_run(sweep, cell, seed, epochs):
    """A single run of a cell: whether a teacher was trained for it, its student and its result."""
    said = [e for e in single.run(sweep.recipe_of(cell, seed).model_copy(update={"epochs": epochs})) if e is not None]
    learnt = [event for event in said if isinstance(event, TrainedStudent)]
    taught = any(isinstance(event, Progress) and event.role == "teacher" for event in said)
    return taught, students.network_of(learnt[0]), said[-1]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "folds"])
def test_each_student_is_that_of_a_single_run(whole, kind):
    sweep, done = sweep_of(kind), parts(whole(kind).said)
    validation = data.load("digits").validation
    for part in done:
        stack = part.stack
        for number in {0, len(stack.cells) // 2, len(stack.cells) - 1}:
            trial = part.trials[number]
            taught, student, result = lone_run(sweep, trial.cell, stack.seed, stack.epochs)
            assert not taught  # the sweep's teacher is the one that is found
            assert abs(result.distilled.validation_accuracy - trial.validation_accuracy) <= 3 / VALIDATION
            if trial.cell.alpha == 0:
                assert abs(result.plain.validation_accuracy - trial.validation_accuracy) <= 3 / VALIDATION
            assert result.teacher.validation_accuracy == part.teacher_accuracy
            answers = evaluation.logits_of(student, validation.images)
            ours = torch.tensor(trial.watched_logits)
            theirs = answers[torch.tensor(part.watched.indices)]
            assert (ours - theirs).abs().max() < 0.02 * theirs.abs().max(), trial.cell
            assert evaluation.nll(answers, validation.labels) == pytest.approx(trial.nll, rel=0.02)


@pytest.mark.parametrize("kind", ["grid", "learning rates", "few labels", "folds"])
def test_students_of_other_cells_and_seeds_are_others(whole, kind):
    done = [trial for part in parts(whole(kind).said) for trial in part.trials]
    # With alpha = 1 nobody looks at a label, be there few or many.
    trials = [trial for trial in done if trial.cell.labels is None or trial.cell.alpha < 1]
    assert len({trial.nll for trial in trials}) == len(trials)


def assert_says(network, watched):
    """The teacher's answers are this network's."""
    images = torch.tensor(watched.images, dtype=torch.uint8).view(-1, 28, 28)
    torch.testing.assert_close(
        evaluation.logits_of(network, images), torch.tensor(watched.teacher_logits), rtol=1e-4, atol=1e-4
    )


@every_kind
def test_the_teacher_of_a_stack_is_the_one_of_its_single_runs(whole, kind):
    sweep = sweep_of(kind)
    fitted = iter(whole(kind).of("stack"))
    for part in parts(whole(kind).said):
        stack, fit = part.stack, next(fitted)
        (alone,) = {sweep.recipe_of(cell, stack.seed).teacher_training for cell in stack.cells}
        training = alone if stack.fold is None else alone.without(stack.fold, sweep.folds)
        network, _ = teachers.kept(training)
        assert_says(network, part.watched)
        assert torch.tensor(part.watched.teacher_logits).argmax(1).tolist() == part.watched.labels
        if fit.teacher is not None:
            ((cohort,),) = (fit.teacher._teachers,)
            (own,) = cohort.networks
            assert torch.equal(weights(own), weights(network))  # also after the training
            assert not own.training
            assert all(not p.requires_grad and p.grad is None for p in own.parameters())
            if fit.teacher._cached is not None:
                assert torch.equal(fit.teacher._cached[0], evaluation.logits_of(network, fit.split.images))
            else:
                assert sweep.augmentation != "none"


@every_kind
def test_a_teacher_is_trained_once_for_all_its_stacks(whole, kind):
    trained = [fit.training for fit in whole(kind).of("teacher")]
    assert len(trained) == len(set(trained))
    sweep = sweep_of(kind)
    assert set(trained) <= {sweep.teacher_of_stack(part.stack) for part in parts(whole(kind).said)}


def test_the_same_teacher_comes_out_of_a_single_run_elsewhere(whole, own_state):
    sweep = sweep_of("grid")
    path = teachers.kept_path(sweep.teacher_training(3))
    assert not path.exists()
    taught, _, result = lone_run(sweep, sweep.cells[-1], 3, 1)
    assert taught
    assert path.exists()
    stack = next(part for part in parts(whole("grid").said) if part.stack.seed == 3)
    assert result.teacher.validation_accuracy == stack.teacher_accuracy
    network, _ = teachers.kept(sweep.teacher_training(3))
    assert_says(network, stack.watched)


@every_kind
def test_a_stacks_students_begin_with_the_weights_of_a_single_run(whole, kind):
    sweep, fitted = sweep_of(kind), whole(kind).of("stack")
    stacks = [part.stack for part in parts(whole(kind).said)]
    assert len(fitted) == len(stacks)
    for stack, fit in zip(stacks, fitted, strict=True):
        assert fit.training == sweep.training_of_stack(stack)
        start = weights(models.build(stack.cells[0].student, stack.seed))
        assert len(fit.start) == len(stack.cells)
        assert all(torch.equal(own, start) for own in fit.start)
        taught = any(cell.alpha > 0 for cell in stack.cells)
        assert (fit.teacher is not None) == taught
        if taught:
            assert fit.distiller.temperatures.flatten().tolist() == pytest.approx([c.temperature for c in stack.cells])
            assert fit.distiller.alphas.flatten().tolist() == pytest.approx([c.alpha for c in stack.cells])


# What is learnt from and looked at.


@given(st.integers(2, 20))
@settings(max_examples=19)
def test_folds_are_disjoint_and_together_everything(folds):
    whole = data.load("digits")
    images, labels = (
        torch.cat([getattr(whole.training, name), getattr(whole.validation, name)]) for name in ("images", "labels")
    )
    everything = Counter(zip(keys(images), labels.tolist(), strict=True))
    together = Counter()
    sizes = []
    for fold in range(folds):
        cut = data.held_out(whole, fold, folds)
        here = Counter(zip(keys(cut.validation.images), cut.validation.labels.tolist(), strict=True))
        rest = Counter(zip(keys(cut.training.images), cut.training.labels.tolist(), strict=True))
        assert here + rest == everything
        assert cut.test is whole.test
        together += here
        sizes.append(len(cut.validation))
    assert together == everything
    assert max(sizes) - min(sizes) <= 1
    assert Sweep(data="digits", folds=folds).training_images == 1437 - max(sizes)


def test_a_fold_is_the_same_whenever_it_is_cut():
    whole = data.load("digits")
    one, other = (data.held_out(whole, 1, 5) for _ in range(2))
    assert torch.equal(one.validation.images, other.validation.images)
    assert torch.equal(one.training.labels, other.training.labels)


def test_neither_teacher_nor_students_see_the_fold_that_is_held_out(whole):
    sweep, line = sweep_of("folds"), whole("folds").line
    loaded = data.load("digits")
    everything = Counter(keys(loaded.training.images) + keys(loaded.validation.images))
    assert max(everything.values()) == 1
    held_out, taught = {}, set()
    for name, what in line:
        if name == "teacher":
            assert set(keys(what.split.images)) == set(
                keys(data.held_out(loaded, what.training.fold, 3).training.images)
            )
            taught.add((what.training.seed, what.training.fold))
        elif name == "stack":
            seen = set(keys(what.split.images))
            expected = data.held_out(loaded, what.training.fold, sweep.folds)
            assert seen == set(keys(expected.training.images))
            assert torch.equal(what.split.images, expected.training.images)
            assert torch.equal(what.split.labels, expected.training.labels)
            held_out[what.training.fold] = everything.keys() - seen
    assert taught == set(product(sweep.seeds, range(3)))
    assert sorted(map(len, held_out.values())) == [479, 479, 479]
    assert set.union(*map(set, held_out.values())) == everything.keys()
    for part in parts(whole("folds").said):
        own = held_out[part.stack.fold]
        watched = torch.tensor(part.watched.images, dtype=torch.uint8).view(-1, 28, 28)
        assert set(keys(watched)) <= own
        assert all(trial.validation_images == 479 for trial in part.trials)


def test_a_folds_students_are_judged_by_all_images_of_the_fold(whole):
    """What they answer to it, image by image, is what is counted."""
    sweep, line = sweep_of("folds"), whole("folds").line
    loaded, current = data.load("digits"), None
    cut = {fold: data.held_out(loaded, fold, 3) for fold in range(3)}
    for name, what in line:
        if name == "stack":
            current = what
        elif name == "event" and isinstance(what, FinishedStack):
            assert current.training.fold == what.stack.fold
            held_out = cut[what.stack.fold].validation
            for network, trial in zip(current.cohort.networks, what.trials, strict=True):
                said = evaluation.logits_of(network, held_out.images)
                assert trial.validation_errors == int((said.argmax(1) != held_out.labels).sum())
                assert trial.nll == evaluation.nll(said, held_out.labels)
                assert trial.ece == evaluation.expected_calibration_error(said, held_out.labels)
            teacher, _ = teachers.kept(sweep.teacher_of_stack(what.stack))
            said = evaluation.logits_of(teacher, held_out.images)
            assert what.teacher_accuracy == evaluation.accuracy(said, held_out.labels)
            assert trial.agreement == evaluation.agreement(
                evaluation.logits_of(current.cohort.networks[-1], held_out.images), said
            )


def test_live_figures_are_of_a_part_and_trials_of_all_images(whole, monkeypatch):
    before = parts(whole("grid").said)[1]
    monkeypatch.setattr(study, "LIVE_VALIDATION_IMAGES", 45)
    *said, after = events(sweep_of("grid"), only=before.stack)
    assert max(after.watched.indices) < 45
    for one, other in zip(before.trials, after.trials, strict=True):
        assert (other.validation_errors, other.nll, other.agreement) == (one.validation_errors, one.nll, one.agreement)
        assert other.validation_images == VALIDATION
    assert after.teacher_accuracy == before.teacher_accuracy
    for moment in said:
        assert all(accuracy * 45 == pytest.approx(round(accuracy * 45)) for accuracy in moment.validation_accuracy)
    assert said[-1].nll != before.moments[-1].nll


@every_kind
def test_the_students_of_a_stack_share_its_seconds(whole, kind):
    done = parts(whole(kind).said)
    for part in done:
        (share,) = {trial.seconds for trial in part.trials}
        assert share > 0
    spent = sum(trial.seconds for part in done for trial in part.trials)
    for one, other in pairwise(done):  # what lies between the last words of two stacks is no less than the second's
        assert sum(trial.seconds for trial in other.trials) <= other.moments[-1].seconds - one.moments[-1].seconds
    assert spent < whole(kind).said[-1].seconds


@every_kind
def test_the_test_images_are_looked_at_after_the_choice_and_by_its_runs_alone(whole, kind):
    spy, sweep, loaded = whole(kind), sweep_of(kind), data.load("digits")
    known = {*keys(loaded.training.images), *keys(loaded.validation.images)}
    test = set(keys(loaded.test.images)) - known
    assert len(test) >= TEST - 1
    last = max(n for n, (_, what) in enumerate(spy.line) if isinstance(what, FinishedStack))
    looks = []
    for number, (name, what) in enumerate(spy.line):
        if name in ("stack", "teacher", "alone"):
            assert not test & set(keys(what.split.images))
        if name == "looked" and test & set(keys(what)):
            assert number > last
            assert len(what) == TEST
            looks.append(number)
    # For each seed: what the teacher says, the distilled and the plain student.
    assert len(looks) == 3 * len(sweep.seeds_of_test)
    alone = [fit.training.model for fit in spy.of("alone")]
    assert alone.count(spy.said[-1].choice.cell.student) >= 2 * len(sweep.seeds_of_test)


# The same again, and going on.


@pytest.mark.parametrize("kind", ["grid", "folds", "few labels", "maps"])
def test_the_same_sweep_gives_the_same_to_the_last_bit(whole, own_state, kind):
    before, after = whole(kind).said, events(sweep_of(kind))  # teachers and all
    assert timeless(after[-1]) == timeless(before[-1])
    assert all_timeless(of(StackProgress, after)) == all_timeless(of(StackProgress, before))


@pytest.mark.parametrize(
    ("kind", "which"),
    [
        ("grid", lambda number: number == 0),
        ("grid", lambda number: number == 1),
        ("folds", lambda number: number % 2 == 1),
        ("halving", lambda number: number < 1),
        ("halving", lambda number: number < 3),
        ("few labels", lambda number: number in (2, 3, 7)),
        ("learning rates", lambda number: number == 1),
    ],
)
def test_finished_stacks_are_said_first_and_not_trained_again(whole, monkeypatch, kind, which):
    before, sweep = whole(kind).said, sweep_of(kind)
    done = [part for number, part in enumerate(parts(before)) if which(number)]
    assert 0 < len(done) < len(parts(before))
    fit, trained = study.fit, []

    def spy(cohorts, split, trainings, *rest, **options):
        trained.append(len(cohorts[0]))
        return fit(cohorts, split, trainings, *rest, **options)

    monkeypatch.setattr(study, "fit", spy)
    after = events(sweep, finished=done)
    said_again = [event for part in done for event in [*part.moments, part]]
    assert after[: len(said_again)] == said_again
    left = [part.stack for part in parts(before) if part not in done]
    assert trained == [len(stack.cells) for stack in left]
    assert [part.stack for part in parts(after)[len(done) :]] == left
    assert not any(event.stack in [p.stack for p in done] for event in of(StackProgress, after[len(said_again) :]))
    assert timeless(after[-1]) == timeless(before[-1])
    by_id = {part.stack.id: part for part in parts(before)}
    for part in parts(after):
        assert timeless(part) == timeless(by_id[part.stack.id])


@pytest.mark.parametrize("kind", ["grid", "halving"])
def test_with_everything_finished_only_the_choice_is_trained(whole, monkeypatch, kind):
    before = whole(kind).said
    monkeypatch.setattr(study, "fit", None)
    after = events(sweep_of(kind), finished=parts(before)[::-1])  # in any order
    assert timeless(after[-1]) == timeless(before[-1])


@pytest.mark.parametrize("kind", ["grid", "folds", "few labels", "learning rates", "halving", "two stacks"])
def test_only_one_stack_is_trained_and_comes_out_as_in_the_whole(whole, kind):
    for part in parts(whole(kind).said)[::-2]:  # as a worker may: others first
        said = events(sweep_of(kind), only=part.stack)
        assert {type(event) for event in said[:-1]} == {StackProgress}
        assert timeless(said[-1]) == timeless(part)
        assert said[:-1] == said[-1].moments
        assert said[-2].seconds_left == pytest.approx(0, abs=1e-6)


def test_a_student_comes_out_the_same_whatever_else_is_swept(whole):
    """But for the last bits, which depend on the number of students in the stack."""
    few, many = (parts(whole(kind).said) for kind in ("grid", "two stacks"))
    trials = {(trial.cell, trial.seed): trial for part in few for trial in part.trials}
    shared = [(trials[t.cell, t.seed], t) for part in many for t in part.trials if (t.cell, t.seed) in trials]
    assert len(shared) >= 3
    for one, other in shared:
        assert abs(one.validation_errors - other.validation_errors) <= 2
        assert one.nll == pytest.approx(other.nll, rel=0.01)


# The choice and the end.


@every_kind
def test_the_choice_has_the_best_mean_accuracy_of_what_was_asked_for(whole, kind):
    sweep, end = sweep_of(kind), whole(kind).said[-1]
    means = {}
    for trial in end.trials:
        if trial.epochs == sweep.epochs:
            means.setdefault(trial.cell, []).append(trial.validation_accuracy)
    asked = {cell.trained_as for cell in sweep.cells}
    best = max(sum(values) / len(values) for cell, values in means.items() if cell in asked)
    own = means[end.choice.cell]
    assert end.choice.cell in asked
    assert sum(own) / len(own) == pytest.approx(best)
    assert end.choice.cell not in end.choice.tied
    assert end.choice.chosen_on == ("the validation split" if sweep.folds is None else "3-fold cross-validation")


@every_kind
def test_the_choices_results_are_those_of_single_runs(whole, kind):
    sweep, said = sweep_of(kind), whole(kind).said
    choice = said[-1].choice
    seeds = sweep.seeds_of_test
    assert [result.recipe for result in choice.results] == [sweep.recipe_of(choice.cell, seed) for seed in seeds]
    learnt = of(TrainedStudent, said)
    assert [each.name for each in learnt] == [f"seed {seed}" for seed in seeds]
    seed = seeds[-1]
    alone = [event for event in single.run(sweep.recipe_of(choice.cell, seed)) if event is not None]
    for role in ("teacher", "distilled", "plain"):
        one, other = getattr(choice.results[-1], role), getattr(alone[-1], role)
        for figure in ("validation_accuracy", "test_accuracy", "test_errors", "nll", "ece", "agreement", "fidelity_kl"):
            assert getattr(one, figure) == getattr(other, figure)
    (student,) = (each for each in of(TrainedStudent, alone) if each.name == "distilled")
    assert student.model_copy(update={"name": f"seed {seed}"}) == learnt[-1]
    accuracy = sum(result.distilled.test_accuracy for result in choice.results) / len(seeds)
    assert choice.test_accuracy.mean == pytest.approx(accuracy)
    accuracy = sum(result.plain.test_accuracy for result in choice.results) / len(seeds)
    assert choice.plain_test_accuracy.mean == pytest.approx(accuracy)
    assert isinstance(alone[-1], Result)


@every_kind
def test_the_networks_of_the_test_are_others_than_those_that_chose(whole, kind):
    spy, sweep = whole(kind), sweep_of(kind)
    alone, choosing = spy.of("alone"), [*spy.of("stack"), *spy.of("teacher")]
    assert {fit.training.seed for fit in alone} == set(sweep.seeds_of_test)
    assert {fit.training.seed for fit in alone}.isdisjoint(fit.training.seed for fit in choosing)
    fresh = {(fit.training.seed, fit.training.model) for fit in alone}  # teachers of one sweep are there for the next
    assert fresh >= {(seed, spy.said[-1].choice.cell.student) for seed in sweep.seeds_of_test}


@every_kind
def test_the_control_of_the_test_is_trained_as_that_of_the_map(whole, kind):
    spy, sweep = whole(kind), sweep_of(kind)
    control = spy.said[-1].choice.cell.plain
    done = [part.stack for part in parts(spy.said)]
    stacks = [stack for stack in done if control in stack.cells and stack.epochs == sweep.epochs]
    split = {"fold": None, "folds": None}  # nothing is held out of the training split where nothing is left to choose
    of_map = {sweep.training_of_stack(stack).model_copy(update=split) for stack in stacks}
    plain = [fit for fit in spy.of("alone") if fit.teacher is None and fit.training.model == control.student]
    of_test = {fit.training for fit in plain}
    assert len(of_test) == len(sweep.seeds_of_test)
    assert {each.model_copy(update={"seed": 0}) for each in of_test} == {
        each.model_copy(update={"seed": 0}) for each in of_map
    }


@pytest.mark.parametrize("kind", ["grid", "few labels", "folds"])
def test_a_sweep_from_before_is_tested_with_the_seeds_that_chose_and_chooses_alike(whole, kind):
    before = events(sweep_of(kind, test_seeds=OPTIONS["seeds"]), finished=parts(whole(kind).said))[-1]
    end = whole(kind).said[-1]
    assert [result.recipe.seed for result in before.choice.results] == list(before.recipe.seeds)
    assert (before.choice.cell, before.choice.tied) == (end.choice.cell, end.choice.tied)
    assert (before.trials, before.summaries) == (end.trials, end.summaries)
    if kind != "folds":  # there the networks of the map have learnt from other images
        control = end.choice.cell.plain
        trials = [trial for trial in before.trials if trial.cell == control]
        for trial, result in zip(trials, before.choice.results, strict=True):
            assert abs(result.plain.validation_accuracy - trial.validation_accuracy) <= 3 / VALIDATION


@every_kind
def test_the_end_has_all_trials_and_a_summary_of_each_cell(whole, kind):
    sweep, said = sweep_of(kind), whole(kind).said
    end = said[-1]
    assert Counter((t.cell, t.seed, t.fold, t.epochs) for t in end.trials) == Counter(
        (t.cell, t.seed, t.fold, t.epochs) for part in parts(said) for t in part.trials
    )
    assert {trial.model_dump_json() for trial in end.trials} == {
        trial.model_dump_json() for part in parts(said) for trial in part.trials
    }
    assert [summary.cell for summary in end.summaries] == list(sweep.trained_cells)
    for summary in end.summaries:
        own = [t.nll for t in end.trials if t.cell == summary.cell and t.epochs == summary.epochs]
        assert summary.trials == len(own) == len(sweep.seeds) * (sweep.folds or 1)
        assert summary.nll.mean == pytest.approx(sum(own) / len(own))
        assert (summary.against_plain is None) == (summary.cell.alpha == 0)
    assert (end.run_id, end.recipe) == (sweep.id, sweep)
    assert (end.threads, end.torch) == (torch.get_num_threads(), torch.__version__)
    assert end.device == (torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU")


# What can go wrong.


def test_a_diverged_student_is_marked_and_costs_its_neighbours_nothing(state, monkeypatch):
    monkeypatch.setattr("kdviz.recipes.sweep.STACKED_WEIGHTS", 10_000_000)  # so large students have neighbours
    options = {
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "batch_size": 20,
        "student": "784-800-800-10",
        "epochs": 1,
        "seeds": (3,),
        "alphas": (1.0,),
    }
    sweep = sweep_of("grid", temperatures=(0.05, 1000.0), **options)
    said = events(sweep)
    (part,) = parts(said)
    by_cell = {(trial.cell.temperature, trial.cell.alpha): trial for trial in part.trials}
    assert by_cell[1000.0, 1.0].diverged
    assert not math.isfinite(by_cell[1000.0, 1.0].nll)
    assert not math.isfinite(part.moments[-1].nll[part.trials.index(by_cell[1000.0, 1.0])])
    calm = [by_cell[1.0, 0.0], by_cell[0.05, 1.0]]
    assert not any(trial.diverged for trial in calm)
    end = said[-1]
    assert {summary.cell: summary.diverged for summary in end.summaries} == {
        trial.cell: int(trial.diverged) for trial in part.trials
    }
    assert end.choice is not None
    assert not next(trial for trial in part.trials if trial.cell == end.choice.cell).diverged
    for event in said:
        text = event.model_dump_json()
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
        assert type(event).model_validate_json(text).model_dump_json() == text
    # The same neighbours beside a student that is calm.
    (stack,) = sweep.stacks(sweep.trained_cells, 1)
    place = [cell.temperature * cell.alpha for cell in stack.cells].index(1000.0)
    cells = list(stack.cells)
    cells[place] = cells[place].model_copy(update={"temperature": 0.05})
    *_, without = events(sweep, only=stack.model_copy(update={"cells": tuple(cells)}))
    for number, trial in enumerate(part.trials):
        assert timeless(trial) == timeless(without.trials[number]) or number == place
    assert timeless(part.trials[place]) != timeless(without.trials[place])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_poisoned_student_is_marked_and_its_neighbours_are_what_they_are_without(whole, monkeypatch, value):
    (before, _), sweep = parts(whole("grid").said), sweep_of("grid")
    fit = study.fit

    def poisoned(cohorts, *rest, **options):
        with torch.no_grad():
            next(iter(cohorts[0].networks[2].parameters())).fill_(value)
        return fit(cohorts, *rest, **options)

    monkeypatch.setattr(study, "fit", poisoned)
    *_, after = events(sweep, only=before.stack)
    assert [trial.diverged for trial in after.trials] == [number == 2 for number in range(len(after.trials))]
    for number, (one, other) in enumerate(zip(before.trials, after.trials, strict=True)):
        assert timeless(one) == timeless(other) or number == 2
    for one, other in zip(before.moments, after.moments, strict=True):
        for name in ("loss_kd", "loss_ce", "validation_accuracy", "nll", "ece", "agreement"):
            pairs = enumerate(zip(getattr(one, name), getattr(other, name), strict=True))
            assert all(a == b for number, (a, b) in pairs if number != 2)
    assert not math.isfinite(after.moments[-1].nll[2])


def test_where_every_student_diverges_nothing_is_chosen(state):
    options = {"learning_rate": 10.0, "student": "784-800-800-10", "epochs": 1, "batch_size": 100, "seeds": (3,)}
    said = events(sweep_of("grid", optimizer="sgd", temperatures=(4.0,), teacher_epochs=1, **options))
    assert all(trial.diverged for trial in said[-1].trials)
    assert said[-1].choice is None
    assert not of(TrainedStudent, said)
    assert not of(Progress, said)
    assert [summary.diverged for summary in said[-1].summaries] == [1, 1, 1]
    for event in said:
        text = event.model_dump_json()
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
        assert type(event).model_validate_json(text).model_dump_json() == text


def test_a_closed_sweep_leaves_whole_teachers_behind(own_state):
    run = study.run(sweep_of("grid"))
    next(event for event in run if isinstance(event, StackProgress) and event.stack.seed == 0)
    run.close()
    (file,) = (own_state / "teachers").iterdir()
    assert file == teachers.kept_path(sweep_of("grid").teacher_training(0))
    teachers.read(file, TEACHER)


def test_missing_data_ends_the_sweep_in_a_sentence(monkeypatch):
    def nothing(name):
        raise DataError("There is no MNIST.")

    monkeypatch.setattr(data, "load", nothing)
    with pytest.raises(DataError, match="There is no MNIST"):
        events(Sweep())


def test_a_damaged_teacher_is_trained_anew(own_state):
    path = teachers.kept_path(sweep_of("grid").teacher_training(0))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    first = next(event for event in study.run(sweep_of("grid")) if event is not None)
    assert (type(first), first.method, first.stage) == (Moment, "teacher", "seed 0")


# Learning.


@pytest.mark.usefixtures("mnist_teacher")
def test_students_of_a_stack_reach_on_mnist_what_they_reach_alone():
    sweep = Sweep(epochs=1, teacher_epochs=2, seeds=(0,), temperatures=(2.0, 8.0), alphas=(0.0, 0.5, 1.0))
    (stack,) = sweep.stacks(sweep.trained_cells, 1)
    *_, part = events(sweep, only=stack)
    assert part.teacher_accuracy >= 0.95
    assert len(part.trials) == 5
    for trial in part.trials:
        assert trial.validation_accuracy >= 0.92
        assert trial.validation_images == 5000
    cell = stack.cells[-1]
    _, _, result = lone_run(sweep, cell, 0, 1)
    assert abs(result.distilled.validation_accuracy - part.trials[-1].validation_accuracy) <= 15 / 5000
    assert abs(result.plain.validation_accuracy - part.trials[0].validation_accuracy) <= 15 / 5000
