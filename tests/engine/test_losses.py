"""FACTS.md's identities, in single and double precision, over T from 0.05 to 1000 and underflowing probabilities."""

import math
from types import SimpleNamespace
from typing import NamedTuple

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from kdviz.engine import losses

CLASSES = 10
SOFT_TERMS = {  # each one's loss and gradient, from the student's and the teacher's logits and T
    "kl": (losses.kd_loss, lambda z, v, t: losses.kd_gradient(z, losses.softmax(v, t), t)),
    "soft-ce": (
        lambda z, v, t: t**2 * losses.soft_cross_entropy(z, v, t),
        lambda z, v, t: losses.kd_gradient(z, losses.softmax(v, t), t),
    ),
    "mse": (lambda z, v, t: losses.logit_mse(z, v), lambda z, v, t: losses.logit_mse_gradient(z, v)),
    "reverse-kl": (losses.reverse_kl_loss, losses.reverse_kl_gradient),
    "js": (losses.jensen_shannon_loss, losses.jensen_shannon_gradient),
}
OF_LETTERS = ("reverse-kl", "js")  # which no way of teaching with images uses
DTYPES = [torch.float32, torch.float64]

temperatures = st.floats(math.log(0.05), math.log(1000)).map(lambda x: min(max(math.exp(x), 0.05), 1000.0))
alphas = st.floats(0, 1)
sizes = st.sampled_from([0.0, 0.1, 1.0, 5.0, 30.0, 1000.0])  # of the logits; from 5 on probabilities underflow


@st.composite
def logits(draw, dtype=torch.float64, size=sizes):
    """(student, teacher, labels) of a small batch."""
    batch, scale = draw(st.integers(1, 5)), draw(size)
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31 - 1)))
    student, teacher = (scale * torch.randn(batch, CLASSES, generator=generator, dtype=dtype) for _ in range(2))
    return student, teacher, torch.randint(CLASSES, (batch,), generator=generator)


ordinary = logits(size=st.sampled_from([0.1, 1.0, 5.0]))


def close(a, b, rtol=1e-9, atol=1e-10):
    torch.testing.assert_close(a, b, rtol=rtol, atol=atol)


def autograd(term, student):
    """Gradient at the student's logits by torch's own differentiation."""
    leaf = student.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(term(leaf), leaf)
    return gradient


def soft_gradient(loss, student, teacher, temperature):
    return SOFT_TERMS[loss][1](student, teacher, temperature)


def soft_term(loss, student, teacher, temperature):
    return SOFT_TERMS[loss][0](student, teacher, temperature)


class Combined(NamedTuple):
    loss_kd: torch.Tensor
    loss_ce: torch.Tensor


def combined_loss(student, teacher, labels, *, temperature, alpha, loss="kl", labelled=None):
    """The two summands of the loss, from logits."""
    soft, hard = soft_term(loss, student, teacher, temperature), losses.cross_entropy(student, labels, labelled)
    return Combined(*losses.distillation_loss(soft, hard, alpha))


# Values worked out by hand: dog 0.7, wolf 0.2, cat 0.1 against the hard label dog.

DOG = torch.log(torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64))
OTHER = torch.log(torch.tensor([[0.6, 0.3, 0.1]], dtype=torch.float64))


def test_softmax_at_temperature_one_gives_the_probabilities_back():
    close(losses.softmax(DOG, 1.0), torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64))


def test_softmax_at_temperature_two_is_proportional_to_the_square_roots():
    roots = torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64).sqrt()
    close(losses.softmax(DOG, 2.0), roots / roots.sum())
    close(losses.softmax(DOG, 2.0)[0, 0], torch.tensor(0.522879, dtype=torch.float64), atol=1e-6)


def test_kl_of_the_opening_example():
    # 0.7 ln(0.7/0.6) + 0.2 ln(0.2/0.3) + 0.1 ln(0.1/0.1) = 0.107905 - 0.081093 + 0
    assert losses.kl_divergence(OTHER, DOG, 1.0).item() == pytest.approx(0.026812, abs=1e-6)


