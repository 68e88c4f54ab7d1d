"""How the students in assets/students are made: `python -m kdviz teacher --data NAME --students` repeats it.

Two of one architecture, with the same first weights and the same batches: one is taught by the shipped teacher, one has
the labels alone. The lesson After distillation prunes and quantises both in the browser.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from kdviz.distillers.offline import Offline
from kdviz.distillers.plain import Plain
from kdviz.engine import data, evaluation, models, teachers
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.data import Data
from kdviz.engine.distiller import Distiller
from kdviz.engine.training import fit
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.runners import playground
from kdviz.store import shipped_students
from kdviz.store.shipped_students import ROLES

STUDENT = "784-32-10"
TEMPERATURE, ALPHA = 4.0, 0.9
# Pixels from 0: the weights of the border, which is always black, count for nothing, and can be pruned for nothing.
TRAININGS: Mapping[str, Training] = {
    name: Training.reference(
        name, STUDENT, epochs, batch_size=batch_size, learning_rate=2e-3, schedule="one-cycle", pixels_from_zero=True
    )
    for name, epochs, batch_size in (("mnist", 30, 128), ("digits", 100, 64))
}


def make(name: str, path: Path | None, on_report: Callable[[int, int, float], None]) -> dict[str, Any]:
    """Train both students for the data set `name` and write them; returns how they were made and their figures.

    Without a path they replace the shipped ones. `on_report` is called with the epoch, the number of epochs and the
    loss on the labels. Raises DataError and TeacherError.
    """
    loaded, training = data.load(name), TRAININGS[name]
    teacher = models.cohort(SHIPPED_TEACHERS[name], [teachers.shipped(name)[0]])
    advice = FixedTeachers.of([teacher], loaded.training, training, TEMPERATURE)
    ways: Mapping[str, tuple[Distiller, FixedTeachers | None]] = {
        "distilled": (Offline(TEMPERATURE, ALPHA), advice),
        "plain": (Plain(), None),
    }
    weights: dict[str, torch.Tensor] = {}
    figures: dict[str, Any] = {}
    for role in ROLES:
        network = models.build(training.model, training.seed)
        cohort = models.cohort(training.model, [network])
        for event in fit([cohort], loaded.training, [training], *ways[role]):
            if event is not None:
                on_report(event.epoch, training.epochs, event.loss_ce[0])
        figures[role] = _figures(network, loaded)
        cohort.expect_pixels_from_zero(True)
        weights |= {f"{role}.{key}": tensor.detach().contiguous() for key, tensor in network.state_dict().items()}
    about = {
        "training": training.model_dump(mode="json", exclude_defaults=True),
        "distillation": {"teacher": SHIPPED_TEACHERS[name], "temperature": TEMPERATURE, "alpha": ALPHA},
        "figures": figures,
    }
    shipped_students.write(path or shipped_students.path_of(name), {k: t.numpy() for k, t in weights.items()}, about)
    return about


def _figures(network: nn.Module, loaded: Data) -> dict[str, Any]:
    """Of the images that the lesson shows, which nobody learnt from, and of the test images."""
    held_out = playground.chosen(loaded)[1]
    return {
        "held_out_right": int((evaluation.logits_of(network, held_out.images).argmax(dim=-1) == held_out.labels).sum()),
        "held_out": len(held_out),
        **evaluation.test_figures(evaluation.logits_of(network, loaded.test.images), loaded.test.labels),
    }
