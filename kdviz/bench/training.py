"""How fast the training loop is, as ratios within one run: against the usual loop, and against the machine.

Timings of one machine at one moment say little; ratios of things timed in turns, one right after the other, do.
"""

import time
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from kdviz import settings
from kdviz.bench.timing import Effort, Measurement, Ratio, Say, exhaust, seconds
from kdviz.distillers.offline import Offline
from kdviz.engine import data, models, teachers
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.data import Split
from kdviz.engine.training import fit
from kdviz.recipes.catalogue import ARCHITECTURES, CLASSES
from kdviz.recipes.single import Recipe

RECIPE = Recipe()  # the reference recipe of the field's usual MNIST example


class TrainingSpeed(Measurement):
    """Seconds an epoch of the reference recipe's distilled student, and the ratios that count."""

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
    training: Dataset[tuple[Tensor, int]],
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
    exhaust(fit([models.cohort(RECIPE.student, [student])], split, [training], offline, advice, reports=1))


def products_epoch(images: int) -> None:
    """Nothing but the matrix products of an epoch of the student, forward and backward, at the same batch size."""
    size, layers = RECIPE.batch_size, list(pairwise(ARCHITECTURES[RECIPE.student].widths))
    work = [(torch.randn(size, a), torch.randn(a, b), torch.randn(size, b)) for a, b in layers]
    forward = [torch.empty(size, b) for _, b in layers]
    to_weights = [torch.empty(a, b) for a, b in layers]
    to_inputs = [torch.empty(size, a) for a, _ in layers]
    for _ in range(images // size):
        for number, (inputs, weights, gradient) in enumerate(work):
            torch.mm(inputs, weights, out=forward[number])
            torch.mm(inputs.t(), gradient, out=to_weights[number])
            if number:  # the gradient at the pixels is not needed
                torch.mm(gradient, weights.t(), out=to_inputs[number])


def usual_data(training: Split) -> Dataset[tuple[Tensor, int]]:
    """MNIST as torchvision hands it out, image by image, with the images and labels of this split."""
    from torchvision import datasets, transforms

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    mnist = datasets.MNIST(settings.data_dir(), train=True, transform=transform)
    mnist.data, mnist.targets = training.images.clone(), training.labels
    data_set: Dataset[tuple[Tensor, int]] = mnist
    return data_set


def measure(effort: Effort, say: Say) -> TrainingSpeed:
    """Time everything in turns. Needs MNIST; raises DataError."""
    training = data.load("mnist").training
    mnist = usual_data(training)
    teacher = teachers.freeze(models.build(RECIPE.teacher, RECIPE.seed))
    cohort = models.cohort(RECIPE.teacher, [teacher])
    few = training[:2000]  # the first calls are slow
    kdviz_epoch(models.build(RECIPE.student, 0), FixedTeachers([cohort], 1.0, torch.zeros(1, len(few), CLASSES)), few)

    usual, ours, passes, products = [], [], [], []
    for seed in range(effort.repetitions):
        usual.append(seconds(partial(usual_epoch, models.build(RECIPE.student, seed), teacher, mnist)))
        say(f"usual loop {usual[-1]:.2f} s")
        begun = time.perf_counter()
        advice = FixedTeachers.of([cohort], training, RECIPE.student_training, RECIPE.temperature)
        passes.append(time.perf_counter() - begun)
        ours.append(seconds(partial(kdviz_epoch, models.build(RECIPE.student, seed), advice, training)))
        say(f"kdviz {ours[-1]:.2f} s, teacher's pass {passes[-1]:.2f} s")
        products.append(seconds(partial(products_epoch, len(training))))
    with_passes = [epoch + once / RECIPE.epochs for epoch, once in zip(ours, passes, strict=True)]
    return TrainingSpeed(
        machine=torch.cuda.get_device_name() if torch.cuda.is_available() else f"{torch.get_num_threads()} CPU threads",
        threads=torch.get_num_threads(),
        images=len(training),
        repetitions=effort.repetitions,
        usual_seconds=usual,
        kdviz_seconds=ours,
        teacher_pass_seconds=passes,
        products_seconds=products,
        faster_than_usual=Ratio.of(usual, with_passes),
        faster_than_usual_cached=Ratio.of(usual, ours),
        of_machine_limit=Ratio.of(products, ours),
    )
