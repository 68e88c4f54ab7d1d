"""The loop against the same mathematics written the usual way, and against the mistakes that FACTS.md lists."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from kdviz.distillers.by_loss import DISTILLERS
from kdviz.distillers.plain import Plain
from kdviz.engine import data, evaluation, models, teachers
from kdviz.engine.batches import FixedTeachers, chunks
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort
from kdviz.engine.optimizers import learning_rate
from kdviz.engine.training import fit, steps_of
from kdviz.recipes.single import Recipe

STUDENT = "784-30-30-10"
TEMPERATURE, ALPHA = 4.0, 0.7


@pytest.fixture
def split(digits):
    """A few hundred digits: enough for every kind of batch, and quick."""
    return Split(digits.training.images[:300], digits.training.labels[:300])


@pytest.fixture
def teacher():
    network, _ = teachers.read(teachers.shipped_path("digits"), "784-512-256-10")
    return network


def how(**changes):
    options = {"data": "digits", "student": STUDENT, "epochs": 2, "batch_size": 32, "seed": 3}
    return Recipe(**options | changes).student_training


def alone(network):
    """A cohort of one; its name only says how large the network is."""
    return Cohort(STUDENT, [network])


def advised(teacher, split, training):
    return FixedTeachers.of([alone(teacher)], split, training, TEMPERATURE)


def batches(split, training, teacher):
    """Images, labels, mask and teacher's logits of one update after another."""
    for chunk in chunks(split, [training], advised(teacher, split, training), 1):
        mask = None if chunk.labelled is None else chunk.labelled[0]
        yield chunk.images[0], chunk.labels[0], mask, chunk.teacher_logits[0]


def weights(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def trained(split, training, distiller, fixed_teacher=None, *, network=None, reports=4):
    """A network's weights after `fit`, and the reports."""
    network = network or models.build(STUDENT, training.seed)
    cohorts = [alone(network)]
    said = [report for report in fit(cohorts, split, [training], distiller, fixed_teacher, reports=reports) if report]
    return weights(network), said


def offline(split, training, teacher, alpha=ALPHA, loss="kl", **options):
    fixed_teacher = advised(teacher, split, training)
    return trained(split, training, DISTILLERS[loss](TEMPERATURE, alpha), fixed_teacher, **options)


# The same mathematics, the usual way, in double precision.


@pytest.fixture
def double(monkeypatch):
    """Images in double precision, so that rounding cannot hide a mistake."""
    single = data.normalise
    for module in (data, evaluation):
        monkeypatch.setattr(module, "normalise", lambda images: single(images).double())


def soft_loss(loss, student, teacher):
    if loss == "mse":
        return functional.mse_loss(student, teacher)
    log_q, p = functional.log_softmax(student / TEMPERATURE, 1), functional.softmax(teacher / TEMPERATURE, 1)
    if loss == "soft-ce":
        return TEMPERATURE**2 * functional.cross_entropy(student / TEMPERATURE, p)
    return TEMPERATURE**2 * functional.kl_div(log_q, p, reduction="batchmean")


def reference(split, training, teacher, alpha, loss):
    """Every update as it is written everywhere; returns the weights and each update's two losses."""
    torch.manual_seed(training.seed)
    student = models.build(training.model, training.seed).double().train()
    usable = data.labelled(split, training.labels, training.seed)
    known = [image.numpy().tobytes() for image in split.images]
    steps = steps_of(training, len(split))
    if training.optimizer == "sgd":
        optimizer = torch.optim.SGD(student.parameters(), lr=training.learning_rate, momentum=0.9)
    else:
        optimizer = torch.optim.Adam(student.parameters(), lr=training.learning_rate)
    scheduler = None
    if training.schedule == "one-cycle":
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, training.learning_rate, total_steps=steps, cycle_momentum=False
        )
    terms = []
    for images, labels, _, _ in batches(split, training, teacher):  # as test_batches.py has checked them
        with torch.no_grad():
            said = teacher(images)
        logits = student(images)
        pixels = ((images.squeeze(1) + 1) * 255 / 2).round().to(torch.uint8)
        hard = functional.cross_entropy(logits, labels, reduction="none")
        if training.labels is not None:
            indices = torch.tensor([known.index(image.numpy().tobytes()) for image in pixels])
            hard = hard * torch.isin(indices, usable)
        soft = alpha * soft_loss(loss, logits, said)
        hard = (1 - alpha) * hard.mean()
        optimizer.zero_grad()
        (soft + hard).backward()
        optimizer.step()
        if scheduler and len(terms) < steps - 1:
            scheduler.step()
        terms.append((soft.item(), hard.item()))
    return weights(student), terms


