"""Random changes of whole batches of images with torchvision's transforms."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.transforms import v2

from kdviz.recipe import Augmentation

# A v2 transform draws one set of parameters for the batch it is given: so it is given small groups.
GROUP = 16

_TRANSFORMS: dict[Augmentation, v2.Transform] = {
    "none": v2.Identity(),
    "shift": v2.RandomCrop(28, padding=2),  # the jitter of up to 2 pixels of Hinton 2015, section 3
    "affine": v2.RandomAffine(
        degrees=12,
        translate=(0.08, 0.08),
        scale=(0.85, 1.1),
        shear=8,
        interpolation=v2.InterpolationMode.BILINEAR,
    ),
}


def augment(images: Tensor, kind: Augmentation, seed: int) -> Tensor:
    """Changed copies of uint8 images (N, 28, 28); the same seed makes the same change."""
    if kind == "none":
        return images
    transform = _TRANSFORMS[kind]
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        return torch.cat([transform(group.unsqueeze(1)) for group in images.split(GROUP)]).squeeze(1)