def test_kl_is_of_teacher_against_student_and_not_the_other_way_round():
    # 0.6 ln(0.6/0.7) + 0.3 ln(0.3/0.2) = -0.092490 + 0.121640
    assert losses.kl_divergence(DOG, OTHER, 1.0).item() == pytest.approx(0.029149, abs=1e-6)


def test_entropy_and_cross_entropies_of_the_opening_example():
    # -(0.7 ln 0.7 + 0.2 ln 0.2 + 0.1 ln 0.1) = 0.249672 + 0.321888 + 0.230259
    assert losses.entropy(DOG, 1.0).item() == pytest.approx(0.801819, abs=1e-6)
    # -(0.7 ln 0.6 + 0.2 ln 0.3 + 0.1 ln 0.1) = 0.357578 + 0.240795 + 0.230259
    assert losses.soft_cross_entropy(OTHER, DOG, 1.0).item() == pytest.approx(0.828631, abs=1e-6)
    assert losses.cross_entropy(DOG, torch.tensor([0])).item() == pytest.approx(-math.log(0.7))


def test_combined_loss_of_the_opening_example():
    # T = 1, alpha = 0.7: 0.7 * 0.026812 and 0.3 * -ln 0.6
    terms = combined_loss(OTHER, DOG, torch.tensor([0]), temperature=1.0, alpha=0.7)
    assert terms.loss_kd.item() == pytest.approx(0.018768, abs=1e-6)
    assert terms.loss_ce.item() == pytest.approx(0.153248, abs=1e-6)


def test_logit_mse_by_hand():
    z, v = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1.0, 0.0, 0.0]])
    assert losses.logit_mse(z, v).item() == pytest.approx((0 + 4 + 9) / 3)


# Against torch's own functions.


@given(ordinary, temperatures, alphas)
def test_combined_loss_equals_torchs_functions(batch, temperature, alpha):
    student, teacher, labels = batch
    soft = functional.kl_div(
        functional.log_softmax(student / temperature, dim=1),
        functional.softmax(teacher / temperature, dim=1),
        reduction="batchmean",
    )
    terms = combined_loss(student, teacher, labels, temperature=temperature, alpha=alpha)
    close(terms.loss_kd, alpha * temperature**2 * soft, atol=1e-8)
    close(terms.loss_ce, (1 - alpha) * functional.cross_entropy(student, labels))


@given(ordinary, temperatures)
def test_the_common_mistake_of_a_mean_over_classes_is_ten_times_smaller(batch, temperature):
    student, teacher, labels = batch
    with pytest.warns(UserWarning, match="batchmean"):
        mistaken = functional.kl_div(
            functional.log_softmax(student / temperature, dim=1),
            functional.softmax(teacher / temperature, dim=1),
            reduction="mean",
        )
    ours = combined_loss(student, teacher, labels, temperature=temperature, alpha=1.0).loss_kd
    close(ours, 10 * temperature**2 * mistaken, atol=1e-8)


# Identity 1 and the closed forms that `training.fit` uses in place of autograd.


@pytest.mark.parametrize("loss", SOFT_TERMS)
@given(ordinary, temperatures)
def test_soft_gradient_is_the_derivative_of_the_soft_term(loss, batch, temperature):
    student, teacher, _ = batch
    ours = soft_gradient(loss, student, teacher, temperature)
    close(ours, autograd(lambda z: soft_term(loss, z, teacher, temperature).sum(), student), atol=1e-8)


@given(ordinary, temperatures)
def test_identity_1_gradient_of_the_soft_term_is_t_times_q_minus_p(batch, temperature):
    student, teacher, _ = batch
    q, p = torch.softmax(student / temperature, 1), torch.softmax(teacher / temperature, 1)
    gradient = autograd(lambda z: temperature**2 * losses.kl_divergence(z, teacher, temperature).sum(), student)
    close(gradient, temperature * (q - p), atol=1e-8)


