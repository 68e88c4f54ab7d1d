"""Noise in the gradient: the estimates against gradients taken one by one, and the study along a training."""

import math

import pytest
import torch

from kdviz.engine import losses, models
from kdviz.engine.data import normalise
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts import fewer_examples, noise_payoff
from kdviz.recipes.study_facts.gradient_noise import FACTS, MOMENTS, PATHS, TARGETS, Target, arm_name
from kdviz.records.study import StudyResult
from kdviz.runners import study as lessons
from kdviz.runners.studies import gradient_noise as noise
from kdviz.runners.studies.lab import STUDENT
from kdviz.widgets.pictures import gradient_noise as shown

pytestmark = pytest.mark.trains
SEEDS, BATCHES, SIZE = 2, 6, 8


def told(steps):
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def drawn():
    """Random images with random answers, and batches of them."""
    generator = torch.Generator().manual_seed(3)
    images = torch.randint(256, (40, 28, 28), generator=generator, dtype=torch.uint8)
    one_hot = torch.eye(10)[torch.randint(10, (40,), generator=generator)]
    teacher = 4 * torch.randn(SEEDS, 40, 10, generator=generator)
    return noise.SharedBatches(images, one_hot, teacher, torch.randint(40, (SEEDS, BATCHES, SIZE), generator=generator))


def loss_of(target, logits, teacher, labels):
    """The mean loss of each batch, from logits (..., N, classes)."""
    soft, hard = losses.kd_loss(logits, teacher, target.temperature), losses.cross_entropy(logits, labels)
    return sum(losses.distillation_loss(soft, hard, target.alpha))


@pytest.mark.parametrize("target", [Target(1.0, 0.0), Target(4.0, 1.0), Target(20.0, 1.0), Target(4.0, 0.7)])
def test_gradients_at_the_logits_are_those_of_the_loss(target):
    logits, teacher = torch.randn(2, 5, 10, requires_grad=True), torch.randn(2, 5, 10)
    labels = torch.randint(10, (2, 5))
    loss_of(target, logits, teacher, labels).sum().backward()
    found = noise.gradient_at_logits(target, logits.detach(), torch.eye(10)[labels], teacher)
    assert torch.allclose(found, logits.grad, atol=1e-6)


def one_by_one(network, batches, seed, target):
    """Every batch's gradient of one seed's network, (batches, weights)."""
    gradients = []
    for number in range(BATCHES):
        chosen = batches.indices[seed, number]
        logits = network(normalise(batches.images[chosen]))
        labels = batches.one_hot[chosen].argmax(dim=-1)
        loss = loss_of(target, logits, batches.teacher[seed, chosen], labels)
        found = torch.autograd.grad(loss, list(network.parameters()))
        gradients.append(torch.cat([each.flatten() for each in found]).double())
    return torch.stack(gradients)


def test_noise_and_signal_are_those_of_gradients_taken_one_by_one():
    cohort = models.cohort(STUDENT, [models.build(STUDENT, seed) for seed in range(SEEDS)])
    batches = drawn()
    found = told(noise._noises(cohort, batches, None))
    assert found.keys() == TARGETS.keys()
    for name in ("hard", "soft-4", "mixed"):
        for seed in range(SEEDS):
            gradients = one_by_one(models.build(STUDENT, seed), batches, seed, TARGETS[name])
            variance = gradients.var(dim=0).sum().item()
            signal = gradients.mean(dim=0).square().sum().item() - variance / BATCHES
            assert found[name].variance[seed].item() == pytest.approx(variance, rel=1e-3)
            assert found[name].signal[seed].item() == pytest.approx(max(signal, variance / BATCHES), rel=1e-2)
    # An arrow's length is its gradient's, in units of the mean's.
    gradients = one_by_one(models.build(STUDENT, 0), batches, 0, TARGETS["hard"])
    lengths = (gradients.norm(dim=1) / gradients.mean(dim=0).norm()).tolist()
    assert [math.hypot(*arrow) for arrow in found["hard"].arrows] == pytest.approx(lengths, rel=1e-3)
    assert sum(along for along, _ in found["hard"].arrows) / BATCHES == pytest.approx(1, abs=1e-3)


def gathered(gradients):
    sums = noise._GradientSums(len(gradients))
    for gradient in gradients:
        sums.add([gradient[:, :30].unflatten(1, (5, 6)), gradient[:, 30:]])
    return sums.noise()


def test_a_loss_ten_times_as_large_is_no_noisier_beside_its_mean():
    gradients = [1 + torch.randn(3, 70, generator=torch.Generator().manual_seed(n)) for n in range(50)]
    one, ten = gathered(gradients), gathered([10 * gradient for gradient in gradients])
    assert ten.variance.tolist() == pytest.approx((100 * one.variance).tolist(), rel=1e-3)
    assert ten.ratio.tolist() == pytest.approx(one.ratio.tolist(), rel=1e-3)
    assert one.ratio.tolist() == pytest.approx([1.0] * 3, rel=0.25)  # variance 1 and mean 1 in every direction
    for arrow, same in zip(ten.arrows, one.arrows, strict=True):
        assert arrow == pytest.approx(same, abs=1e-3)