@pytest.mark.parametrize(
    ("changes", "loss"),
    [
        ({}, "kl"),
        ({}, "soft-ce"),
        ({}, "mse"),
        ({"labels": 40}, "kl"),
        ({"augmentation": "shift"}, "kl"),
        ({"batch_size": 128}, "kl"),
        ({"optimizer": "sgd", "learning_rate": 0.02}, "kl"),
        ({"schedule": "one-cycle", "learning_rate": 3e-3}, "kl"),
        ({"optimizer": "sgd", "schedule": "one-cycle", "learning_rate": 0.05}, "kl"),
    ],
)
@pytest.mark.usefixtures("double")
def test_fit_equals_the_usual_loop_with_torchs_optimizers_and_autograd(split, teacher, changes, loss):
    training = how(**changes)
    teacher.double()
    steps = steps_of(training, len(split))
    network = models.build(STUDENT, training.seed).double()
    start = weights(network)
    ours, said = offline(split, training, teacher, loss=loss, network=network, reports=steps)
    theirs, terms = reference(split, training, teacher, ALPHA, loss)
    assert (ours - theirs).norm() < 1e-6 * (theirs - start).norm()
    assert [(*r.loss_kd, *r.loss_ce) for r in said] == [pytest.approx(t, rel=1e-5) for t in terms]


@pytest.mark.usefixtures("double")
def test_the_gradients_share_is_that_of_the_soft_term_at_the_logits(split, teacher):
    teacher.double()
    training = how(epochs=1, batch_size=300, labels=40)
    network = models.build(STUDENT, training.seed).double()
    ((images, labels, labelled, teacher_logits),) = batches(split, training, teacher)
    z = network(images).detach().requires_grad_()
    hard = (functional.cross_entropy(z, labels, reduction="none") * labelled).mean()
    soft = ALPHA * soft_loss("kl", z, teacher_logits)
    norms = [torch.autograd.grad(term, z)[0].norm() for term in (soft, (1 - ALPHA) * hard)]
    _, (said,) = offline(split, training, teacher, network=network)
    assert said.gradient_share_kd == [pytest.approx((norms[0] / sum(norms)).item(), rel=1e-6)]


def test_single_precision_stays_close_to_the_usual_loop(split, teacher):
    training = how(epochs=1)
    student = models.build(STUDENT, training.seed)
    start = weights(student)
    optimizer = torch.optim.Adam(student.parameters(), lr=training.learning_rate)
    for images, labels, _, _ in batches(split, training, teacher):
        logits = student(images)
        loss = ALPHA * soft_loss("kl", logits, teacher(images))
        loss = loss + (1 - ALPHA) * functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    ours, _ = offline(split, training, teacher)
    assert (ours - weights(student)).norm() < 1e-2 * (weights(student) - start).norm()


@pytest.mark.parametrize("model", [pytest.param("cnn-8-16", marks=pytest.mark.trains), "784-128-10"])
def test_every_kind_of_network_learns_in_the_one_loop(split, teacher, model):
    training = how(epochs=8, student=model, batch_size=16)
    network = models.build(model, 0)
    _, said = offline(split, training, teacher, network=network, reports=8)
    assert said[-1].training_accuracy[0] > 0.8 > said[0].training_accuracy[0]
    assert said[-1].loss_kd[0] < said[0].loss_kd[0] / 2


# Alpha's two ends.


@pytest.mark.parametrize("loss", ["kl", "soft-ce", "mse"])
def test_alpha_zero_is_plain_training_to_the_last_bit(split, teacher, loss):
    training = how()
    distilled, said = offline(split, training, teacher, alpha=0.0, loss=loss)
    plain, said_plain = trained(split, training, Plain())
    assert torch.equal(distilled, plain)
    assert [r.loss_ce[0] for r in said] == pytest.approx([r.loss_ce[0] for r in said_plain], rel=1e-5)
    assert all(r.loss_kd == [0] and r.gradient_share_kd == [0] for r in said)
    assert all(r.loss_kd == [0] and r.gradient_share_kd is None for r in said_plain)


