"""Dropout: units switched off at random while a network learns (Hinton et al. 2012; Srivastava et al. 2014)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from kdviz.recipes.base import Training

_APART = 2**40  # between the seeds of batches and of what is dropped
_LEVELS = 2**16  # a share is met to within one in so many
_WORDS = 4  # 16-bit numbers in what a generator draws at a time: drawing is what costs


class Dropout:
    """Dropout of several networks side by side: each draws from a generator of its own seed.

    So a network among others is the one it would be alone. What is kept is scaled up (by 1 / (1 - share)), so that
    nothing need be scaled in evaluation mode.
    """

    def __init__(
        self, inputs: float, hidden: float, seeds: Sequence[int], device: torch.device, black: float = -1.0
    ) -> None:
        self._inputs = inputs
        self._black = black
        self._hidden = hidden
        self._generators = [torch.Generator(device).manual_seed(seed + _APART) for seed in seeds]

    @classmethod
    def of(cls, trainings: Sequence[Training], networks: int, device: torch.device) -> Dropout | None:
        """From the trainings, one for each network or one for all of them; None where nothing is dropped."""
        first = trainings[0]
        if not first.input_dropout and not first.dropout:
            return None
        seeds = [training.seed for training in trainings] * (networks if len(trainings) == 1 else 1)
        black = 0.0 if first.pixels_from_zero else -1.0
        return cls(first.input_dropout, first.dropout, seeds, device, black)

    def pixels(self, images: Tensor, first: int = 0) -> Tensor:
        """Images (networks, batch, ...) with dropped pixels black; `first` is the number of the first network."""
        if not self._inputs:
            return images
        return (images - self._black) * self._kept(images, self._inputs, first) + self._black

    def units(self, layer: Tensor, first: int = 0) -> Tensor:
        """A hidden layer's activations (networks, batch, ...) with dropped units 0; `first` as for `pixels`."""
        return layer if not self._hidden else layer * self._kept(layer, self._hidden, first)

    def _kept(self, like: Tensor, share: float, first: int) -> Tensor:
        """0 where a unit is dropped, else 1 / (1 - share)."""
        count = like[0].numel()
        least = round(share * _LEVELS) - _LEVELS // 2
        kept = torch.empty(like.shape, dtype=like.dtype, device=like.device)
        for number, of_network in enumerate(kept, first):
            drawn = torch.empty(-(-count // _WORDS), dtype=torch.int64, device=like.device)
            numbers = drawn.random_(-(2**63), None, generator=self._generators[number]).view(torch.int16)[:count]
            torch.ge(numbers.view(of_network.shape), least, out=of_network)
        return kept.mul_(1 / (1 - share))
