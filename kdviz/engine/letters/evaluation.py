"""How well a network guesses letters that it has not learnt from, and how near it is to its teacher."""

import torch
from torch import Tensor

from kdviz.engine import losses
from kdviz.engine.letters.network import LetterNetwork
from kdviz.engine.letters.windows import Windows
from kdviz.recipes.letters import IMPOSSIBLE, bits

_AT_ONCE = 512  # windows


@torch.no_grad()
def logits_of(network: LetterNetwork, letters: Tensor) -> Tensor:
    """Logits (windows, CONTEXT, alphabet) of windows (windows, CONTEXT), without dropout."""
    was_training = network.training
    network.eval()
    logits = torch.cat([network(some) for some in letters.split(_AT_ONCE)])
    network.train(was_training)
    return logits


def figures(windows: Windows, student: Tensor, teacher: Tensor | None = None) -> dict[str, float]:
    """What the logits (windows, CONTEXT, alphabet) are worth over the letters that count.

    Beside a teacher: agreement on the likeliest letter, KL(p || q) in nats, and the share of the student's probability
    on what the teacher calls impossible (`invented`) and of the teacher's on what the student calls so (`missed`).
    """
    labels, z = windows.following[windows.counted], student[windows.counted].double()
    measured = {
        "bits_per_letter": bits(float(losses.cross_entropy(z, labels).mean())),
        "next_right": float((z.argmax(dim=-1) == labels).double().mean()),
        "entropy": bits(float(losses.entropy(z, 1.0).mean())),
    }
    if teacher is not None:
        v = teacher[windows.counted].double()
        p, q = losses.softmax(v), losses.softmax(z)
        measured |= {
            "agreement": float((z.argmax(dim=-1) == v.argmax(dim=-1)).double().mean()),
            "fidelity_kl": float(losses.kl_divergence(z, v, 1.0).mean()),
            "reverse_kl": float(losses.kl_divergence(v, z, 1.0).mean()),
            "invented": float((q * (p < IMPOSSIBLE)).sum(dim=-1).mean()),
            "missed": float((p * (q < IMPOSSIBLE)).sum(dim=-1).mean()),
        }
    return measured