@given(ordinary)
def test_hard_gradient_is_the_derivative_of_the_cross_entropy(batch):
    student, _, labels = batch
    ours = losses.cross_entropy_gradient(student, torch.eye(CLASSES, dtype=student.dtype)[labels])
    close(ours, autograd(lambda z: functional.cross_entropy(z, labels, reduction="sum"), student))


@pytest.mark.parametrize("loss", [loss for loss in SOFT_TERMS if loss not in OF_LETTERS])
@given(ordinary, temperatures, alphas, st.integers(0, 2**10 - 1))
def test_the_sum_that_training_uses_is_the_derivative_of_the_combined_loss(loss, batch, temperature, alpha, mask):
    from kdviz.distillers.by_loss import DISTILLERS
    from kdviz.engine.batches import Batch

    student, teacher, labels = batch
    labelled = torch.tensor([mask >> i & 1 for i in range(len(labels))], dtype=student.dtype)
    one_hot = torch.eye(CLASSES, dtype=student.dtype)[labels]
    distiller = DISTILLERS[loss](temperature, alpha)
    targets = distiller.targets(SimpleNamespace(teacher_logits=teacher[None]))
    seen = Batch(student[None], targets, one_hot[None], labelled[None], 0.0)
    cohort = SimpleNamespace(logits=lambda images: images)  # a student whose logits are what it sees
    ((ours,),) = distiller.step([cohort], seen).gradients

    def combined(z):
        return sum(
            combined_loss(z, teacher, labels, temperature=temperature, alpha=alpha, loss=loss, labelled=labelled)
        )

    close(ours, autograd(combined, student), atol=1e-8)


# Identity 2.


@given(logits(size=st.sampled_from([0.1, 1.0])))
def test_identity_2_high_temperature_matches_centred_logits(batch):
    student, teacher, _ = batch
    z, v = (x - x.mean(dim=1, keepdim=True) for x in (student, teacher))
    limit = (z - v).square().sum(dim=1) / (2 * CLASSES)
    close(1000**2 * losses.kl_divergence(student, teacher, 1000.0), limit, rtol=1e-2, atol=1e-8)
    close(losses.logit_mse(z, v) / 2, limit, rtol=1e-12, atol=1e-15)  # half the mean square, once centred


@given(logits(size=st.just(1.0)), st.floats(1.0, 10.0))
def test_matching_logits_as_they_are_also_asks_for_their_mean_which_kl_does_not_see(batch, shift):
    student, teacher, _ = batch
    moved = student + shift
    close(losses.kd_loss(moved, teacher, 1000.0), losses.kd_loss(student, teacher, 1000.0), rtol=1e-6, atol=1e-7)
    added = losses.logit_mse(moved, teacher) - losses.logit_mse(student, teacher)
    close(added, shift**2 + 2 * shift * (student - teacher).mean(dim=1), rtol=1e-6, atol=1e-9)


def test_identity_2_at_twenty_degrees_agrees_to_about_half_a_per_cent():
    generator = torch.Generator().manual_seed(0)
    student, teacher = (2 * torch.randn(500, CLASSES, generator=generator, dtype=torch.float64) for _ in range(2))
    z, v = (x - x.mean(dim=1, keepdim=True) for x in (student, teacher))
    limit = ((z - v).square().sum(dim=1) / (2 * CLASSES)).mean()
    at_20 = (400 * losses.kl_divergence(student, teacher, 20.0)).mean()
    assert at_20 / limit == pytest.approx(1, abs=0.006)


@given(logits(size=st.just(1.0)))
def test_without_the_square_of_t_the_soft_gradient_fades(batch):
    student, teacher, _ = batch
    near, far = (soft_gradient("kl", student, teacher, t).norm() for t in (100.0, 1000.0))
    assert near / far == pytest.approx(1, abs=0.2)  # and ten times as large without T^2


