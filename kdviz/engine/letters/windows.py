"""A text in windows: what a network is shown at once."""

from typing import NamedTuple

import torch
from torch import Tensor

from kdviz.recipes.letters import CONTEXT, STRIDE


class Windows(NamedTuple):
    """Windows of a text; a `CONTEXT` of letters, and after each of them the one that comes next."""

    letters: Tensor  # (N, CONTEXT), whole numbers
    following: Tensor  # (N, CONTEXT): the labels
    counted: Tensor  # (N, CONTEXT), bool: of which letters something is learnt, or counted


def learning(text: Tensor, offset: int = 0) -> Windows:
    """Windows side by side, beginning at `offset`; a rest that fills none is left out."""
    count = (len(text) - offset - 1) // CONTEXT
    letters = text[offset : offset + count * CONTEXT].view(count, CONTEXT)
    following = text[offset + 1 : offset + 1 + count * CONTEXT].view(count, CONTEXT)
    return Windows(letters, following, torch.ones_like(letters, dtype=torch.bool))


def counting(text: Tensor) -> Windows:
    """Windows that overlap, so that each letter but the first is counted once, with `STRIDE` letters before it.

    The first window counts all of its letters.
    """
    spans = text[: len(text) - (len(text) - 1 - CONTEXT) % STRIDE].unfold(0, CONTEXT + 1, STRIDE)
    counted = torch.zeros(len(spans), CONTEXT, dtype=torch.bool, device=text.device)
    counted[:, CONTEXT - STRIDE :] = True
    counted[0] = True
    return Windows(spans[:, :-1], spans[:, 1:], counted)
