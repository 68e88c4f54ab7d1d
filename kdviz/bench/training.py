"""How fast the training loop is, as ratios within one run: against the usual loop, and against the machine.

Timings of one machine at one moment say little; ratios of things timed in turns, one right after the other, do.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from pydantic import BaseModel, ConfigDict
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from kdviz import settings
from kdviz.distillers.offline import Offline
from kdviz.engine import data, models, teachers
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.data import Split
from kdviz.engine.training import fit
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.single import Recipe

RECIPE = Recipe()  # the reference recipe of the field's usual MNIST example


class Ratio(BaseModel):
    """The median of a ratio over the repetitions, with the smallest and the largest."""

    model_config = ConfigDict(frozen=True)

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, above: list[float], below: list[float]) -> Ratio:
        """Ratios of timings that were taken in pairs."""
        ratios = [a / b for a, b in zip(above, below, strict=True)]
        return cls(median=statistics.median(ratios), low=min(ratios), high=max(ratios))


class Speed(BaseModel):
    """Seconds an epoch of the reference recipe's distilled student, and the ratios that count."""

    model_config = ConfigDict(frozen=True)

    machine: str
    threads: int
    images: int
    repetitions: int
    usual_seconds: list[float]
    kdviz_seconds: list[float]
    teacher_pass_seconds: list[float]  # the teacher's logits of all training images, once for all epochs
    products_seconds: list[float]  # the same epoch's matrix products and nothing else
    faster_than_usual: Ratio  # with a fifth of the teacher's pass, as the recipe has five epochs
    faster_than_usual_cached: Ratio  # the teacher's logits already there
    of_machine_limit: Ratio  # matrix products alone / this loop


def usual_epoch(
    student: nn.Module,
    teacher: nn.Module,
    training: datasets.MNIST,
    temperature: float = RECIPE.temperature,
    alpha: float = RECIPE.alpha,
) -> None:
    """An epoch as it is written everywhere: images one by one through a DataLoader, the teacher in every batch."""
    loader = DataLoader(training, batch_size=RECIPE.batch_size, shuffle=True)
    optimizer = torch.optim.Adam(student.parameters(), lr=RECIPE.learning_rate)
    student.train()
    for images, labels in loader:
        with torch.no_grad():
            teacher_logits = teacher(images)
        logits = student(images)
        soft = functional.kl_div(
            functional.log_softmax(logits / temperature, dim=1),
            functional.softmax(teacher_logits / temperature, dim=1),
            reduction="batchmean",
        )
        loss = alpha * temperature**2 * soft + (1 - alpha) * functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def kdviz_epoch(student: nn.Sequential, advice: FixedTeachers, split: Split) -> None:
    """The same epoch by the loop of this program, with its one report at the end."""
    training = RECIPE.student_training.model_copy(update={"epochs": 1})
    offline = Offline(RECIPE.temperature, RECIPE.alpha)
    for _ in fit([models.cohort(RECIPE.student, [student])], split, [training], offline, advice, reports=1):
        pass


def products_epoch(images: int) -> None:
    """Nothing but the matrix products of an epoch of the student, forward and backward, at the same batch size."""
    layers = list(zip(ARCHITECTURES[RECIPE.student].widths, ARCHITECTURES[RECIPE.student].widths[1:], strict=False))
    size = RECIPE.batch_size
    work = [(torch.randn(size, a), torch.randn(a, b), torch.randn(size, b)) for a, b in layers]
    forward = [torch.empty(size, b) for _, b in layers]
    to_weights = [torch.empty(a, b) for a, b in layers]
    to_inputs = [torch.empty(size, a) for a, _ in layers]
    for _ in range(images // size):
        for number, (inputs, weights, gradient) in enumerate(work):
            torch.mm(inputs, weights, out=forward[number])
            torch.mm(inputs.t(), gradient, out=to_weights[number])
            if number:  # nobody needs the gradient at the pixels
                torch.mm(gradient, weights.t(), out=to_inputs[number])


def measure(repetitions: int = 5, on_step: Callable[[str], None] = lambda step: None) -> Speed:
    """Time everything in turns, `repetitions` times. Needs MNIST; raises DataError."""
    here = data.load("mnist")
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    usual_data = datasets.MNIST(settings.data_dir(), train=True, transform=transform)
    kept = here.training.images.clone()
    usual_data.data, usual_data.targets = kept, here.training.labels
    teacher = teachers.freeze(models.build(RECIPE.teacher, RECIPE.seed))
    asked = models.cohort(RECIPE.teacher, [teacher])
    _warm_up(here.training)

    usual, ours, passes, products = [], [], [], []
    for repetition in range(repetitions):
        student = models.build(RECIPE.student, repetition)
        usual.append(_seconds(partial(usual_epoch, student, teacher, usual_data)))
        on_step(f"usual loop {usual[-1]:.2f} s")
        begun = time.perf_counter()
        advice = FixedTeachers.of([asked], here.training, RECIPE.student_training, RECIPE.temperature)
        passes.append(time.perf_counter() - begun)
        student = models.build(RECIPE.student, repetition)
        ours.append(_seconds(partial(kdviz_epoch, student, advice, here.training)))
        on_step(f"kdviz {ours[-1]:.2f} s, teacher's pass {passes[-1]:.2f} s")
        products.append(_seconds(partial(products_epoch, len(here.training))))
    whole = [epoch + once / RECIPE.epochs for epoch, once in zip(ours, passes, strict=True)]
    return Speed(
        machine=torch.cuda.get_device_name() if torch.cuda.is_available() else f"{torch.get_num_threads()} CPU threads",
        threads=torch.get_num_threads(),
        images=len(here.training),
        repetitions=repetitions,
        usual_seconds=usual,
        kdviz_seconds=ours,
        teacher_pass_seconds=passes,
        products_seconds=products,
        faster_than_usual=Ratio.of(usual, whole),
        faster_than_usual_cached=Ratio.of(usual, ours),
        of_machine_limit=Ratio.of(products, ours),
    )


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _warm_up(split: Split) -> None:
    """The first calls of every kernel are slow; they belong to no epoch."""
    few = Split(split.images[:2000], split.labels[:2000])
    advice = FixedTeachers(
        [models.cohort(RECIPE.teacher, [models.build(RECIPE.teacher, 0)])], 1.0, torch.zeros(1, 2000, 10)
    )
    kdviz_epoch(models.build(RECIPE.student, 0), advice, few)