# Identity 3.


@given(ordinary, temperatures)
def test_identity_3_soft_cross_entropy_is_kl_plus_the_teachers_entropy(batch, temperature):
    student, teacher, _ = batch
    difference = losses.soft_cross_entropy(student, teacher, temperature) - losses.kl_divergence(
        student, teacher, temperature
    )
    close(difference, losses.entropy(teacher, temperature))


@given(ordinary, temperatures)
def test_identity_3_both_have_the_same_gradient(batch, temperature):
    student, teacher, _ = batch
    close(
        autograd(lambda z: soft_term("kl", z, teacher, temperature).sum(), student),
        autograd(lambda z: soft_term("soft-ce", z, teacher, temperature).sum(), student),
        atol=1e-8,
    )


@given(ordinary, temperatures)
def test_kl_is_never_negative_and_zero_only_for_the_same_distribution(batch, temperature):
    student, teacher, _ = batch
    assert (losses.kl_divergence(student, teacher, temperature) >= -1e-12).all()
    close(losses.kl_divergence(teacher + 3.0, teacher, temperature), torch.zeros(len(teacher), dtype=teacher.dtype))


# Identity 4 and the reduction.


@given(ordinary, temperatures, alphas)
def test_loss_is_the_mean_over_the_batch(batch, temperature, alpha):
    student, teacher, labels = batch
    whole = combined_loss(student, teacher, labels, temperature=temperature, alpha=alpha)
    parts = [
        combined_loss(student[i : i + 1], teacher[i : i + 1], labels[i : i + 1], temperature=temperature, alpha=alpha)
        for i in range(len(labels))
    ]
    close(whole.loss_kd, torch.stack([part.loss_kd for part in parts]).mean(), atol=1e-8)
    close(whole.loss_ce, torch.stack([part.loss_ce for part in parts]).mean())


# Identity 5.


def test_identity_5_cold_softmax_is_the_argmax_and_hot_softmax_uniform():
    z = torch.tensor([[1.0, 3.0, 2.0, -1.0]], dtype=torch.float64)
    close(losses.softmax(z, 0.05), torch.tensor([[0.0, 1.0, 0.0, 0.0]], dtype=torch.float64), atol=1e-8)
    close(losses.softmax(z, 1000.0), torch.full((1, 4), 0.25, dtype=torch.float64), atol=1e-3)


@given(ordinary, temperatures, temperatures)
def test_identity_5_entropy_rises_with_temperature(batch, one, other):
    cold, hot = sorted((one, other))
    entropy = losses.entropy(batch[1], hot)
    assert (entropy >= losses.entropy(batch[1], cold) - 1e-12).all()
    assert (entropy <= math.log(CLASSES) + 1e-12).all()


@given(ordinary, temperatures)
def test_identity_5_the_order_of_the_classes_never_changes(batch, temperature):
    _, teacher, _ = batch
    order = teacher.argsort(dim=1)
    assert (losses.log_softmax(teacher, temperature).gather(1, order).diff(dim=1) >= 0).all()
    assert (losses.softmax(teacher, temperature).gather(1, order).diff(dim=1) >= 0).all()


# Identity 6, decoupled distillation (Zhao 2022).


@given(logits(size=st.sampled_from([0.1, 1.0])))
def test_identity_6_kl_splits_into_target_and_non_target_parts(batch):
    student, teacher, labels = batch
    target = labels.unsqueeze(1)
    p, q = losses.softmax(teacher, 1.0), losses.softmax(student, 1.0)
    p_t, q_t = p.gather(1, target), q.gather(1, target)
    target_part = (p_t * (p_t / q_t).log() + (1 - p_t) * ((1 - p_t) / (1 - q_t)).log()).squeeze(1)
    p_rest, q_rest = p / (1 - p_t), q / (1 - q_t)
    others = torch.ones_like(p).scatter(1, target, 0.0)
    rest = (others * p_rest * (p_rest / q_rest).log()).sum(dim=1)
    close(losses.kl_divergence(student, teacher, 1.0), target_part + (1 - p_t).squeeze(1) * rest, atol=1e-9)


