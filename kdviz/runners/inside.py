"""The layers of a student beside those of its teacher: how alike they are, and what they make of a few images."""

from dataclasses import dataclass

import torch
from torch import Tensor

from kdviz.engine import knowledge, models
from kdviz.engine.data import normalise
from kdviz.engine.models import Cohort
from kdviz.records.comparison import Inside


@dataclass(frozen=True)
class Activations:
    """What `records.comparison.Inside` shows of one network."""

    layers: list[Tensor]  # activations (N, ...) of the images on which layers are compared
    names: list[str]
    logits: Tensor  # of the watched images, (watched, classes)
    relations: Tensor  # distances between the watched images, in the last hidden layer
    singular_values: list[float]


@torch.no_grad()
def activations_of(cohort: Cohort, images: Tensor, watched: Tensor) -> Activations:
    """Of a cohort's first network, on uint8 images (N, 28, 28): `images` to compare layers, `watched` to be shown."""
    name, convolutional = cohort.architecture.name, cohort.architecture.convolutional
    first = models.Cohort(name, cohort.networks[:1])
    layers = [layer[0] for layer in first.layers(normalise(images).unsqueeze(0))]
    shown = [layer[0] for layer in first.layers(normalise(watched).unsqueeze(0))]
    kind = "convolution" if convolutional else "hidden"
    flow = knowledge.singular_values(knowledge.flow(layers[0], layers[-2])).tolist() if convolutional else []
    return Activations(
        layers=layers,
        names=[*(f"{kind} {number}" for number in range(1, len(layers))), "logits"],
        logits=shown[-1],
        relations=knowledge.distances(shown[-2].flatten(1)),
        singular_values=flow,
    )


def compared_inside(method: str, step: int, steps: int, student: Activations, teacher: Activations) -> Inside:
    """A student after `step` updates beside its teacher; linear CKA is (student layers, teacher layers)."""
    return Inside(
        method=method,
        step=step,
        steps=steps,
        teacher_layers=teacher.names,
        student_layers=student.names,
        cka=knowledge.cka_between(student.layers, teacher.layers).tolist(),
        logits=student.logits.tolist(),
        relations=student.relations.tolist(),
        teacher_relations=teacher.relations.tolist(),
        singular_values=student.singular_values,
        teacher_singular_values=teacher.singular_values,
    )
