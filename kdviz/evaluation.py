"""How good a trained network is: accuracy, negative log-likelihood, calibration, fidelity. Functions of logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kdviz import losses
from kdviz.data import Split, normalise

CALIBRATION_BINS = 15  # Guo et al. 2017, section 2
EVALUATION_BATCH = 1000


@torch.no_grad()
def logits_of(network: nn.Module, images: Tensor) -> Tensor:
    """Logits (N, 10) of uint8 images (N, 28, 28), in evaluation mode; the network's mode is put back."""
    was_training = network.training
    network.eval()
    logits = torch.cat([network(normalise(batch)) for batch in images.split(EVALUATION_BATCH)])
    network.train(was_training)
    return logits


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Share of images whose largest logit is the label's."""
    return (logits.argmax(dim=-1) == labels).double().mean().item()


def agreement(student: Tensor, teacher: Tensor) -> float:
    """Share of images on which both have the same largest logit (Stanton et al. 2021, section 3)."""
    return accuracy(student, teacher.argmax(dim=-1))


def nll(logits: Tensor, labels: Tensor) -> float:
    """Mean negative log-likelihood of the labels at T = 1, nats."""
    return losses.cross_entropy(logits.double(), labels).mean().item()


def expected_calibration_error(logits: Tensor, labels: Tensor, bins: int = CALIBRATION_BINS) -> float:
    """Mean gap between confidence and accuracy over bins of equal width (Guo et al. 2017, equation 3)."""
    confidence, predicted = torch.softmax(logits.double(), dim=-1).max(dim=-1)
    correct = (predicted == labels).double()
    which = (confidence * bins).nan_to_num().long().clamp(max=bins - 1)  # NaN of a diverged network: into any bin
    gap = torch.zeros(bins, dtype=torch.double, device=logits.device).index_add_(0, which, correct - confidence)
    return (gap.abs().sum() / len(labels)).item()


def fidelity_kl(student: Tensor, teacher: Tensor) -> float:
    """Mean KL(teacher || student) at T = 1, nats."""
    return losses.kl_divergence(student.double(), teacher.double(), 1.0).mean().item()


def test_figures(network: nn.Module, test: Split, teacher_logits: Tensor | None) -> dict[str, float | int | None]:
    """The figures of `records.Scores` that the test images give; the teacher's logits None for the teacher."""
    logits = logits_of(network, test.images)
    errors = int((logits.argmax(dim=-1) != test.labels).sum())
    return {
        "test_accuracy": 1 - errors / len(test),
        "test_errors": errors,
        "test_images": len(test),
        "nll": nll(logits, test.labels),
        "ece": expected_calibration_error(logits, test.labels),
        "agreement": None if teacher_logits is None else agreement(logits, teacher_logits),
        "fidelity_kl": None if teacher_logits is None else fidelity_kl(logits, teacher_logits),
    }
