"""What a network writes: letter by letter, each drawn from softmax(z / T)."""

import torch
from torch import Tensor

from kdviz.engine.letters.network import LetterNetwork
from kdviz.engine.losses import softmax
from kdviz.recipes.letters import CONTEXT


@torch.no_grad()
def write(
    network: LetterNetwork, begun: Tensor, count: int, generator: torch.Generator, temperature: float = 1.0
) -> Tensor:
    """Texts (N, begun + count) that go on from those of `begun` (N, letters), together at most `CONTEXT` + 1 letters.

    Raises ValueError where they would be longer.
    """
    if begun.shape[1] + count > CONTEXT + 1:
        raise ValueError(f"{begun.shape[1]} letters and {count} more are over {CONTEXT + 1}.")
    was_training = network.training
    network.eval()
    read, texts = network.read(begun), [begun]
    for left in range(count - 1, -1, -1):
        drawn = torch.multinomial(softmax(read.logits[:, -1], temperature), 1, generator=generator)
        texts.append(drawn)
        if left:
            read = network.read(drawn, read.past)
    network.train(was_training)
    return torch.cat(texts, dim=1)


def sample(network: LetterNetwork, begun: Tensor, count: int, seed: int, temperature: float = 1.0) -> list[int]:
    """`count` letters after the text `begun` (letters,), as long as it takes; half of the context is kept at times."""
    generator = torch.Generator(begun.device).manual_seed(seed)
    text = begun
    while len(text) < len(begun) + count:
        seen = text[-(CONTEXT // 2) :]
        step = min(CONTEXT + 1 - len(seen), len(begun) + count - len(text))
        text = torch.cat([text[: -len(seen)], write(network, seen.unsqueeze(0), step, generator, temperature)[0]])
    numbers: list[int] = text[len(begun) :].tolist()
    return numbers