# Shifts, and networks that say the same (identity 9).


@given(ordinary, temperatures, st.floats(-100, 100))
def test_kl_does_not_change_when_logits_are_shifted(batch, temperature, shift):
    student, teacher, _ = batch
    close(
        losses.kl_divergence(student + shift, teacher - shift, temperature),
        losses.kl_divergence(student, teacher, temperature),
        atol=1e-8,
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss", ["kl", "mse"])
@given(st.data(), temperatures)
def test_identity_9_identical_logits_give_exactly_no_loss_and_no_gradient(loss, dtype, source, temperature):
    student, _, _ = source.draw(logits(dtype))
    assert (soft_term(loss, student, student.clone(), temperature) == 0).all()
    assert (soft_gradient(loss, student, student.clone(), temperature) == 0).all()


# Identity 10.


@given(ordinary, temperatures)
def test_identity_10_alpha_zero_is_plain_training_and_alpha_one_sees_no_label(batch, temperature):
    student, teacher, labels = batch
    plain = combined_loss(student, teacher, labels, temperature=temperature, alpha=0.0)
    assert plain.loss_kd == 0
    close(plain.loss_ce, functional.cross_entropy(student, labels))
    soft, other = (
        combined_loss(student, teacher, y, temperature=temperature, alpha=1.0) for y in (labels, (labels + 1) % CLASSES)
    )
    assert soft.loss_ce == other.loss_ce == 0
    assert torch.equal(soft.loss_kd, other.loss_kd)


@pytest.mark.parametrize("loss", SOFT_TERMS)
@pytest.mark.parametrize("alpha", [0.0, 1.0])
@given(ordinary, temperatures)
def test_identity_10_no_jump_at_either_end_of_alpha(loss, alpha, batch, temperature):
    student, teacher, labels = batch

    def total(a):
        return sum(combined_loss(student, teacher, labels, temperature=temperature, alpha=a, loss=loss))

    inner = abs(alpha - 1e-9)
    scale = 1 + soft_term(loss, student, teacher, temperature).abs().mean() + total(0.0)
    assert (total(alpha) - total(inner)).abs() <= 1e-8 * scale


@pytest.mark.parametrize("loss", SOFT_TERMS)
@given(ordinary, temperatures)
def test_identity_10_no_jump_in_temperature(loss, batch, temperature):
    student, teacher, _ = batch
    here, beside = (soft_term(loss, student, teacher, t) for t in (temperature, temperature * (1 + 1e-9)))
    close(here, beside, rtol=1e-6, atol=1e-6)


# Identity 11.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss", SOFT_TERMS)
@given(st.data(), temperatures, alphas)
def test_identity_11_everything_stays_finite_where_probabilities_underflow(loss, dtype, source, temperature, alpha):
    student, teacher, labels = source.draw(logits(dtype))
    leaf = student.clone().requires_grad_()
    terms = combined_loss(leaf, teacher, labels, temperature=temperature, alpha=alpha, loss=loss)
    sum(terms).backward()
    for value in (*terms, leaf.grad, soft_gradient(loss, student, teacher, temperature)):
        assert value.isfinite().all()
        assert value.dtype == dtype
    assert losses.entropy(teacher, temperature).isfinite().all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_identity_11_a_probability_of_zero_costs_what_its_logarithm_says(dtype):
    teacher = torch.tensor([[1000.0, 0.0]], dtype=dtype)
    student = torch.tensor([[0.0, 1000.0]], dtype=dtype)
    assert losses.softmax(teacher, 0.05)[0, 1] == 0
    assert losses.kl_divergence(student, teacher, 0.05).item() == pytest.approx(20_000)
    assert losses.cross_entropy(student, torch.tensor([0])).item() == pytest.approx(1000)


@given(st.data(), temperatures)
def test_single_precision_agrees_with_double(source, temperature):
    student, teacher, labels = source.draw(logits(torch.float32, size=st.sampled_from([0.1, 1.0, 5.0, 30.0])))
    for loss in SOFT_TERMS:
        single, double = (
            soft_gradient(loss, z, v, temperature)
            for z, v in ((student, teacher), (student.double(), teacher.double()))
        )
        # q - p is exact to 1e-7, and T stands before it; T (log q - log p) is as large as the logits are.
        before = max(1.0, temperature)
        if loss in OF_LETTERS:
            before += float(student.abs().max() + teacher.abs().max())
        close(single.double(), double, rtol=1e-4, atol=2e-6 * before)
    close(
        losses.cross_entropy(student, labels).double(),
        losses.cross_entropy(student.double(), labels),
        rtol=1e-4,
        atol=1e-5,
    )


# Labels that may not be used.


@given(ordinary, temperatures, alphas)
def test_unlabelled_images_add_nothing_to_the_hard_term_and_count_in_the_mean(batch, temperature, alpha):
    student, teacher, labels = batch
    labelled = torch.zeros(len(labels), dtype=student.dtype)
    labelled[0] = 1
    options = {"temperature": temperature, "alpha": alpha}
    some = combined_loss(student, teacher, labels, labelled=labelled, **options)
    swapped = (labels + 1) % CLASSES
    swapped[0] = labels[0]
    assert combined_loss(student, teacher, swapped, labelled=labelled, **options) == some
    close(some.loss_ce, (1 - alpha) * functional.cross_entropy(student[:1], labels[:1]) / len(labels))
    assert some.loss_kd == combined_loss(student, teacher, labels, **options).loss_kd


# Any axes before the batch: the seeds that train together.


@pytest.mark.parametrize("loss", SOFT_TERMS)
def test_seeds_in_front_give_each_seeds_own_loss(loss):
    generator = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(3, 4, CLASSES, generator=generator, dtype=torch.float64) for _ in range(2))
    labels = torch.randint(CLASSES, (3, 4), generator=generator)
    options = {"temperature": 3.0, "alpha": 0.7, "loss": loss}
    together = combined_loss(student, teacher, labels, **options)
    assert together.loss_kd.shape == together.loss_ce.shape == (3,)
    for seed in range(3):
        alone = combined_loss(student[seed], teacher[seed], labels[seed], **options)
        assert alone.loss_kd.shape == ()
        close(together.loss_kd[seed], alone.loss_kd)
        close(together.loss_ce[seed], alone.loss_ce)


