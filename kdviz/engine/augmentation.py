"""Random changes of whole batches of images."""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from kdviz.recipes.base import Augmentation
from kdviz.recipes.catalogue import IMAGE_SIDE

JITTER = 2  # pixels, each way (Hinton, Vinyals, Dean 2015, section 3)
# A v2 transform draws one set of parameters for the batch it is given: so it is given small groups.
GROUP = 16


def augment(images: Tensor, kind: Augmentation, seed: int) -> Tensor:
    """Changed copies of uint8 images (N, 28, 28); the same seed makes the same change."""
    if kind == "none":
        return images
    if kind == "shift":
        return _shifted(images, torch.Generator().manual_seed(seed))
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        return torch.cat([_affine()(group.unsqueeze(1)) for group in images.split(GROUP)]).squeeze(1)


@cache
def _affine() -> Callable[[Tensor], Tensor]:
    from torchvision.transforms import v2  # as long to import as torch itself

    transform: Callable[[Tensor], Tensor] = v2.RandomAffine(
        degrees=12,
        translate=(0.08, 0.08),
        scale=(0.85, 1.1),
        shear=8,
        interpolation=v2.InterpolationMode.BILINEAR,
    )
    return transform


def _shifted(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image moved by up to `JITTER` pixels in a way of its own; what comes in at the edges is black."""
    down, right = torch.randint(2 * JITTER + 1, (2, len(images)), generator=generator).to(images.device)
    padded = functional.pad(images, [JITTER] * 4)
    places = padded.unfold(1, IMAGE_SIDE, 1).unfold(2, IMAGE_SIDE, 1)  # a view, (N, 5, 5, 28, 28)
    return places[torch.arange(len(images), device=images.device), down, right]
