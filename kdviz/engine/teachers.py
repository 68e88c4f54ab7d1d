"""Trained teachers on disk, always as safetensors: those that ship, and those that runs on this machine trained."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from kdviz import settings
from kdviz.engine import models
from kdviz.errors import PlainError
from kdviz.recipes.base import Training
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.recipes.single import Recipe
from kdviz.store import teacher_files


class TeacherError(PlainError):
    """A teacher's file that cannot be used."""


@dataclass(frozen=True)
class Cost:
    """Time, images and memory of a teacher's training."""

    seconds: float
    images_seen: int
    peak_memory: int = 0  # bytes; 0 where it was not measured


def shipped_path(data: str) -> Path:
    """Where the trained teacher for a data set lies in the program's own folder."""
    return settings.ASSETS / "teachers" / f"{data}.safetensors"


def kept_path(training: Training) -> Path:
    """Where a teacher trained here is kept, to be found again by the same training."""
    return teacher_files.path_of(training.id)


def find(recipe: Recipe) -> tuple[nn.Sequential, Cost] | None:
    """The recipe's teacher and its cost, shipped or kept; None where it must be trained. Raises TeacherError."""
    return shipped(recipe.data) if recipe.pretrained else kept(recipe.teacher_training)


def shipped(data: str) -> tuple[nn.Sequential, Cost]:
    """The teacher of a data set that comes with the program, and its cost. Raises TeacherError."""
    try:
        return read(shipped_path(data), SHIPPED_TEACHERS[data])
    except TeacherError as error:
        again = f"`python -m kdviz teacher --data {data}` trains it again, or install the program once more."
        raise TeacherError(f"{error} It comes with the program: {again}") from None


def kept(training: Training) -> tuple[nn.Sequential, Cost] | None:
    """The teacher of this training and its cost; None where it is not kept here, so that it is trained.

    So is one whose file cannot be used: the file is set aside.
    """
    path = kept_path(training)
    try:
        return read(path, training.model) if path.exists() else None
    except TeacherError:
        teacher_files.set_aside(path)
        return None


def keep(network: nn.Module, cost: Cost, training: Training) -> None:
    """Store a teacher that was trained here. Single precision: found again, it is the same to the last bit.

    Raises TeacherFileError.
    """
    about = {"training": training.model_dump(mode="json", exclude_defaults=True), "cost": asdict(cost)}
    try:
        write(kept_path(training), network, about)
    except (OSError, SafetensorError) as error:  # a full disk is one or the other
        raise teacher_files.not_kept(error) from None


def write(path: Path, network: nn.Module, about: Mapping[str, object]) -> None:
    """Write weights, and `about` as JSON in the file's metadata; the file appears whole or not at all."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    with teacher_files.replacement(path) as temporary:
        save_file(weights, temporary, metadata={name: json.dumps(value) for name, value in about.items()})


def read(path: Path, model: str) -> tuple[nn.Sequential, Cost]:
    """A teacher in evaluation mode, without gradients, and its cost. Raises TeacherError."""
    network = models.build(model, seed=0)
    try:
        with safe_open(path, framework="pt") as file:
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118, not a dict
            cost = Cost(**json.loads(file.metadata()["cost"]))
        network.load_state_dict(weights)
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise TeacherError(f"The teacher in {path.name} cannot be used ({reason}).") from None
    return freeze(network), cost


def freeze(network: nn.Sequential) -> nn.Sequential:
    """Evaluation mode, no gradients: a teacher is outside the student's graph."""
    return network.eval().requires_grad_(False)


def half_precision(network: nn.Sequential) -> nn.Sequential:
    """The same network with its weights rounded to half precision, as a shipped teacher has them."""
    return network.half().float()
