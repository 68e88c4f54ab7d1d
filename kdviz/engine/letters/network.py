"""A transformer that guesses the next letter from the letters before it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from kdviz.recipes.letters import ALPHABET, CONTEXT, Shape

Past = list[tuple[Tensor, Tensor]]  # of each layer, keys and values (N, heads, letters, width / heads)


class Read(NamedTuple):
    """What a network says of letters, and what it needs to go on from there."""

    logits: Tensor  # (N, letters, alphabet)
    past: Past


class Layer(nn.Module):
    """Attention to the letters before, then two dense layers at each letter; both are added to what came in."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, nn.Dropout(dropout)
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query_key_value, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor, past: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """(N, letters, width) to the same shape, with the keys and values of all letters so far.

        With a past, `x` is a single letter, which sees all of it.
        """
        count, letters, width = x.shape
        joined = self.query_key_value(self.norm_1(x)).view(count, letters, 3, self.heads, -1)
        query, key, value = joined.permute(2, 0, 3, 1, 4)
        if past is not None:
            key, value = torch.cat([past[0], key], dim=2), torch.cat([past[1], value], dim=2)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=past is None)
        x = x + self.dropout(self.mix(seen.transpose(1, 2).reshape(count, letters, width)))
        return x + self.dropout(self.down(functional.gelu(self.up(self.norm_2(x))))), (key, value)


class LetterNetwork(nn.Module):
    """Logits of the next letter at each of up to `CONTEXT` letters."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(len(ALPHABET), shape.width), nn.Embedding(CONTEXT, shape.width)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(shape.width, shape.heads, dropout) for _ in range(shape.layers))
        self.norm, self.output = nn.LayerNorm(shape.width), nn.Linear(shape.width, len(ALPHABET))
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)  # as GPT's
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward(self, numbers: Tensor) -> Tensor:
        """Logits (N, letters, alphabet) of the letters after each of `numbers` (N, letters)."""
        return self.read(numbers).logits

    def read(self, numbers: Tensor, past: Past | None = None) -> Read:
        """The same; with a past, `numbers` is one letter (N, 1) after those that it was made of."""
        begin = past[0][0].shape[2] if past else 0
        places = torch.arange(begin, begin + numbers.shape[1], device=numbers.device)
        x = self.dropout(self.letters(numbers) + self.places(places))
        kept: Past = []
        for number, layer in enumerate(self.layers):
            x, of_layer = layer(x, past[number] if past else None)
            kept.append(of_layer)
        return Read(self.output(self.norm(x)), kept)


def build(shape: Shape, seed: int, dropout: float = 0.0) -> LetterNetwork:
    """A network with fresh weights that depend on shape and seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LetterNetwork(shape, dropout)
