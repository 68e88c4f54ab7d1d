"""How good a trained network is: accuracy, negative log-likelihood, calibration, fidelity. Functions of logits."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from kdviz.engine import losses
from kdviz.engine.data import normalise
from kdviz.engine.models import Cohort
from kdviz.records import intervals
from kdviz.records.intervals import CALIBRATION_BINS

EVALUATION_BATCH = 1000
MAPS_BATCH = 100  # of a convolutional network, whose activations are large: twice as fast as a thousand at once


def logits_of(network: nn.Module, images: Tensor) -> Tensor:
    """Logits (N, 10) of uint8 images (N, 28, 28), in evaluation mode; the network's mode is put back."""
    return _answers([network], images)[0]


@torch.no_grad()
def _answers(networks: Sequence[nn.Module], images: Tensor) -> Tensor:
    modes = [network.training for network in networks]
    for network in networks:
        network.eval()
    convolutional = any(isinstance(layer, nn.Conv2d) for layer in networks[0].modules())
    parts = map(normalise, images.split(MAPS_BATCH if convolutional else EVALUATION_BATCH))
    logits = torch.cat([torch.stack([network(part) for network in networks]) for part in parts], dim=1)
    for network, was_training in zip(networks, modes, strict=True):
        network.train(was_training)
    return logits


def logits_of_each(cohort: Cohort, images: Tensor) -> Tensor:
    """Logits (networks, N, 10) of uint8 images (networks, N, 28, 28), other images for each network of the cohort."""
    return torch.stack([logits_of(network, own) for network, own in zip(cohort.networks, images, strict=True)])


def logits_of_all(cohort: Cohort, images: Tensor) -> Tensor:
    """Logits (networks, N, 10) of the same uint8 images (N, 28, 28) for all networks of the cohort."""
    return _answers(cohort.networks, images)


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Share of images whose largest logit is the label's."""
    return (logits.argmax(dim=-1) == labels).double().mean().item()


def accuracies(logits: Tensor, labels: Tensor) -> list[float]:
    """The accuracy of each of several networks' logits (networks, N, 10) on the same images."""
    return [accuracy(of_network, labels) for of_network in logits]


def agreements(students: Tensor, teachers: Tensor) -> list[float]:
    """The agreement of each student (students, N, 10) with its own teacher, same shape."""
    return [agreement(student, teacher) for student, teacher in zip(students, teachers, strict=True)]


def agreement(student: Tensor, teacher: Tensor) -> float:
    """Share of images on which both have the same largest logit (Stanton et al. 2021, section 3)."""
    return accuracy(student, teacher.argmax(dim=-1))


def nll(logits: Tensor, labels: Tensor) -> float:
    """Mean negative log-likelihood of the labels at T = 1, nats."""
    return losses.cross_entropy(logits.double(), labels).mean().item()


def reliability(logits: Tensor, labels: Tensor, bins: int = CALIBRATION_BINS) -> Tensor:
    """Of each bin of confidence, (bins, 3): images, sum of their confidences, how many are right (Guo et al. 2017).

    Bins of equal width; the confidence is the largest softmax.
    """
    confidence, predicted = losses.softmax(logits.double()).max(dim=-1)
    bin_of = (confidence * bins).nan_to_num().long().clamp(max=bins - 1)  # NaN of a diverged network: into any bin
    of_images = torch.stack([torch.ones_like(confidence), confidence, (predicted == labels).double()], dim=1)
    # On the CPU: a GPU adds in whatever order, and the same run would differ in its last bits.
    return torch.zeros(bins, 3, dtype=torch.double).index_add_(0, bin_of.cpu(), of_images.cpu())


def expected_calibration_error(logits: Tensor, labels: Tensor, bins: int = CALIBRATION_BINS) -> float:
    """Mean gap between confidence and accuracy over bins of equal width (Guo et al. 2017, equation 3)."""
    table = reliability(logits, labels, bins)
    return ((table[:, 2] - table[:, 1]).abs().sum() / len(labels)).item()


def calibration_floor(logits: Tensor, labels: Tensor, bins: int = CALIBRATION_BINS) -> float:
    """The calibration error that chance alone would show of a network with these confidences, were it calibrated."""
    table = reliability(logits, labels, bins).tolist()
    return intervals.calibration_floor((int(images), confidence / images) for images, confidence, _ in table if images)


def fidelity_kl(student: Tensor, teacher: Tensor) -> float:
    """Mean KL(teacher || student) at T = 1, nats."""
    return losses.kl_divergence(student.double(), teacher.double(), 1.0).mean().item()


def test_figures(logits: Tensor, labels: Tensor) -> dict[str, Any]:
    """The figures that the test images give of one network's logits (N, 10): its accuracy, NLL and calibration."""
    errors = int((logits.argmax(dim=-1) != labels).sum())
    return {
        "test_accuracy": 1 - errors / len(labels),
        "test_errors": errors,
        "test_images": len(labels),
        "nll": nll(logits, labels),
        "ece": expected_calibration_error(logits, labels),
    }