@pytest.mark.parametrize("loss", ["kl", "soft-ce", "mse"])
def test_alpha_one_never_looks_at_a_label(split, teacher, loss):
    wrong = Split(split.images, split.labels[torch.randperm(len(split), generator=torch.Generator().manual_seed(0))])
    one, other = (offline(part, how(), teacher, alpha=1.0, loss=loss)[0] for part in (split, wrong))
    assert torch.equal(one, other)


def test_labels_do_count_when_alpha_is_less_than_one(split, teacher):
    wrong = Split(split.images, split.labels.flip(0))
    one, other = (offline(part, how(), teacher, alpha=0.99)[0] for part in (split, wrong))
    assert not torch.equal(one, other)


# Few labels.


def test_the_label_of_an_unlabelled_image_changes_nothing(split, teacher):
    training = how(labels=40)
    allowed = data.labelled(split, 40, training.seed)
    labels = (split.labels + 1) % 10
    labels[allowed] = split.labels[allowed]
    fixed_teacher = advised(teacher, split, training)

    def run(part, monkey):
        monkey.setattr(data, "labelled", lambda *_: allowed)  # which are labelled follows from the labels themselves
        return trained(part, training, DISTILLERS["kl"](TEMPERATURE, ALPHA), fixed_teacher)

    with pytest.MonkeyPatch.context() as monkey:
        (one, said), (other, _) = (run(part, monkey) for part in (split, Split(split.images, labels)))
    assert torch.equal(one, other)
    full, said_full = offline(split, how(), teacher)
    assert not torch.equal(one, full)
    assert said[0].loss_ce[0] < said_full[0].loss_ce[0] / 3  # 40 of 300 count, the mean is over all


# Repeatability, modes, and what belongs to whom.


@pytest.mark.parametrize("augmentation", ["none", "affine"])
@pytest.mark.parametrize("student", [STUDENT, "cnn-8-16"])
def test_the_same_training_gives_the_same_weights_to_the_last_bit(split, teacher, augmentation, student):
    training = how(epochs=1, augmentation=augmentation, student=student)
    runs = []
    for noise in (1, 2):
        torch.manual_seed(noise)  # whatever else drew random numbers before
        runs.append(offline(split, training, teacher, network=models.build(student, 0)))
    assert torch.equal(runs[0][0], runs[1][0])
    assert [r.loss_kd for r in runs[0][1]] == [r.loss_kd for r in runs[1][1]]


@pytest.mark.parametrize("schedule", ["constant", "one-cycle"])
def test_how_often_is_reported_does_not_change_the_training(split, teacher, schedule):
    training = how(schedule=schedule)
    seldom, often = (offline(split, training, teacher, reports=reports)[0] for reports in (1, 20))
    assert torch.equal(seldom, often)


@pytest.mark.parametrize("augmentation", ["none", "shift"])
def test_the_teacher_stays_as_it_is_and_outside_the_graph(split, teacher, augmentation):
    before = weights(teacher).clone()
    offline(split, how(augmentation=augmentation), teacher)
    assert torch.equal(weights(teacher), before)
    assert not teacher.training
    assert all(not p.requires_grad and p.grad is None for p in teacher.parameters())


def test_the_student_trains_in_training_mode_also_after_an_evaluation(split):
    modes = []
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).eval()
    network[1].register_forward_hook(lambda module, *_: modes.append((module.training, torch.is_grad_enabled())))
    for report in fit([alone(network)], split, [how()], Plain(), reports=5):
        if report:
            evaluation.logits_of(network, split.images[:10])
            assert network.training
    assert modes.count((False, False)) == 5
    assert modes.count((True, True)) == steps_of(how(), 300)
    assert len(modes) == 5 + steps_of(how(), 300)


def test_gradients_are_cleared_after_every_update(split):
    network = models.build(STUDENT, 0)
    for _ in fit([alone(network)], split, [how()], Plain()):
        assert all(p.grad is None for p in network.parameters())


