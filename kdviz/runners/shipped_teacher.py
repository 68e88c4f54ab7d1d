"""How the teachers in assets/teachers are made: `python -m kdviz teacher --data NAME` repeats it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from kdviz import settings
from kdviz.distillers.plain import Plain
from kdviz.engine import data, evaluation, models, teachers
from kdviz.engine.data import Split
from kdviz.engine.training import Report, fit
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.store import gallery, teacher_files

# Affine augmentation makes a teacher that knows what digits look like and not only its training images, and one that
# recognises what a visitor draws. It learns from 55,000 (1,257) labelled images; the test images are used once.
TRAININGS: Mapping[str, Training] = {
    name: Training.reference(
        name, model, epochs, batch_size=batch_size, learning_rate=2e-3, schedule="one-cycle", augmentation="affine"
    )
    for (name, model), epochs, batch_size in zip(SHIPPED_TEACHERS.items(), (40, 200), (128, 64), strict=True)
}


def make(name: str, path: Path | None, on_report: Callable[[int, int, float], None]) -> dict[str, Any]:
    """Train the teacher for the data set `name`, round it to half precision, write it; returns its facts and figures.

    Without a path it replaces the shipped one; scikit-learn's digits, which may be passed on, get their gallery with
    it. `on_report` is called with the epoch, the number of epochs and the loss.
    """
    training, loaded = TRAININGS[name], data.load(name)
    network = models.build(training.model, training.seed)
    report: Report | None = None
    for event in fit([models.cohort(training.model, [network])], loaded.training, [training], Plain()):
        if event is not None:
            report = event
            on_report(event.epoch, training.epochs, event.loss_ce[0])
    assert report is not None  # every training ends with a report
    teachers.half_precision(network)
    logits = evaluation.logits_of(network, loaded.test.images)
    validation = evaluation.logits_of(network, loaded.validation.images)
    about: dict[str, Any] = {
        "training": training.model_dump(mode="json", exclude_defaults=True),
        "cost": {"seconds": round(report.seconds, 1), "images_seen": report.images_seen},
        "figures": {
            "validation_accuracy": evaluation.accuracy(validation, loaded.validation.labels),
            **evaluation.test_figures(logits, loaded.test.labels),
        },
    }
    teachers.write(path or teachers.shipped_path(name), network.half(), about)
    if name == "digits" and path is None:
        write_gallery(settings.ASSETS / "teachers" / "digits-gallery.npz", loaded.test, logits)
    return about


def fill_gallery(name: str) -> None:
    """Make the gallery file of the data set `name`, unless it is there. Raises DataError and TeacherError."""
    path = gallery.path_of(name)
    if gallery.read(name) is not None:
        return
    network, _ = teachers.shipped(name)
    test = data.load(name).test
    write_gallery(path, test, evaluation.logits_of(network, test.images))


def write_gallery(path: Path, test: Split, logits: Tensor) -> None:
    """Write a gallery file; it appears whole or not at all."""
    labels = test.labels.numpy().astype(np.uint8)
    with teacher_files.replacement(path) as temporary:
        np.savez_compressed(temporary, images=test.images.numpy(), labels=labels, logits=logits.numpy())