def test_variants_take_any_axes_in_front():
    generator = torch.Generator().manual_seed(0)
    student, teacher = (torch.randn(3, 2, 4, CLASSES, generator=generator, dtype=torch.float64) for _ in range(2))
    labels = torch.randint(CLASSES, (3, 2, 4), generator=generator)
    flat = [student.flatten(0, 2), teacher.flatten(0, 2)]
    close(
        losses.decoupled_loss(student, teacher, labels, 3.0).flatten(),
        losses.decoupled_loss(*flat, labels.flatten(), 3.0),
    )
    close(
        losses.decoupled_gradient(student, teacher, labels, 3.0).flatten(0, 2),
        losses.decoupled_gradient(*flat, labels.flatten(), 3.0),
    )
    close(losses.standardised_loss(student, teacher, 3.0).flatten(), losses.standardised_loss(*flat, 3.0))
    close(losses.standardised_gradient(student, teacher, 3.0).flatten(0, 2), losses.standardised_gradient(*flat, 3.0))
    close(losses.mean_of_teachers(student, 3.0).flatten(0, 1), losses.mean_of_teachers(student.flatten(1, 2), 3.0))


# Label smoothing and the mean of several teachers.


def test_label_smoothing_by_hand():
    smooth = losses.label_smoothing(torch.tensor([[0.0, 1.0, 0.0, 0.0]], dtype=torch.float64), 0.2)
    close(smooth, torch.tensor([[0.05, 0.85, 0.05, 0.05]], dtype=torch.float64))
    nine = losses.label_smoothing(torch.eye(10, dtype=torch.float64))
    close(nine.diagonal(), torch.full((10,), 0.91, dtype=torch.float64))
    close(nine.sum(dim=1), torch.ones(10, dtype=torch.float64))


