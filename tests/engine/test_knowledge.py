"""Losses of hidden activations: values worked out by hand, what they do not depend on, and finite gradients."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from kdviz.engine import knowledge

DTYPES = [torch.float32, torch.float64]
LOSSES = {
    "hints": (knowledge.hint_loss, (6, 5)),
    "attention": (knowledge.attention_loss, (6, 3, 4, 4)),
    "flow": (knowledge.flow_loss, (6, 3, 4)),
    "distance": (knowledge.distance_loss, (6, 5)),
    "angle": (knowledge.angle_loss, (6, 5)),
    "similarity": (knowledge.similarity_loss, (6, 3, 2, 2)),
}

seeds = st.integers(0, 2**31 - 1)
scales = st.floats(-7, 7).map(math.exp)


def normal(seed, *shape, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def rotation(seed, size):
    return torch.linalg.qr(normal(seed, size, size)).Q


def close(a, b, rtol=1e-7, atol=1e-9):
    b = b if isinstance(b, torch.Tensor) else torch.tensor(b, dtype=a.dtype)
    torch.testing.assert_close(a, b, rtol=rtol, atol=atol)


def gradient(loss, student, teacher):
    leaf = student.clone().requires_grad_()
    (result,) = torch.autograd.grad(loss(leaf, teacher), leaf)
    return result


# What all losses have in common.


@pytest.mark.parametrize("name", LOSSES)
@given(seeds)
def test_equal_input_gives_no_loss_and_no_gradient(name, seed):
    loss, shape = LOSSES[name]
    x = normal(seed, *shape)
    assert loss(x, x.clone()) == 0
    close(gradient(loss, x, x.clone()), torch.zeros_like(x))


@pytest.mark.parametrize("name", LOSSES)
@given(seeds)
def test_loss_is_one_positive_number_and_the_same_both_ways(name, seed):
    loss, shape = LOSSES[name]
    x, y = normal(seed, *shape), normal(seed + 1, *shape)
    assert loss(x, y).shape == ()
    assert loss(x, y) > 0
    close(loss(x, y), loss(y, x))


@pytest.mark.parametrize("name", LOSSES)
@given(seeds, st.permutations(range(6)))
def test_loss_does_not_depend_on_the_order_of_the_images(name, seed, order):
    loss, shape = LOSSES[name]
    x, y = normal(seed, *shape), normal(seed + 1, *shape)
    close(loss(x[order], y[order]), loss(x, y))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("case", ["duplicates", "all the same", "zero", "near duplicates", "far from 0"])
def test_gradients_are_finite_where_images_are_the_same(name, case, dtype):
    loss, shape = LOSSES[name]
    student, teacher = normal(0, *shape, dtype=dtype), normal(1, *shape, dtype=dtype)
    if case == "duplicates":
        student[3:] = student[:3].clone()
    elif case == "all the same":
        student[:] = student[:1].clone()
        teacher[:] = teacher[:1].clone()
    elif case == "zero":
        student, teacher = torch.zeros_like(student), torch.zeros_like(teacher)
    elif case == "near duplicates":
        student[3:] = student[:3] * (1 + 3 * torch.finfo(dtype).eps)
    else:
        student[1] = student[0]
        student += 1000
    ours = gradient(loss, student, teacher)
    assert loss(student, teacher).isfinite()
    assert ours.isfinite().all()
    assert ours.dtype == dtype
    assert ours.norm() < 1e3


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_is_the_slope(name):
    loss, shape = LOSSES[name]
    student, teacher = normal(0, *shape), normal(1, *shape)
    assert torch.autograd.gradcheck(lambda x: loss(x, teacher), student.requires_grad_())


# Features.


def test_hint_loss_by_hand():
    close(knowledge.hint_loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 4.0]])), 2.5)


def test_attention_map_by_hand():
    # Two channels, 1 x 2 places: squares' means (1 + 5) / 2 = 3 and (16 + 0) / 2 = 8, hence the squares' root of 73.
    features = torch.tensor([[[[1.0, 4.0]], [[math.sqrt(5), 0.0]]]], dtype=torch.float64)
    close(knowledge.attention_map(features), [[3 / math.sqrt(73), 8 / math.sqrt(73)]])


def test_attention_loss_by_hand():
    # (1, 0) against (0, 1): (1 + 1) / 2.
    close(
        knowledge.attention_loss(torch.tensor([[[[5.0, 0.0]]]]), torch.tensor([[[[0.0, -2.0]]]])),
        1.0,
    )


@given(seeds, scales)
def test_attention_loss_sees_neither_scale_nor_signs_nor_the_order_of_channels(seed, scale):
    x, y = normal(seed, 4, 3, 5, 5), normal(seed + 1, 4, 7, 5, 5)
    close(knowledge.attention_loss(-scale * x[:, [2, 0, 1]], y.abs()), knowledge.attention_loss(x, y))


def test_attention_loss_pools_the_larger_map_by_means():
    large, small = normal(0, 2, 3, 8, 8), normal(1, 2, 5, 4, 4)
    pooled = functional.avg_pool2d(large.square().mean(1, keepdim=True), 2).flatten(1)
    expected = (functional.normalize(pooled) - knowledge.attention_map(small)).square().mean()
    close(knowledge.attention_loss(large, small), expected)
    close(knowledge.attention_loss(small, large), expected)
    assert knowledge.attention_loss(normal(0, 2, 3, 8, 2), normal(1, 2, 3, 4, 6)).isfinite()


# Relations between layers.


def test_flow_by_hand():
    # One image, two channels and one, 1 x 2 places: (1*5 + 2*6) / 2 and (3*5 + 4*6) / 2.
    first = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]], dtype=torch.float64)
    last = torch.tensor([[[[5.0, 6.0]]]], dtype=torch.float64)
    close(knowledge.flow(first, last), [[[8.5], [19.5]]])
    close(knowledge.flow_loss(knowledge.flow(first, last), torch.zeros(1, 2, 1, dtype=torch.float64)), 226.25)


def test_flow_pools_the_larger_map_by_maxima():
    first, last = normal(0, 2, 3, 8, 8), normal(1, 2, 5, 4, 4)
    pooled = functional.max_pool2d(first, 2)
    expected = torch.einsum("bchw,bdhw->bcd", pooled, last) / 16
    close(knowledge.flow(first, last), expected)
    close(knowledge.flow(last, first), expected.mT)


def test_singular_values_by_hand():
    mean = torch.tensor([[3.0, 0.0], [0.0, -1.0], [0.0, 0.0]], dtype=torch.float64)
    off = normal(0, 3, 2)
    close(knowledge.singular_values(torch.stack([mean + off, mean - off])), [0.75, 0.25])
    assert (knowledge.singular_values(torch.zeros(2, 3, 4)) == 0).all()


# Relations between images.


def test_distances_by_hand():
    # 3, 4, 5; the mean is 4.
    points = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]], dtype=torch.float64)
    close(knowledge.distances(points), [[0, 0.75, 1.25], [0.75, 0, 1.0], [1.25, 1.0, 0]])


def test_angles_by_hand():
    # The 3-4-5 triangle: cosines 3/5 at the first, 0 at the second, 4/5 at the third.
    points = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]], dtype=torch.float64)
    cosines = knowledge.angles(points)
    close(cosines[1, 0, 2], 0.6)
    close(cosines[0, 1, 2], 0.0)
    close(cosines[0, 2, 1], 0.8)
    close(cosines[1, 0, 1], 1.0)  # from one image to the same image
    for j in range(3):
        assert (cosines[j, j] == 0).all()
        assert (cosines[:, j, j] == 0).all()


@given(seeds)
def test_angles_equal_the_cosines_of_the_differences(seed):
    x = normal(seed, 5, 4)
    difference = functional.normalize(x.unsqueeze(1) - x.unsqueeze(0), dim=2)  # [i, j]: from j to i
    close(knowledge.angles(x), torch.einsum("ijd,kjd->ijk", difference, difference), atol=1e-9)


@given(seeds)
def test_distances_equal_torchs(seed):
    x = normal(seed, 5, 4)
    expected = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")
    close(knowledge.distances(x), expected * 20 / expected.sum())


def test_relation_losses_are_huber_losses():
    student, teacher = normal(0, 6, 5), normal(1, 6, 7)
    for loss, relation in (
        (knowledge.distance_loss, knowledge.distances),
        (knowledge.angle_loss, knowledge.angles),
    ):
        gap = (relation(student) - relation(teacher)).abs()
        close(loss(student, teacher), torch.where(gap < 1, gap.square() / 2, gap - 0.5).mean())


@given(seeds, scales)
def test_identity_8_distances_and_angles_do_not_change_with_scale_shift_and_rotation(seed, scale):
    x = normal(seed, 6, 5)
    moved = scale * x @ rotation(seed, 5) + scale * normal(seed + 1, 5)
    close(knowledge.distances(scale * x), knowledge.distances(x))
    close(knowledge.distances(moved), knowledge.distances(x), atol=1e-8)
    close(knowledge.angles(moved), knowledge.angles(x), atol=1e-8)


@pytest.mark.parametrize("dtype", DTYPES)
def test_identical_images_have_distance_nothing_and_no_angle(dtype):
    x = normal(0, 40, 300, dtype=dtype) + 5
    x[7] = x[31]
    distances, angles = knowledge.distances(x), knowledge.angles(x)
    assert distances[7, 31] == distances[31, 7] == 0
    assert (distances > 0).sum() == 40 * 39 - 2
    assert (angles[7, 31] == 0).all()
    assert (knowledge.distances(x[[7, 31]]) == 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_images_that_differ_by_rounding_only_have_distance_nothing(dtype):
    x = normal(0, 20, 300, dtype=dtype)
    twice = torch.cat([x, x * (1 + 2 * torch.finfo(dtype).eps)])
    assert (knowledge.distances(twice)[:20, 20:].diagonal() == 0).all()
    assert knowledge.angles(twice).abs().amax() < 1 + 1e-3


def test_single_precision_keeps_the_digits_far_from_0():
    x = normal(0, 20, 50) + 100
    close(knowledge.distances(x.float()).double(), knowledge.distances(x), rtol=1e-4, atol=1e-4)
    close(knowledge.angles(x.float()).double(), knowledge.angles(x), rtol=1e-4, atol=1e-4)


def test_similarity_by_hand():
    # Products 1, 1; 1, 2, of lengths root 2 and root 5.
    x = torch.tensor([[1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    close(
        knowledge.similarity(x),
        [[1 / math.sqrt(2), 1 / math.sqrt(2)], [1 / math.sqrt(5), 2 / math.sqrt(5)]],
    )
    # Against images that have nothing to do with each other.
    expected = ((1 / math.sqrt(2) - 1) ** 2 + 1 / 2 + 1 / 5 + (2 / math.sqrt(5) - 1) ** 2) / 4
    close(knowledge.similarity_loss(x, torch.eye(2, dtype=torch.float64)), expected)


@given(seeds, scales)
def test_similarity_does_not_change_with_scale_and_rotation(seed, scale):
    x = normal(seed, 6, 5)
    close(knowledge.similarity(scale * x @ rotation(seed, 5)), knowledge.similarity(x))


# Linear CKA, with more images than features and with fewer.


def linear_cka(x, y):
    return knowledge.cka_between([x], [y])[0, 0]


@pytest.mark.parametrize("images", [4, 30])
@given(seeds, scales)
def test_cka_is_one_for_the_same_layer_turned_scaled_and_shifted(images, seed, scale):
    x = normal(seed, images, 6)
    close(linear_cka(x, x), 1.0)
    close(linear_cka(x, scale * x @ rotation(seed, 6) + 3 * scale), 1.0)


@pytest.mark.parametrize("images", [4, 30])
@given(seeds)
def test_cka_is_symmetric_and_from_zero_to_one(images, seed):
    x, y = normal(seed, images, 6), normal(seed + 1, images, 8)
    cka = linear_cka(x, y)
    close(cka, linear_cka(y, x))
    assert 0 <= cka <= 1


@pytest.mark.parametrize("images", [4, 30])
def test_cka_equals_the_definition_with_centring_matrices(images):
    x, y = normal(0, images, 6), normal(1, images, 8)
    h = torch.eye(images, dtype=torch.float64) - 1 / images
    k, m = h @ x @ x.T @ h, h @ y @ y.T @ h
    close(linear_cka(x, y), (k * m).sum() / (k.norm() * m.norm()))


def test_cka_by_hand():
    # Centred (-1, 0, 1) and (1, -2, 1): at right angles. With (-1, 1, 0): 1 / 4.
    x = torch.tensor([[1.0], [2.0], [3.0]])
    close(linear_cka(x, torch.tensor([[1.0], [-2.0], [1.0]])), 0.0)
    close(linear_cka(x, torch.tensor([[-1.0], [1.0], [0.0]])), 0.25)


@pytest.mark.parametrize("images", [4, 30])
@pytest.mark.parametrize("dtype", DTYPES)
def test_cka_is_zero_for_a_constant_layer_and_never_without_a_value(images, dtype):
    x = normal(0, images, 6, dtype=dtype)
    for constant in (
        torch.zeros(images, 3, dtype=dtype),
        torch.full((images, 7), 0.1, dtype=dtype),
        torch.tensor([0.1, 0.3, 0.7, 1.1], dtype=dtype).expand(images, 4),  # whose means are rounded
    ):
        assert linear_cka(x, constant) == 0
        assert linear_cka(constant, constant) == 0
    assert linear_cka(x[:1], x[:1]) == 0
    for size in (1e-30, 1e30):
        close(linear_cka(x, size * x), 1.0, atol=1e-6)


def test_cka_between_all_layers_of_two_networks():
    layers, others = [normal(i, 9, 3 + i) for i in range(3)], [normal(9 + i, 9, 4, 3) for i in range(2)]
    table = knowledge.cka_between(layers, others)
    assert table.shape == (3, 2)
    for i in range(3):
        for j in range(2):
            close(table[i, j], linear_cka(layers[i], others[j]))
    assert (knowledge.cka_between([torch.ones(9, 3)], others) == 0).all()
