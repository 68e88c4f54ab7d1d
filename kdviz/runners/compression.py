"""Compress a trained student, and measure the networks of a run: what is trained here is found in its store."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise

from torch import nn

from kdviz.distillers.offline import Offline
from kdviz.distillers.plain import Plain
from kdviz.engine import data, models, onnx_files, students, teachers
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.compression import fine_tuning
from kdviz.engine.compression.errors import CompressionError
from kdviz.engine.compression.low_rank import factored
from kdviz.engine.compression.pruning import by_magnitude, by_units, gradually
from kdviz.engine.data import Data
from kdviz.engine.measure import Effort, measured
from kdviz.engine.training import Report, fit
from kdviz.recipes.base import Training
from kdviz.recipes.compression import Compression
from kdviz.recipes.single import Recipe
from kdviz.records.base import TrainedStudent
from kdviz.records.compressed import CompressedStudent, MeasuredRun
from kdviz.records.measurement import Measurement
from kdviz.store import teacher_files

Change = Callable[[nn.Sequential], nn.Sequential]


@dataclass(frozen=True)
class Upbringing:
    """How a student was trained: what it may learn from again, and who teaches it, with what T and alpha."""

    data: str
    seed: int
    labels: int | None
    teacher: Training | None  # None: the one that ships with the program
    temperature: float
    alpha: float

    @classmethod
    def of(cls, recipe: Recipe, temperature: float, alpha: float) -> Upbringing:
        """Of a single run's student. A student that was not taught is, from now on, with the usual T and alpha."""
        taught = alpha > 0
        return cls(
            data=recipe.data,
            seed=recipe.seed,
            labels=recipe.labels,
            teacher=None if recipe.pretrained else recipe.teacher_training,
            temperature=temperature if taught else Recipe().temperature,
            alpha=alpha if taught else Recipe().alpha,
        )


def teacher_of(upbringing: Upbringing) -> nn.Sequential:
    """The trained teacher, shipped or kept on this machine. Raises TeacherError and CompressionError."""
    found = teachers.shipped(upbringing.data) if upbringing.teacher is None else teachers.kept(upbringing.teacher)
    if found is None:
        raise CompressionError("The run's teacher is not kept on this machine, so it cannot teach again; labels can.")
    return found[0]


def compress(
    student: TrainedStudent,
    upbringing: Upbringing,
    settings: Compression,
    effort: Effort = Effort(),  # noqa: B008
) -> Iterator[Report | CompressedStudent | None]:
    """Carry the settings out. Yields reports of what learns again, None in between, and the compressed student last.

    Units go first, then the first layer is factored, then weights go; after each of these it learns again, if it is to,
    and after every step of a gradual pruning. Raises CompressionError, DataError, TeacherError and WeightsError.
    """
    network, loaded = students.network_of(student), data.load(upbringing.data)
    before = _measured(student, loaded, effort)
    tuning = _Tuning(loaded, upbringing, settings)
    changed = network
    for change in _changes(settings):
        changed = yield from tuning.after(change(changed))
    if changed is network:
        changed = yield from tuning.after(network)
    name = CompressedStudent.name_of(student.name, settings)
    learnt = students.learnt(name, models.name_of(changed), changed)
    yield CompressedStudent(
        of=student.name,
        compression=settings,
        learnt=learnt,
        measured=_measured(learnt, loaded, effort, settings),
        before=before,
    )


def make(
    student: str, recipe: str, temperature: float, alpha: float, settings: str, teacher: bytes | None = None
) -> str:
    """A `CompressedStudent`, of a `TrainedStudent`, the single `Recipe` like which it was trained, and a `Compression`.

    All as JSON. On a worker, for which `teacher` is the file of the recipe's own teacher, if it has one and that is
    kept. Raises as `compress` does, and TeacherFileError.
    """
    upbringing = Upbringing.of(Recipe.model_validate_json(recipe), temperature, alpha)
    if teacher is not None and upbringing.teacher is not None:
        teacher_files.put(upbringing.teacher.id, teacher)
    learnt, wanted = TrainedStudent.model_validate_json(student), Compression.model_validate_json(settings)
    *_, made = compress(learnt, upbringing, wanted)
    assert isinstance(made, CompressedStudent)
    return made.model_dump_json()


def _changes(settings: Compression) -> Iterator[Change]:
    """What is done to the network, one after the other."""
    way = gradually(settings.prune, settings.steps) if settings.prune else []
    if settings.structured:
        for before, after in pairwise([0.0, *way]):
            yield partial(by_units, sparsity=1 - (1 - after) / (1 - before))  # of the units that are left
    if settings.rank:
        yield partial(factored, rank=settings.rank)
    if not settings.structured:
        for sparsity in way:
            yield partial(by_magnitude, sparsity=sparsity)


class _Tuning:
    """What a network learns after each change."""

    def __init__(self, loaded: Data, upbringing: Upbringing, settings: Compression) -> None:
        self._data, self._upbringing, self._settings = loaded, upbringing, settings
        self._teacher: models.Cohort | None = None
        if settings.finetune == "soft":
            teacher = teacher_of(upbringing)
            self._teacher = models.cohort(models.name_of(teacher), [teacher])

    def after(self, network: nn.Sequential) -> Generator[Report | None, None, nn.Sequential]:
        """Teach the network again. Returns what it has become."""
        settings, upbringing = self._settings, self._upbringing
        if settings.finetune == "none":
            return network
        cohort = fine_tuning.learners([network], settings.quantize if settings.quantization_aware else "none")
        training = Training.reference(
            upbringing.data,
            cohort.architecture.name,
            settings.epochs,
            seed=upbringing.seed,
            labels=upbringing.labels,
            schedule="one-cycle",
        )
        if self._teacher is None:
            yield from fit([cohort], self._data.training, [training], Plain())
        else:
            temperature = upbringing.temperature
            advice = FixedTeachers.of([self._teacher], self._data.training, training, temperature)
            distiller = Offline(temperature, upbringing.alpha)
            yield from fit([cohort], self._data.training, [training], distiller, advice)
        return fine_tuning.learnt(cohort)[0]


def measure(
    run_id: str,
    upbringing: Upbringing,
    kept: Sequence[TrainedStudent],
    compressed: Sequence[CompressedStudent],
    missing: Sequence[str] = (),
    effort: Effort = Effort(),  # noqa: B008
) -> Iterator[Measurement | MeasuredRun]:
    """Measure a run's teacher, its students and their compressed forms. Yields each, and all of them last.

    Raises DataError and WeightsError.
    """
    loaded, found, without = data.load(upbringing.data), list[Measurement](), list(missing)
    try:
        teacher = teacher_of(upbringing)
        learnt = students.learnt("teacher", models.name_of(teacher), teacher)
        found.append(_measured(learnt, loaded, effort))
        yield found[-1]
    except CompressionError:
        without.append("The run's teacher is not kept on this machine.")
    for student in kept:
        found.append(_measured(student, loaded, effort))
        yield found[-1]
    for smaller in compressed:
        found.append(_measured(smaller.learnt, loaded, effort, smaller.compression))
        yield found[-1]
    yield MeasuredRun(
        run_id=run_id,
        data=upbringing.data,
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        networks=tuple(found),
        missing=tuple(without),
    )


def _measured(
    student: TrainedStudent, loaded: Data, effort: Effort, compression: Compression | None = None
) -> Measurement:
    network, scheme = students.network_of(student), compression.quantize if compression else "none"
    file = onnx_files.onnx_file(student, {})
    return measured(student.name, network, loaded, file, scheme, effort).model_copy(update={"compression": compression})