def test_mean_of_two_teachers_by_hand():
    close(
        losses.softmax(losses.mean_of_teachers(torch.stack([DOG, OTHER]), 1.0), 1.0),
        torch.tensor([[0.65, 0.25, 0.10]], dtype=torch.float64),
    )


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data(), temperatures)
def test_mean_of_teachers_has_the_mean_distribution_and_stays_finite(dtype, source, temperature):
    one, other, _ = source.draw(logits(dtype))
    mean = losses.mean_of_teachers(torch.stack([one, other, other]), temperature)
    p, q = losses.softmax(one, temperature), losses.softmax(other, temperature)
    tolerance = 1e-9 if dtype == torch.float64 else 2e-5
    close(losses.softmax(mean, temperature), (p + 2 * q) / 3, rtol=tolerance, atol=tolerance)
    assert mean.isfinite().all()
    assert mean.dtype == dtype


# Identity 6 again, as `decoupled` has it.


def test_decoupled_by_hand():
    # Target dog. 0.7 ln(0.7/0.6) + 0.3 ln(0.3/0.4), and (2/3, 1/3) against (3/4, 1/4):
    # 2/3 ln(8/9) + 1/3 ln(4/3) = -0.078522 + 0.095894
    tckd, nckd = losses.decoupled(OTHER, DOG, torch.tensor([0]), 1.0)
    assert tckd.item() == pytest.approx(0.107905 - 0.086305, abs=1e-6)
    assert nckd.item() == pytest.approx(0.017372, abs=1e-6)
    # T = 1, alpha = 1, beta = 8
    total = losses.decoupled_loss(OTHER, DOG, torch.tensor([0]), 1.0)
    assert total.item() == pytest.approx(0.021600 + 8 * 0.017372, abs=1e-5)


@given(logits(), temperatures)
def test_identity_6_kl_is_tckd_and_the_rests_share_of_nckd(batch, temperature):
    student, teacher, labels = batch
    tckd, nckd = losses.decoupled(student, teacher, labels, temperature)
    p_others = losses.softmax(teacher, temperature).scatter(1, labels.unsqueeze(1), 0.0).sum(dim=1)
    close(losses.kl_divergence(student, teacher, temperature), tckd + p_others * nckd, atol=1e-9)
    assert (tckd >= -1e-12).all()
    assert (nckd >= -1e-12).all()


@given(ordinary, temperatures, st.floats(0, 2), st.floats(0, 10))
def test_decoupled_gradient_is_the_derivative_of_the_decoupled_loss(batch, temperature, alpha, beta):
    student, teacher, labels = batch
    arguments = (teacher, labels, temperature, alpha, beta)
    ours = losses.decoupled_gradient(student, *arguments, weight=0.5)
    derivative = autograd(lambda z: losses.decoupled_loss(z, *arguments).sum(), student)
    close(ours, 0.5 * derivative, rtol=1e-8, atol=1e-7)


