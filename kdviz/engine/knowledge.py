"""Losses of hidden layers, and measures of how alike two layers are: pure functions of activations.

Shapes: the batch comes first. `features` are maps of shape (batch, channels, height, width), `embeddings` one vector
an image, shape (batch, dimensions). Every loss is a mean, a number without axes, and 0 for equal input. Values and
gradients are finite for ordinary finite input, also where two images of a batch are the same or a layer is constant.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

# Features.


def hint_loss(mapped_student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of (r(h) - g)^2: the student's hidden layer, mapped to the teacher's shape (Romero 2015, equation 3)."""
    return (mapped_student - teacher).square().mean()


def _common_size(one: Tensor, other: Tensor) -> tuple[int, int]:
    """The smaller height and the smaller width of two maps."""
    return min(one.shape[-2], other.shape[-2]), min(one.shape[-1], other.shape[-1])


def attention_map(features: Tensor, size: tuple[int, int] | None = None) -> Tensor:
    """Where the features are strong: the mean of their squares over the channels, of length 1, (batch, places).

    `size` is the height and width it is average-pooled to. Source: Zagoruyko, Komodakis 2017, section 3.1.
    """
    strength = features.square().mean(dim=1)
    if size is not None and size != strength.shape[-2:]:
        strength = functional.adaptive_avg_pool2d(strength, size)
    return functional.normalize(strength.flatten(1), dim=1)


def attention_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of the attention maps (Zagoruyko, Komodakis 2017, equation 2, as in their code).

    `student` and `teacher` are features with any numbers of channels; the larger map is pooled to the smaller.
    """
    size = _common_size(student, teacher)
    return (attention_map(student, size) - attention_map(teacher, size)).square().mean()


# Relations between layers.


def flow(first: Tensor, last: Tensor) -> Tensor:
    """FSP matrix, shape (batch, channels of first, channels of last): mean over the places of first * last.

    The larger map is max-pooled to the smaller. Source: Yim et al. 2017, equation 1.
    """
    size = _common_size(first, last)
    first, last = (x if x.shape[-2:] == size else functional.adaptive_max_pool2d(x, size) for x in (first, last))
    means: Tensor = first.flatten(2) @ last.flatten(2).mT / (size[0] * size[1])
    return means


def flow_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of two FSP matrices of the same shape (Yim et al. 2017, equation 2, as a mean)."""
    return (student - teacher).square().mean()


def singular_values(flow_matrices: Tensor) -> Tensor:
    """Singular values of the mean FSP matrix, descending, as shares of their sum; all 0 where the matrix is 0."""
    mean = flow_matrices.mean(dim=0)
    if not mean.isfinite().all():  # of a diverged network: there is nothing to decompose
        return mean.new_full((min(mean.shape),), float("nan"))
    values = torch.linalg.svdvals(mean)
    shares: Tensor = values / values.sum().clamp_min(torch.finfo(values.dtype).tiny)
    return shares


# Relations between images.


def _products_and_inverse(embeddings: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Inner products of the centred embeddings, their distances, and 1 / distance; each of shape (batch, batch).

    Distances come from the products, |a|^2 + |b|^2 - 2ab, so that no tensor of shape (batch, batch, dimensions) is
    built; centred, so that the difference keeps its digits. Closer than rounding can tell is distance 0 and inverse 0,
    without a gradient, which would be infinite.
    """
    centred = embeddings - embeddings.mean(dim=0)
    products = centred @ centred.T
    lengths = products.diagonal()
    both = lengths.unsqueeze(0) + lengths.unsqueeze(1)
    squared = both - 2 * products
    apart = squared > 32 * torch.finfo(squared.dtype).eps * both
    distance = torch.where(apart, squared, 1.0).sqrt()
    return products, torch.where(apart, distance, 0.0), torch.where(apart, 1 / distance, 0.0)


def distances(embeddings: Tensor) -> Tensor:
    """Euclidean distances divided by the mean of the positive ones, shape (batch, batch) (Park 2019, equations 2-3).

    All 0 where all images are the same.
    """
    _, distance, _ = _products_and_inverse(embeddings)
    positive = (distance > 0).sum().clamp_min(1)
    mean = distance.sum() / positive
    return distance / torch.where(mean > 0, mean, 1.0)


def angles(embeddings: Tensor) -> Tensor:
    """Cosine of the angle at image j between images i and k, at [i, j, k] (Park 2019, equation 5).

    0 where there is no angle: i or k is the image j, or the same as j.
    """
    products, _, inverse = _products_and_inverse(embeddings)
    # (i - j)(k - j) = ik - ij - jk + jj, with half of jj to either side.
    half = products - products.diagonal() / 2  # [i, j]: ij - jj / 2
    dots = products.unsqueeze(1) - half.unsqueeze(2) - half.T.unsqueeze(0)
    return dots * inverse.unsqueeze(2) * inverse.unsqueeze(0)


def distance_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean Huber loss between the distances of two sets of embeddings of the same images (Park 2019, equation 4)."""
    return functional.smooth_l1_loss(distances(student), distances(teacher))


def angle_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean Huber loss between the angles of two sets of embeddings of the same images (Park 2019, equation 6)."""
    return functional.smooth_l1_loss(angles(student), angles(teacher))


def similarity(features: Tensor) -> Tensor:
    """Inner products of the images' features, each row of length 1, shape (batch, batch) (Tung 2019, equation 2)."""
    flat = features.flatten(1)
    return functional.normalize(flat @ flat.T, dim=1)


def similarity_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Squared Frobenius norm of the difference of the similarities, over batch^2 (Tung, Mori 2019, equation 4)."""
    return (similarity(student) - similarity(teacher)).square().mean()


# How alike two layers are.


def _centred(activations: Tensor) -> Tensor:
    """Activations (N, D) with mean 0 over the images, of ordinary size, in double precision; constant columns are 0."""
    x = activations.detach().flatten(1).double()
    x = x / x.abs().amax().clamp_min(torch.finfo(x.dtype).tiny)
    centred = x - x.mean(dim=0)
    rounding = 32 * torch.finfo(x.dtype).eps * x.abs().amax(dim=0)
    return torch.where(centred.abs().amax(dim=0) > rounding, centred, 0.0)


def _of_length_one(x: Tensor) -> Tensor:
    length: Tensor = x.norm().clamp_min(torch.finfo(x.dtype).tiny)
    return x / length


def cka_between(layers: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """Linear CKA of each of `layers`, a row, with each of `others`, a column, from 0 to 1, in double precision.

    Activations (N, D) of the same N images, with any D: ||Y'X||^2 / (||X'X|| ||Y'Y||) with centred columns, here from
    the N x N products XX' and YY', each made once (Kornblith et al. 2019, equations 2-3); 0 for a constant layer. It
    does not change with rotations and positive scalings of either.
    """
    rows, columns = (
        torch.stack([_of_length_one(x @ x.T).flatten() for x in (_of_length_one(_centred(layer)) for layer in side)])
        for side in (layers, others)
    )
    alike: Tensor = rows @ columns.T
    return alike.clamp(0, 1)