def test_pure_noise_is_never_more_than_the_batches_can_tell():
    gradients = [torch.randn(3, 70, generator=torch.Generator().manual_seed(n)) for n in range(50)]
    assert all(0 < ratio <= 50 * (1 + 1e-6) for ratio in gathered(gradients).ratio.tolist())


def test_arrows_keep_their_angle_from_the_mean():
    mean = torch.tensor([2.0, 0.0, 0.0])
    arrows = noise.arrows_of([mean, torch.tensor([0.0, 4.0, 0.0]), torch.tensor([2.0, 0.0, 2.0])], mean)
    assert arrows == [(1.0, 0.0), (0.0, 2.0), (1.0, 1.0)]
    assert shown.median_angle(arrows) == pytest.approx(45)


@pytest.fixture(scope="module")
def studied():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noise, "QUICK_BATCHES", 8)
        study = Study.of("gradient-noise", "digits", seeds="0,1", quick=True)
        return next(event for event in lessons.run(study) if isinstance(event, StudyResult))


def test_the_study_has_each_target_at_each_moment_of_both_trainings(studied):
    epochs = studied.arm("labels-hard").curves[0].x
    assert len(epochs) == len(MOMENTS)
    assert epochs == sorted(epochs)
    assert (epochs[0], epochs[-1]) == (0, 15)
    for arm in studied.finished:
        assert [row.seed for row in arm.rows] == [0, 1]
        ratio, variance, signal = (
            {curve.seed: curve.y for curve in arm.curves if curve.name == name}
            for name in ("ratio", "variance", "signal")
        )
        for row in arm.rows:
            assert row.figures["end"] == pytest.approx(10 * math.log10(ratio[row.seed][-1]))
            assert ratio[row.seed] == pytest.approx(
                [v / s for v, s in zip(variance[row.seed], signal[row.seed], strict=True)], rel=1e-5
            )
    both = [studied.arm(arm_name(path, "soft-4")) for path in PATHS]
    starts = [[row.figures["start"] for row in arm.rows] for arm in both]
    assert starts[0] == pytest.approx(starts[1])  # the same weights and batches before the first update
    assert [row.figures["end"] for row in both[0].rows] != pytest.approx([row.figures["end"] for row in both[1].rows])
    pairs = {(each.arm, each.against) for each in studied.judgements}
    assert ("labels-soft-4", "labels-hard") in pairs
    assert all(against.endswith("-hard") for _, against in pairs)


def test_the_page_reads_every_moment_out_of_the_study(studied):
    assert shown.paths_in(studied) == ["labels", "taught"]
    path = shown.path_of(studied, "labels")
    assert [each.T for each in path.soft] == sorted(each.T for each in path.soft)
    of_seeds = [curve.y for curve in studied.arm("labels-hard").curves if curve.name == "ratio"]
    assert path.hard.mean == pytest.approx([math.sqrt(a * b) for a, b in zip(*of_seeds, strict=True)])
    assert path.hard.low == [min(pair) for pair in zip(*of_seeds, strict=True)]
    assert len(path.hard.arrows) == len(path.epochs)
    least, most = path.ends
    for line in (path.hard, *path.soft):
        assert least <= min(line.low) <= max(line.high) <= most
    only = studied.model_copy(update={"finished": [arm for arm in studied.finished if arm.arm != "taught-hard"]})
    assert shown.paths_in(only) == ["labels"]


def test_every_arm_of_the_facts_is_one_the_engine_knows():
    assert {arm.name for arm in FACTS.arms} == {arm_name(path, target) for path in PATHS for target in TARGETS}
    assert Study.of("fewer-examples", "digits").chosen[-1].x == 1000  # the digits have 1,257 images to learn from


@pytest.mark.parametrize(
    ("study", "arm"), [("noise-payoff", "taught-0.03"), ("fewer-examples", "taught-300")], ids=["rate", "examples"]
)
def test_the_payoff_compares_soft_targets_with_the_same_condition_on_labels(study, arm):
    wanted = Study.of(study, "digits", seeds="0,1", quick=True, arms=arm)
    end = next(event for event in lessons.run(wanted) if isinstance(event, StudyResult))
    assert [each.arm for each in end.finished] == [arm.replace("taught", "labels"), arm]
    assert end.judgement(arm).against == arm.replace("taught", "labels")
    assert all(row.figures["test_accuracy"] > 0.3 for each in end.finished for row in each.rows)


def test_the_arms_of_the_payoff_stand_in_pairs():
    for facts in (noise_payoff.FACTS, fewer_examples.FACTS):
        names = {arm.name for arm in facts.arms}
        assert {arm.against for arm in facts.arms if arm.against} <= names
        assert len(names) == len(facts.arms)
