"""What studies of compression share: the students that are compressed, how they learn again, and what they take.

All have one teacher, the one that comes with the program.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation
from kdviz.engine.compression.fine_tuning import learners, learnt
from kdviz.engine.compression.pruning import weighted
from kdviz.engine.compression.quantisation import GROUP
from kdviz.engine.models import Cohort
from kdviz.recipes.compression import Scheme
from kdviz.records.study import Row
from kdviz.runners.studies import one_teacher
from kdviz.runners.studies.lab import Lab, Reporting

STUDENT = "784-32-10"
TEMPERATURE, ALPHA = 2.0, 0.9
EPOCHS, EPOCHS_ON_DIGITS = 4, 4  # of learning again; on the digits so many in place of one
IMAGES_AGAIN = 10_000  # from which is learnt again, of the training images; all where there are fewer

Networks = Sequence[nn.Sequential]


def students(lab: Lab, way: str = "soft", model: str = STUDENT) -> Reporting[Networks]:
    """The trained student of each seed, taught by "soft" targets or by "labels" alone: once for all arms."""
    trained = yield from lab.once(f"{model} by {way}", _taught(lab, way, model))
    return trained.networks


def _taught(lab: Lab, way: str, model: str) -> Reporting[Cohort]:
    trainings = lab.trainings(model)
    if way == "labels":
        return (yield from lab.train(trainings, share=0.5))
    distiller, teacher = Offline(TEMPERATURE, ALPHA), one_teacher.of(lab).soft_targets()
    return (yield from lab.train(trainings, distiller, teacher, share=0.5))


def learn_again(
    lab: Lab, networks: Networks, way: str, epochs: int = EPOCHS, *, scheme: Scheme = "none", share: float | None = None
) -> Reporting[Networks]:
    """What copies of them become by "soft" targets or by "labels" of a part of the images; zeros stay zeros.

    With a scheme they round in their forward passes as the quantised network will; they are not quantised yet.
    """
    again = lab.session.data.training[:IMAGES_AGAIN]
    trainings, cohort = lab.trainings(STUDENT, epochs * lab.epochs(1, EPOCHS_ON_DIGITS)), learners(networks, scheme)
    distiller = None if way == "labels" else Offline(TEMPERATURE, ALPHA)
    teacher = None if way == "labels" else one_teacher.of(lab).soft_targets(len(again))
    return learnt((yield from lab.train(trainings, distiller, teacher, split=again, cohort=cohort, share=share)))


def rows(lab: Lab, networks: Networks, extra: Mapping[str, Sequence[float]]) -> list[Row]:
    """The figures of each seed's network on the test images."""
    return rows_of(lab, logits_of(lab, networks), extra)


def rows_of(lab: Lab, logits: Tensor, extra: Mapping[str, Sequence[float]]) -> list[Row]:
    """The same from logits (seeds, N, classes) of the test images."""
    return lab.rows_of(logits, lab.session.data.test.labels, one_teacher.of(lab).test_logits, extra=extra)


def logits_of(lab: Lab, networks: Networks) -> Tensor:
    """Logits (seeds, N, classes) of the test images."""
    return torch.stack([evaluation.logits_of(network, lab.session.data.test.images) for network in networks])


def right(lab: Lab, networks: Networks) -> list[float]:
    """The accuracy of each network on the test images."""
    return evaluation.accuracies(logits_of(lab, networks), lab.session.data.test.labels)


def kilobytes(networks: Networks, scheme: Scheme = "none") -> list[float]:
    """What the weights and biases of each network take, worked out from their number; see `stored_bytes`."""
    return [stored_bytes(network, scheme) / 1000 for network in networks]


def stored_bytes(network: nn.Sequential, scheme: Scheme = "none") -> int:
    """Bytes of a multi-layer network's numbers: weights of 32, 8 or 4 bits, scales and biases of 32.

    A layer with zeros keeps the others and a bit for each weight that says whether it is there, where that is less.
    """
    bits = {"none": 32, "int4": 4}.get(scheme, 8)
    total = 0
    for layer in weighted(network):
        weights, outputs = layer.weight.numel(), layer.weight.shape[1]
        total += min(weights * bits, weights + int(layer.weight.count_nonzero()) * bits)
        if scheme != "none":
            grouped = scheme == "int4" and layer.weight.shape[0] % GROUP == 0
            total += 32 * (weights // GROUP if grouped else outputs)
        total += 0 if layer.bias is None else 32 * layer.bias.numel()
    return math.ceil(total / 8)