@given(ordinary, temperatures)
def test_decoupled_gradient_does_not_push_all_logits_at_once(batch, temperature):
    student, teacher, labels = batch
    sums = losses.decoupled_gradient(student, teacher, labels, temperature).sum(dim=1)
    close(sums, torch.zeros_like(sums), atol=1e-8)


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data(), temperatures)
def test_identity_11_decoupled_stays_finite_where_the_targets_share_underflows(dtype, source, temperature):
    student, teacher, labels = source.draw(logits(dtype))
    student[:, 0] += source.draw(st.sampled_from([0.0, 1000.0, -1000.0]))
    leaf = student.clone().requires_grad_()
    loss = losses.decoupled_loss(leaf, teacher, labels, temperature)
    loss.sum().backward()
    for value in (loss, leaf.grad, losses.decoupled_gradient(student, teacher, labels, temperature)):
        assert value.isfinite().all()
        assert value.dtype == dtype


def test_decoupled_keeps_the_digits_where_the_teacher_is_certain():
    # 1 - p_t is exp(-60) and not 0: the rest is still divided as 3 to 1 and 1 to 3.
    three = math.log(3)
    teacher, student = torch.tensor([[60.0, three, 0.0]]), torch.tensor([[60.0, 0.0, three]])
    _, nckd = losses.decoupled(student, teacher, torch.tensor([0]), 1.0)
    assert nckd.item() == pytest.approx(0.75 * three - 0.25 * three, rel=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data(), temperatures)
def test_identity_9_identical_logits_give_the_variants_no_loss_and_no_gradient(dtype, source, temperature):
    student, _, labels = source.draw(logits(dtype))
    same = student.clone()
    for value in (
        losses.decoupled_loss(student, same, labels, temperature),
        losses.decoupled_gradient(student, same, labels, temperature),
        losses.standardised_loss(student, same, temperature),
        losses.standardised_gradient(student, same, temperature),
    ):
        assert (value == 0).all()


# Identity 7, logit standardisation.


def test_standardise_by_hand():
    # Mean 2, deviations -1, 1, -1, 1.
    close(
        losses.standardise(torch.tensor([[1.0, 3.0, 1.0, 3.0]], dtype=torch.float64)),
        torch.tensor([[-1.0, 1.0, -1.0, 1.0]], dtype=torch.float64),
        atol=1e-6,
    )


@given(ordinary, temperatures, st.floats(-50, 50), st.floats(0.2, 50))
def test_identity_7_standardised_loss_does_not_change_with_shift_and_scale(batch, temperature, shift, scale):
    student, teacher, _ = batch
    loss = losses.standardised_loss(student, teacher, temperature)
    close(losses.standardised_loss(scale * student + shift, teacher, temperature), loss, rtol=1e-4, atol=1e-5)
    close(losses.standardised_loss(student, scale * teacher + shift, temperature), loss, rtol=1e-4, atol=1e-5)


@given(ordinary, temperatures)
def test_standardised_gradient_is_the_derivative_of_the_standardised_loss(batch, temperature):
    student, teacher, _ = batch
    ours = losses.standardised_gradient(student, teacher, temperature, weight=0.5)
    derivative = autograd(lambda z: losses.standardised_loss(z, teacher, temperature).sum(), student)
    close(ours, 0.5 * derivative, rtol=1e-7, atol=1e-7)


@given(ordinary, temperatures)
def test_standardised_gradient_changes_neither_mean_nor_spread(batch, temperature):
    student, teacher, _ = batch
    gradient = losses.standardised_gradient(student, teacher, temperature)
    centred = student - student.mean(dim=1, keepdim=True)
    for products in (gradient.sum(dim=1), (gradient * centred).sum(dim=1)):
        close(products, torch.zeros_like(products), atol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@given(st.data(), temperatures)
def test_identity_11_standardised_stays_finite_also_for_logits_that_are_all_equal(dtype, source, temperature):
    student, teacher, _ = source.draw(logits(dtype))
    student[0] = source.draw(st.sampled_from([0.0, 0.1, 1000.0]))
    loss = losses.standardised_loss(student, teacher, temperature)
    gradient = losses.standardised_gradient(student, teacher, temperature)
    for value in (losses.standardise(student), loss, gradient):
        assert value.isfinite().all()
        assert value.dtype == dtype
