"""The playground's packs, and the teachers of it that ship as logits: `python -m kdviz teacher --data NAME` makes them.

An early-stopped teacher is the shipped one's training, broken off after a few updates; a label-smoothed one has the
same training on labels of which a tenth is spread over the classes (Müller, Kornblith, Hinton 2019). Of neither the
network is kept: students need their logits alone.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import nn

from kdviz.distillers.label_smoothing import from_labels
from kdviz.engine import data, evaluation, models, teachers
from kdviz.engine.data import Data, Split
from kdviz.engine.training import Report, fit, steps_of
from kdviz.recipes.base import Training
from kdviz.recipes.study_facts.smoothed_teacher import SHARE
from kdviz.runners.shipped_teacher import TRAININGS
from kdviz.store import playground, teacher_files
from kdviz.store.data_files import DataError
from kdviz.store.playground import LARGEST_LOGIT, OTHERS, TRAINED, Pack

TRAINING_IMAGES, HELD_OUT_IMAGES = 5000, 1000  # at most: what a browser loads in a moment and learns from in seconds
EARLY_UPDATES: Mapping[str, int] = {"mnist": 320, "digits": 160}  # after which it is right on about nine of ten
SMOOTHED_EPOCHS: Mapping[str, int] = {"mnist": 20, "digits": 200}

OnReport = Callable[[int, int, float], None]


def chosen(loaded: Data) -> tuple[Split, Split]:
    """The pack's training and held-out images: the first of a fixed permutation of the training and validation split.

    They stand in the order of the data set, and are all where there are no more.
    """
    return _first(loaded.training, TRAINING_IMAGES), _first(loaded.validation, HELD_OUT_IMAGES)


def _first(split: Split, count: int) -> Split:
    order = torch.randperm(len(split), generator=torch.Generator().manual_seed(data.SPLIT_SEED))
    return split[order[:count].sort().values]


def training_of(name: str, teacher: str) -> Training:
    """How a teacher of `OTHERS` is trained; the early-stopped one's is broken off."""
    if teacher == "early":
        return TRAININGS[name]
    return TRAININGS[name].model_copy(update={"epochs": SMOOTHED_EPOCHS[name], "label_smoothing": SHARE})


def make(name: str, on_report: OnReport) -> dict[str, Any]:
    """Train the teachers of `OTHERS` for the data set `name` and write their logits; returns how they were made.

    scikit-learn's digits, which may be passed on, get their pack with it. `on_report` is called with the epoch, the
    number of epochs and the loss.
    """
    loaded = data.load(name)
    together = _together(loaded)
    about: dict[str, Any] = {"images": playground.digest(together.images.numpy())}
    logits: dict[str, NDArray[np.float16]] = {}
    for teacher in OTHERS:
        updates = EARLY_UPDATES[name] if teacher == "early" else None
        network, report = _trained(training_of(name, teacher), loaded.training, updates, on_report)
        logits[teacher] = _logits(network, together)
        about[teacher] = {
            "training": training_of(name, teacher).model_dump(mode="json", exclude_defaults=True),
            "updates": report.step,
            "cost": {"seconds": round(report.seconds, 1), "images_seen": report.images_seen},
            "figures": _figures(network, loaded),
        }
    with teacher_files.replacement(playground.logits_path(name)) as temporary:
        save_file(logits, temporary, metadata={key: json.dumps(value) for key, value in about.items()})
    if name == "digits":
        write_pack(name, playground.shipped_path(name))
    return about


def fill(name: str) -> bytes:
    """The pack of the data set `name`, made where it is missing. Raises DataError and TeacherError."""
    path = playground.path_of(name)
    if not path.exists():
        write_pack(name, path)
    return path.read_bytes()


def write_pack(name: str, path: Path) -> None:
    """Write a pack; it appears whole or not at all. Raises DataError and TeacherError."""
    loaded = data.load(name)
    together = _together(loaded)
    images = together.images.numpy()
    if playground.digest(images) != playground.about(name)["images"]:
        raise DataError(f"The images of {name} are not those whose logits ship; is its folder another data set's?")
    network, _ = teachers.shipped(name)
    logits = {TRAINED: _logits(network, together), **playground.shipped_logits(name)}
    training = len(chosen(loaded)[0])
    pack = Pack(name, training, images, together.labels.numpy().astype(np.uint8), logits)
    with teacher_files.replacement(path) as temporary:
        temporary.write_bytes(playground.packed(pack))


def _together(loaded: Data) -> Split:
    training, held_out = chosen(loaded)
    return training + held_out


def _trained(
    training: Training, images: Split, updates: int | None, on_report: OnReport
) -> tuple[nn.Sequential, Report]:
    """A network trained to the end, or broken off after at least so many updates."""
    network = models.build(training.model, training.seed)
    reports = steps_of(training, len(images)) // (updates or steps_of(training, len(images)))
    report: Report | None = None
    cohort = models.cohort(training.model, [network])
    for event in fit([cohort], images, [training], from_labels(training), reports=reports):
        if event is not None:
            report = event
            on_report(event.epoch, training.epochs, event.loss_ce[0])
            if updates is not None and event.step >= updates:
                break
    assert report is not None  # every training ends with a report
    return teachers.freeze(network), report


def _logits(network: nn.Module, images: Split) -> NDArray[np.float16]:
    logits = evaluation.logits_of(network, images.images).clamp(-LARGEST_LOGIT, LARGEST_LOGIT)
    rounded: NDArray[np.float16] = logits.numpy().astype(np.float16)
    return rounded


def _figures(network: nn.Module, loaded: Data) -> dict[str, Any]:
    """As a shipped teacher's, and the accuracy on the pack's held-out images."""
    held_out, validation = chosen(loaded)[1], loaded.validation
    return {
        "held_out_accuracy": evaluation.accuracy(evaluation.logits_of(network, held_out.images), held_out.labels),
        "validation_accuracy": evaluation.accuracy(evaluation.logits_of(network, validation.images), validation.labels),
        **evaluation.test_figures(evaluation.logits_of(network, loaded.test.images), loaded.test.labels),
    }