# Reports.


@pytest.mark.parametrize(
    ("images", "epochs", "batch_size", "steps"), [(300, 2, 32, 20), (300, 1, 300, 1), (301, 3, 100, 12), (10, 1, 64, 1)]
)
def test_number_of_updates(images, epochs, batch_size, steps):
    assert steps_of(how(epochs=epochs, batch_size=batch_size), images) == steps


@pytest.mark.parametrize("reports", [1, 3, 7, 20, 1000])
@pytest.mark.parametrize("batch_size", [7, 32, 300])
def test_reports_come_once_an_interval_and_end_with_the_last_update(split, reports, batch_size):
    training = how(batch_size=batch_size, epochs=3)
    steps = steps_of(training, len(split))
    updates = []
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    network[1].register_forward_hook(lambda *_: updates.append(1))
    every = max(1, steps // max(reports, 3))
    said = []
    for report in fit([alone(network)], split, [training], Plain(), reports=reports):
        if report:
            assert report.step == len(updates)
            said.append(report)
    taken = [report.step for report in said]
    assert taken[-1] == steps == len(updates)
    gaps = [b - a for a, b in zip([0, *taken], taken, strict=False)]
    assert all(every <= gap < 2 * every for gap in gaps[:-1])
    assert [report.epoch for report in said] == [math.ceil(step / (steps / 3)) for step in taken]
    assert said[-1].images_seen == 3 * len(split)


def test_one_report_more_comes_at_once_where_somebody_waits_for_it(digits):
    def steps(model=STUDENT, **more):
        network, training = models.build(STUDENT, 0), how(epochs=1).model_copy(update={"model": model})
        reports = fit([alone(network)], digits.training, [training], Plain(), reports=1, **more)
        return [report.step for report in reports if report]

    assert steps() == [40]
    assert steps(at_once=True) == [32, 40], "after the first thousand images"
    assert steps("cnn-32-64", at_once=True) == [4, 40], "a large network's first updates take as long"


def test_a_reports_figures_are_of_all_images_since_the_last_one(split, teacher):
    training = how(epochs=1)
    _, (whole,) = offline(split, training, teacher, reports=1)
    _, parts = offline(split, training, teacher, reports=1000)
    sizes = [32] * 9 + [12]
    for name in ("loss_kd", "loss_ce", "training_accuracy"):
        mean = sum(getattr(part, name)[0] * size for part, size in zip(parts, sizes, strict=True)) / 300
        assert getattr(whole, name) == [pytest.approx(mean, rel=1e-5)]


def test_seconds_are_of_training_and_not_of_what_happens_between_reports(split):
    now = 0.0

    def clock():
        nonlocal now
        now += 1
        return now

    said = []
    for report in fit([alone(models.build(STUDENT, 0))], split, [how()], Plain(), reports=5, clock=clock):
        if report:
            said.append(report.seconds)
            now += 1000  # the caller takes its time
    assert said == sorted(said)
    assert said[-1] < 100


# Learning rates.


@pytest.mark.parametrize("steps", [2, 3, 4, 5, 7, 10, 11, 100, 4300])
def test_one_cycle_is_torchs(steps):
    training = how(schedule="one-cycle", learning_rate=0.01)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=steps, cycle_momentum=False)
    theirs = []
    for step in range(steps):
        theirs.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < steps - 1:
            scheduler.step()
    ours = [learning_rate(training, step, steps) for step in range(steps)]
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-15)


def test_one_cycle_of_a_single_update_is_a_number():
    assert 0 < learning_rate(how(schedule="one-cycle"), 0, 1) <= 1e-3


def test_a_constant_rate_is_constant():
    assert {learning_rate(how(), step, 10) for step in range(10)} == {1e-3}


# Divergence.


def test_a_diverging_training_goes_on_to_its_end_and_says_so(split, teacher):
    training = how(optimizer="sgd", learning_rate=10.0, epochs=3)
    _, said = offline(split, training, teacher, loss="mse")
    assert said[-1].step == steps_of(training, len(split))
    assert not math.isfinite(said[-1].loss_kd[0])
    assert not math.isfinite(said[-1].loss_ce[0])
    assert math.isnan(said[-1].gradient_share_kd[0])
