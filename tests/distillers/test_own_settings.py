"""A stack of students with settings of their own: each is the one it would be alone, and minds no neighbour."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from kdviz.distillers import own_settings
from kdviz.distillers.offline import Offline
from kdviz.distillers.own_settings import OwnSettings
from kdviz.distillers.plain import Plain
from kdviz.engine import data, models
from kdviz.engine.batches import Batch, Chunk, FixedTeachers, chunks
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort
from kdviz.engine.training import fit, steps_of
from kdviz.recipes.single import Recipe

pytestmark = pytest.mark.trains
STUDENT, TEACHER = "784-30-30-10", "784-128-10"
# Temperature and alpha of each student; both ends of alpha, and T from hardest to softest.
SETTINGS = ((0.05, 0.3), (1.0, 0.0), (1.0, 1.0), (4.0, 0.7), (4.0, 1.0), (20.0, 0.5), (100.0, 0.9), (1000.0, 0.2))
TAUGHT = tuple(each for each in SETTINGS if each[1] > 0)
IMAGES, BATCH = 200, 24  # the last batch of an epoch has 8 images


@pytest.fixture
def split(digits):
    return Split(digits.training.images[:IMAGES], digits.training.labels[:IMAGES])


def how(**changes):
    options = {"data": "digits", "student": STUDENT, "epochs": 1, "batch_size": BATCH, "seed": 3}
    return Recipe(**options | changes).student_training


def a_teacher(spread=3.0):
    """Some network that nobody learns: its answers differ as those of a trained one do."""
    network = models.build(TEACHER, 11).eval().requires_grad_(False)
    with torch.no_grad():
        network[-1].weight.mul_(spread)
    return models.cohort(TEACHER, [network])


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def stacked(split, training, pairs=SETTINGS, *, poison=None, distiller=None, reports=1000, teacher=None):
    """Train a stack; its cohort and all reports. `poison` is (student, value) of weights that are no use."""
    networks = [models.build(training.model, training.seed) for _ in pairs]
    if poison:
        with torch.no_grad():
            for parameter in networks[poison[0]].parameters():
                parameter.fill_(poison[1])
    cohort = models.cohort(training.model, networks)
    if distiller is None:
        distiller = OwnSettings.of(*zip(*pairs, strict=True), dtype=torch.get_default_dtype())
    fixed_teacher = FixedTeachers.of([teacher or a_teacher()], split, training, 1.0)
    said = [report for report in fit([cohort], split, [training], distiller, fixed_teacher, reports=reports) if report]
    return cohort, said


def alone(split, training, temperature, alpha, reports=1000):
    """The usual training of a single student, as a single run has it."""
    network = models.build(training.model, training.seed)
    distiller = Offline(temperature, alpha) if alpha > 0 else Plain()
    fixed_teacher = FixedTeachers.of([a_teacher()], split, training, temperature) if alpha > 0 else None
    cohort = Cohort(training.model, [network])
    said = [report for report in fit([cohort], split, [training], distiller, fixed_teacher, reports=reports) if report]
    return network, said


# Each is the one it would have been alone.


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"epochs": 2, "batch_size": 64},
        {"batch_size": 7, "seed": 8},
        {"batch_size": IMAGES},
        {"schedule": "one-cycle", "learning_rate": 3e-3},
        {"optimizer": "sgd", "learning_rate": 0.02},
        {"optimizer": "sgd", "learning_rate": 0.05, "schedule": "one-cycle"},
        {"augmentation": "shift"},
        {"labels": 30},
        {"labels": 30, "augmentation": "affine"},
        {"student": "784-128-10"},
        {"student": "784-256-10", "batch_size": 100},
        {"student": "cnn-8-16", "batch_size": 50},
        {"student": "cnn-8-16", "batch_size": 64, "labels": 30, "augmentation": "shift"},
    ],
)
@pytest.mark.usefixtures("double")
def test_each_student_is_the_one_it_would_be_alone(split, monkeypatch, changes):
    monkeypatch.setattr(own_settings, "LOOKED_AT", 1)
    training = how(**changes)
    # With few labels plain students train by themselves: they see other images.
    pairs = SETTINGS if training.labels is None else TAUGHT
    cohort, said = stacked(split, training, pairs)
    start = weights(models.build(training.model, training.seed))
    assert len(said) == steps_of(training, IMAGES)
    for number, (temperature, alpha) in enumerate(pairs):
        network, said_alone = alone(split, training, temperature, alpha)
        moved = (weights(network) - start).norm()
        assert (weights(cohort.networks[number]) - weights(network)).norm() < 1e-6 * moved
        for one, other in zip(said, said_alone, strict=True):
            assert (one.step, one.epoch) == (other.step, other.epoch)
            assert one.loss_kd[number] == pytest.approx(other.loss_kd[0], rel=1e-6, abs=1e-12)
            assert one.loss_ce[number] == pytest.approx(other.loss_ce[0], rel=1e-6, abs=1e-12)
            assert one.training_accuracy[number] == other.training_accuracy[0]


@pytest.mark.parametrize("model", [STUDENT, "784-128-10", "cnn-8-16"])
def test_single_precision_stays_close_over_the_first_updates(split, model):
    few = Split(split.images[:100], split.labels[:100])
    training = how(student=model, batch_size=20)  # five updates
    cohort, _ = stacked(few, training)
    start = weights(models.build(model, training.seed))
    for number, (temperature, alpha) in enumerate(SETTINGS):
        network, _ = alone(few, training, temperature, alpha)
        moved = (weights(network) - start).norm()
        assert (weights(cohort.networks[number]) - weights(network)).norm() < 1e-3 * moved, (temperature, alpha)


def test_students_of_other_settings_come_out_different(split):
    cohort, said = stacked(split, how())
    each = [weights(network) for network in cohort.networks]
    for number, (one, other) in enumerate(pairwise(each)):
        assert (one - other).norm() > 1e-3 * one.norm(), number
    assert len({round(loss, 6) for loss in said[-1].loss_ce}) == len(SETTINGS) - 1  # two have alpha = 1, and none


@pytest.mark.parametrize("model", [STUDENT, "cnn-8-16"])
def test_students_of_the_same_settings_come_out_the_same(split, model):
    cohort, said = stacked(split, how(student=model), ((4.0, 0.5),) * 3)
    for network in cohort.networks[1:]:  # but for the last bits, which depend on the place in the stack
        torch.testing.assert_close(weights(network), weights(cohort.networks[0]), rtol=1e-4, atol=1e-6)
    for losses in (said[-1].loss_kd, said[-1].loss_ce):
        assert losses == [pytest.approx(losses[0], rel=1e-5)] * 3


def test_the_order_of_a_stack_does_not_matter(split):
    forth, _ = stacked(split, how())
    back, _ = stacked(split, how(), SETTINGS[::-1])
    for one, other in zip(forth.networks, reversed(back.networks), strict=True):
        torch.testing.assert_close(weights(one), weights(other), rtol=1e-3, atol=1e-5)


# Alpha's two ends.


@pytest.mark.parametrize("model", [STUDENT, "cnn-8-16"])
def test_alpha_zero_is_plain_training_to_the_last_bit(split, model):
    training = how(student=model)
    among, _ = stacked(split, training)
    plain, said = stacked(split, training, distiller=Plain())
    assert torch.equal(weights(among.networks[1]), weights(plain.networks[1]))
    assert all(report.loss_kd[1] == 0 for report in said)


def test_alpha_zero_minds_no_temperature(split):
    one, _ = stacked(split, how(), ((1.0, 0.0), (4.0, 0.5)))
    other, _ = stacked(split, how(), ((1000.0, 0.0), (4.0, 0.5)))
    assert torch.equal(weights(one.networks[0]), weights(other.networks[0]))


def test_alpha_one_never_looks_at_a_label(split):
    wrong = Split(split.images, split.labels.flip(0))
    ends = [stacked(part, how())[0] for part in (split, wrong)]
    for number, (_, alpha) in enumerate(SETTINGS):
        same = torch.equal(*(weights(cohort.networks[number]) for cohort in ends))
        assert same == (alpha == 1)


def test_the_label_of_an_unlabelled_image_changes_nothing(split, monkeypatch):
    training = how(labels=40)
    allowed = data.labelled(split, 40, training.seed)
    labels = (split.labels + 1) % 10
    labels[allowed] = split.labels[allowed]
    monkeypatch.setattr(data, "labelled", lambda *_: allowed)  # which are labelled follows from the labels themselves
    (one, said), (other, said_other) = (
        stacked(part, training, TAUGHT) for part in (split, Split(split.images, labels))
    )
    for here, there in zip(one.networks, other.networks, strict=True):
        assert torch.equal(weights(here), weights(there))
    assert [report.loss_ce for report in said] == [report.loss_ce for report in said_other]


# The loss and its gradient.


def loss_of(logits, teacher, labels, temperature, alpha, labelled=None):
    """(alpha * T^2 * KL, (1 - alpha) * CE) of one student, means over the images, the usual way."""
    log_q, p = functional.log_softmax(logits / temperature, 1), functional.softmax(teacher / temperature, 1)
    soft = functional.kl_div(log_q, p, reduction="batchmean")
    hard = functional.cross_entropy(logits, labels, reduction="none")
    hard = hard if labelled is None else hard * labelled
    return alpha * temperature**2 * soft, (1 - alpha) * hard.mean()


class Answering:
    """A cohort whose logits are given."""

    def __init__(self, logits):
        self.given = logits

    def logits(self, images):
        return self.given


def a_chunk(students, images, masked, seed=0):
    """Logits of students and teacher, and the chunk they belong to, in double precision."""
    dice = torch.Generator().manual_seed(seed)
    z = torch.randn(students, images, 10, generator=dice, dtype=torch.float64) * 4
    v = torch.randn(1, images, 10, generator=dice, dtype=torch.float64) * 4
    labels = torch.randint(10, (1, images), generator=dice)
    chunk = Chunk(
        epoch=1,
        done=0.0,
        labels=labels,
        images=torch.zeros(1, images, 1),
        one_hot=torch.eye(10, dtype=torch.float64)[labels],
        labelled=(torch.rand(1, images, generator=dice) < 0.5).double() if masked else None,
        teacher_logits=v,
    )
    return z, chunk


settings_of_students = st.lists(st.tuples(st.floats(0.05, 1000), st.floats(0, 1)), min_size=1, max_size=6)


@settings(max_examples=60)
@given(settings_of_students, st.integers(1, 9), st.booleans(), st.integers(0, 1000))
def test_the_gradient_is_that_of_the_documented_loss(pairs, images, masked, seed):
    z, chunk = a_chunk(len(pairs), images, masked, seed)
    distiller = OwnSettings.of(*zip(*pairs, strict=True), dtype=torch.float64)
    (batch,) = chunk.batches(distiller.targets(chunk), images)
    step = distiller.step([Answering(z.clone().requires_grad_())], batch)
    assert len(step.outputs) == len(step.gradients) == 1
    assert torch.equal(step.record[0], z)
    for number, (temperature, alpha) in enumerate(pairs):
        own = z[number].clone().requires_grad_()
        mask = None if chunk.labelled is None else chunk.labelled[0]
        soft, hard = loss_of(own, chunk.teacher_logits[0], chunk.labels[0], temperature, alpha, mask)
        (expected,) = torch.autograd.grad(soft + hard, own)
        # T * (q - p) loses the digits that T takes from q - p.
        torch.testing.assert_close(step.gradients[0][number], expected, rtol=1e-9, atol=1e-11)


@settings(max_examples=60)
@given(settings_of_students, st.integers(1, 30), st.booleans(), st.integers(0, 1000))
def test_the_terms_are_those_of_every_fourth_image(pairs, images, masked, seed):
    z, chunk = a_chunk(len(pairs), images, masked, seed)
    terms = OwnSettings.of(*zip(*pairs, strict=True), dtype=torch.float64).terms(chunk, (z,))
    every = own_settings.LOOKED_AT
    for number, (temperature, alpha) in enumerate(pairs):
        mask = None if chunk.labelled is None else chunk.labelled[0, ::every]
        soft, hard = loss_of(
            z[number, ::every], chunk.teacher_logits[0, ::every], chunk.labels[0, ::every], temperature, alpha, mask
        )
        assert terms.loss_kd[number].item() == pytest.approx(soft.item(), rel=1e-7, abs=1e-8)
        assert terms.loss_ce[number].item() == pytest.approx(hard.item(), rel=1e-9, abs=1e-12)
    assert terms.gradient_share_kd is None


def test_few_images_looked_at_are_few(split):
    assert own_settings.LOOKED_AT == 4
    z, chunk = a_chunk(2, 40, True)
    distiller = OwnSettings.of((2.0, 4.0), (0.5, 0.5), dtype=torch.float64)
    unseen = torch.arange(40) % own_settings.LOOKED_AT != 0
    changed = z.clone()
    changed[:, unseen] += 1.0 * torch.arange(10)
    one, other = distiller.terms(chunk, (z,)), distiller.terms(chunk, (changed,))
    assert torch.equal(one.loss_kd, other.loss_kd)
    assert torch.equal(one.loss_ce, other.loss_ce)


def test_targets_are_the_teachers_softmax_at_each_temperature():
    _, chunk = a_chunk(1, 5, False)
    targets = OwnSettings.of((0.5, 3.0, 50.0), (0.1, 0.5, 1.0), dtype=torch.float64).targets(chunk)
    assert targets.shape == (3, 5, 10)
    for number, temperature in enumerate((0.5, 3.0, 50.0)):
        torch.testing.assert_close(targets[number], functional.softmax(chunk.teacher_logits[0] / temperature, 1))


def test_every_term_is_finite_in_single_precision_at_both_ends_of_the_temperature():
    z, chunk = a_chunk(4, 16, False)
    chunk = replace(chunk, one_hot=chunk.one_hot.float(), teacher_logits=chunk.teacher_logits.float() * 30)
    distiller = OwnSettings.of((0.05, 0.05, 1000.0, 1000.0), (0.5, 1.0, 0.5, 1.0))
    logits = z.float() * 30
    terms = distiller.terms(chunk, (logits,))
    batch = Batch(chunk.images, distiller.targets(chunk), chunk.one_hot, None, 0.0)
    step = distiller.step([Answering(logits)], batch)
    for tensor in (terms.loss_kd, terms.loss_ce, step.gradients[0], batch.targets):
        assert torch.isfinite(tensor).all()
    assert (terms.loss_kd >= 0).all()


# Divergence.


@pytest.mark.parametrize("model", [STUDENT, "cnn-8-16"])
@pytest.mark.parametrize("wild", [math.nan, math.inf, 1e30])
def test_a_student_that_diverges_leaves_its_neighbours_alone(split, model, wild):
    training = how(student=model, batch_size=50)
    whole, said = stacked(split, training)
    broken, said_broken = stacked(split, training, poison=(3, wild))
    for number in range(len(SETTINGS)):
        same = torch.equal(weights(whole.networks[number]), weights(broken.networks[number]))
        assert same == (number != 3)
        for one, other in zip(said, said_broken, strict=True):
            for name in ("loss_kd", "loss_ce", "training_accuracy"):
                values = getattr(one, name)[number], getattr(other, name)[number]
                assert values[0] == values[1] or number == 3
    assert not math.isfinite(said_broken[-1].loss_ce[3])


def test_a_student_that_really_diverges_leaves_its_neighbours_alone(split):
    """With large steps: the soft term at a high T pulls ever harder, as a square does."""
    training = how(student="784-800-800-10", batch_size=10, optimizer="sgd", learning_rate=0.1)
    calm = ((1.0, 0.0), (1.0, 0.3), (0.05, 0.5))
    tame, _ = stacked(split, training, (*calm, (0.05, 0.5)))
    wild, said = stacked(split, training, (*calm, (1000.0, 1.0)))
    assert not torch.isfinite(weights(wild.networks[3])).all()
    assert not math.isfinite(said[-1].loss_kd[3])
    for number in range(len(calm)):
        assert torch.isfinite(weights(wild.networks[number])).all()
        assert torch.equal(weights(tame.networks[number]), weights(wild.networks[number]))


@pytest.mark.parametrize("model", [STUDENT, "cnn-8-16"])
def test_a_teacher_that_diverged_leaves_the_plain_student_alone(split, model):
    training = how(student=model)
    teacher = a_teacher(math.nan)
    cohort, said = stacked(split, training, teacher=teacher)
    healthy, _ = stacked(split, training)
    assert torch.equal(weights(cohort.networks[1]), weights(healthy.networks[1]))
    assert all(report.loss_kd[1] == 0 and math.isfinite(report.loss_ce[1]) for report in said)
    assert not torch.isfinite(weights(cohort.networks[0])).all()


# What belongs to whom.


@pytest.mark.parametrize("augmentation", ["none", "shift"])
def test_the_teacher_stays_as_it_is_and_outside_the_graph(split, augmentation):
    teacher = a_teacher()
    before = weights(teacher.networks[0]).clone()
    stacked(split, how(augmentation=augmentation), teacher=teacher)
    assert torch.equal(weights(teacher.networks[0]), before)
    assert not teacher.networks[0].training
    assert all(not p.requires_grad and p.grad is None for p in teacher.networks[0].parameters())


def test_all_students_see_the_batches_that_one_would(split, monkeypatch):
    training = how(labels=30, augmentation="shift")
    seen = []
    step = OwnSettings.step
    monkeypatch.setattr(
        OwnSettings, "step", lambda self, cohorts, batch: seen.append(batch) or step(self, cohorts, batch)
    )
    stacked(split, training, TAUGHT)
    expected = list(chunks(split, [training], FixedTeachers.of([a_teacher()], split, training, 1.0), 1))
    assert len(seen) == len(expected) == steps_of(training, IMAGES)
    for batch, chunk in zip(seen, expected, strict=True):
        assert batch.images.shape[0] == batch.one_hot.shape[0] == batch.labelled.shape[0] == 1
        assert torch.equal(batch.images, chunk.images)
        assert torch.equal(batch.one_hot, chunk.one_hot)
        assert torch.equal(batch.labelled, chunk.labelled)
