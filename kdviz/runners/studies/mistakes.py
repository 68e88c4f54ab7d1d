"""Ways to get it wrong: each mistake trained beside the same run without it, and what gives it away on the way.

All students start from the weights of their seed and see the same batches. Noisy labels are the same for all seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation, losses
from kdviz.engine.batches import FixedTeachers, TeacherLogits
from kdviz.engine.data import Split
from kdviz.engine.distiller import Distiller
from kdviz.engine.models import Cohort
from kdviz.engine.training import Report
from kdviz.recipes.base import Training
from kdviz.recipes.study_facts.mistakes import ALPHA, FRESH, NOISY, REPORTED, TEMPERATURE, TRACES, TRIES, WRONG_LABELS
from kdviz.records.study import Curve, Row
from kdviz.runners.studies.lab import STUDENT, TEACHER, Given, Lab, Steps, copied
from kdviz.runners.studies.mistaken import (
    ByPosition,
    InTrainingMode,
    MeanOverClasses,
    OwnTeacher,
    Probabilities,
    WithoutTSquared,
)
from kdviz.runners.studies.noisy_labels import with_noise

DROPPED = {"input_dropout": 0.2, "dropout": 0.5}  # of a teacher (Srivastava et al. 2014, appendix A.4)
STUDENT_DROPPED = {"dropout": 0.5}
NOISE_SEED = 20171022
FIRST_PASS = 1_000_003  # from a student's seed to that of the pass in which the teacher was asked
DISTILLERS: dict[str, type[Offline]] = {
    "no-t2": WithoutTSquared,
    "mean-classes": MeanOverClasses,
    "no-log": Probabilities,
    "same-object": OwnTeacher,
}
SETTINGS = ((3.0, 0.5), (10.0, 0.5), (3.0, 0.9), (10.0, 0.9))  # T and alpha of the networks of which one is picked
HALVINGS = 100  # of the test images, for each seed
DIGITS_KEPT = 6  # of a figure in a curve


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """One mistake, or one of the runs without it."""
    if arm in ("test-picked", "validation-picked"):
        return (yield from _picked(lab, arm))
    name = arm.removeprefix(NOISY)
    if name in ("teacher-training", "dropout-teacher"):
        return (yield from _dropout_teacher(lab, training_mode=name == "teacher-training"))
    if name in ("student-eval", "dropout-student"):
        return (yield from _dropout_student(lab, left=name == "student-eval"))
    return (yield from _distilled(lab, name, noisy=arm.startswith(NOISY)))


class Traces:
    """What is heard of all seeds along one training."""

    def __init__(self, lab: Lab, teachers: Cohort, per_epoch: int) -> None:
        self._lab = lab
        self._teachers = evaluation.logits_of_all(teachers, lab.session.live_images)
        self._per_epoch = per_epoch
        self.x: list[float] = []  # epochs
        self.y: dict[str, list[list[float]]] = {name: [] for name in TRACES}  # of each report, of each seed

    def __call__(self, report: Report, students: Cohort) -> None:
        """Keep one report."""
        said = evaluation.logits_of_all(students, self._lab.session.live_images)
        figures = {
            "loss_kd": report.loss_kd,
            "loss_ce": report.loss_ce,
            "gradient_share_kd": report.gradient_share_kd or [0.0] * len(students),
            "validation_accuracy": evaluation.accuracies(said, self._lab.session.live_labels),
            "training_accuracy": report.training_accuracy,
            "agreement": evaluation.agreements(said, self._teachers),
        }
        self.x.append(report.step / self._per_epoch)
        for name, values in figures.items():
            self.y[name].append(values)

    def soft_share(self) -> list[float]:
        """The mean of the soft term's share of the pull, of each seed."""
        return torch.tensor(self.y["gradient_share_kd"]).mean(dim=0).tolist()

    def curves(self) -> list[Curve]:
        """A curve for each trace and seed."""
        return [
            curve(name, seed, self.x, [values[number] for values in along])
            for name, along in self.y.items()
            for number, seed in enumerate(self._lab.seeds)
        ]


def curve(name: str, seed: int | None, x: Sequence[float], y: Sequence[float]) -> Curve:
    """A curve in as many digits as a picture shows."""
    short = [[float(f"{value:.{DIGITS_KEPT}g}") for value in values] for values in (x, y)]
    return Curve(name=name, seed=seed, x=short[0], y=short[1])


def _distilled(lab: Lab, name: str, *, noisy: bool) -> Steps[Given]:
    """With a distiller or a teacher that makes a mistake, or with the right ones."""
    teachers = yield from _teachers(lab)
    trainings = lab.trainings(STUDENT, _epochs(lab))
    split = lab.session.data.training
    if noisy:
        split = copied(split, labels=with_noise(split.labels, WRONG_LABELS / 100, NOISE_SEED))
    distiller = DISTILLERS.get(name, Offline)(TEMPERATURE, ALPHA)
    teacher: TeacherLogits | None = None
    if name == "positions":
        teacher = ByPosition.shuffled(teachers, split, trainings, TEMPERATURE, FIRST_PASS)
    elif name != "same-object":
        teacher = FixedTeachers.of([teachers], split, trainings[0], TEMPERATURE)
    students, traces = yield from _trained(lab, trainings, split, teachers, distiller, teacher)
    extra = {"soft_share": traces.soft_share()}
    if isinstance(teacher, ByPosition):
        extra["misplaced"] = [teacher.misplaced / teacher.asked] * len(students)
    return lab.rows(students, teachers, extra=extra), traces.curves()


def _teachers(lab: Lab, **dropped: float) -> Steps[Cohort]:
    """The reference teachers, or others that drop units while they learn; each trained once on a machine."""
    name = "dropout teachers" if dropped else "teachers"
    return (yield from lab.once(name, lab.teachers(lab.trainings(TEACHER, lab.epochs(3), **dropped))))


def _epochs(lab: Lab) -> int:
    return lab.epochs(2, 20)


def _trained(
    lab: Lab,
    trainings: Sequence[Training],
    split: Split,
    teachers: Cohort,
    distiller: Distiller,
    teacher: TeacherLogits | None,
    *,
    left: bool = False,
) -> Steps[tuple[Cohort, Traces]]:
    """Students and what was heard of them; with `left` they stay in evaluation mode once they have been looked at."""
    traces = Traces(lab, teachers, -(-len(split) // trainings[0].batch_size))

    def heard(report: Report, students: Cohort) -> None:
        traces(report, students)
        if left:
            for network in students.networks:
                network.eval()

    students = yield from lab.train(
        trainings, distiller, teacher, split=split, share=max(0.0, 1.0 - lab.part), heard=heard
    )
    return students, traces


def _dropout_teacher(lab: Lab, *, training_mode: bool) -> Steps[Given]:
    """A teacher that dropped units when it learnt; asked in training mode, it still does."""
    teachers = yield from _teachers(lab, **DROPPED)
    trainings, split = lab.trainings(STUDENT, _epochs(lab)), lab.session.data.training
    asked = InTrainingMode.dropping(teachers, lab.trainings(TEACHER, 1, **DROPPED), TEMPERATURE)
    changed, apart = asked_twice(asked, lab.session.live_images)
    teacher = asked if training_mode else FixedTeachers.of([teachers], split, trainings[0], TEMPERATURE)
    students, traces = yield from _trained(lab, trainings, split, teachers, Offline(TEMPERATURE, ALPHA), teacher)
    extra = {"soft_share": traces.soft_share()}
    if training_mode:
        extra |= {"changed": changed, "apart": apart}
    return lab.rows(students, teachers, extra=extra), traces.curves()


def asked_twice(teacher: InTrainingMode, images: Tensor) -> tuple[list[float], list[float]]:
    """Of each teacher: the share of uint8 images (N, 28, 28) to which its second answer names another class.

    And the mean of T^2 * KL between the two answers, nats.
    """
    seen = images.expand(teacher.students, *images.shape)
    first, second = teacher.ask(seen).double(), teacher.ask(seen).double()
    changed = (first.argmax(dim=-1) != second.argmax(dim=-1)).double().mean(dim=-1)
    apart = losses.kd_loss(second, first, TEMPERATURE).mean(dim=-1)
    return changed.tolist(), apart.tolist()


def _dropout_student(lab: Lab, *, left: bool) -> Steps[Given]:
    """A student that drops units while it learns, or only until it has been looked at for the first time."""
    teachers = yield from _teachers(lab)
    trainings, split = lab.trainings(STUDENT, _epochs(lab), **STUDENT_DROPPED), lab.session.data.training
    teacher = FixedTeachers.of([teachers], split, trainings[0], TEMPERATURE)
    students, traces = yield from _trained(
        lab, trainings, split, teachers, Offline(TEMPERATURE, ALPHA), teacher, left=left
    )
    return lab.rows(students, teachers, extra={"soft_share": traces.soft_share()}), traces.curves()


class Tries(NamedTuple):
    """Which images each of many networks gets right, (networks, seeds, images)."""

    validation: Tensor
    test: Tensor


class Picked(NamedTuple):
    """Accuracy of the network that was picked among the first k tries, means over halvings and orders, one for each k.

    On the half of the test images that the report is of, and on the other one, which nobody has looked at.
    """

    reported: list[float]
    fresh: list[float]


def _picked(lab: Lab, arm: str) -> Steps[Given]:
    tries = yield from lab.once("tries", _tries(lab))
    counts = [count for count in TRIES if count <= len(tries.test)]
    found = [
        picked(tries.test[:, number], tries.validation[:, number] if arm == "validation-picked" else None, counts, seed)
        for number, seed in enumerate(lab.seeds)
    ]
    curves, rows = [], []
    for seed, one in zip(lab.seeds, found, strict=True):
        curves += [curve(REPORTED, seed, counts, one.reported), curve(FRESH, seed, counts, one.fresh)]
        reported, fresh = one.reported[-1], one.fresh[-1]
        figures = {
            "test_accuracy": reported,
            "fresh": fresh,
            "optimism": 100 * (reported - fresh),
            "tries": float(counts[-1]),
        }
        rows.append(Row(arm=arm, seed=seed, figures=figures))
    return rows, curves


def _tries(lab: Lab) -> Steps[Tries]:
    """Every setting, looked at again and again in the second half of its training."""
    teachers = yield from _teachers(lab)
    settings = SETTINGS[len(SETTINGS) // 2 :] if lab.study.quick else SETTINGS
    kept: list[tuple[Tensor, Tensor]] = []
    whole = lab.session.data
    for number, (temperature, alpha) in enumerate(settings):
        trainings = lab.trainings(STUDENT, lab.epochs(1, 10))
        teacher = FixedTeachers.of([teachers], whole.training, trainings[0], temperature)
        half = trainings[0].epochs * -(-len(whole.training) // trainings[0].batch_size) / 2

        def heard(report: Report, students: Cohort, half: float = half) -> None:
            if report.step > half:
                kept.append((_right(students, whole.validation), _right(students, whole.test)))

        doing = f"students, setting {number + 1} of {len(settings)}"
        share = (1.0 - lab.part) / (len(settings) - number)
        yield from lab.train(trainings, Offline(temperature, alpha), teacher, doing=doing, share=share, heard=heard)
    return Tries(*(torch.stack(parts) for parts in zip(*kept, strict=True)))


def _right(students: Cohort, split: Split) -> Tensor:
    return evaluation.logits_of_all(students, split.images).argmax(dim=-1) == split.labels


def picked(test: Tensor, validation: Tensor | None, counts: Sequence[int], seed: int) -> Picked:
    """What the best of the first k tries is said to reach, and what it reaches.

    `test` and `validation` (tries, images) say which images each try gets right. The test images are cut in two halves
    at random. The network is picked by its accuracy on the half that is reported, or on the validation images.
    """
    generator = torch.Generator().manual_seed(seed)
    networks, images = test.shape
    halves = torch.rand(HALVINGS, images, generator=generator).argsort(dim=1) < images // 2
    right, half = test.cpu().double(), halves.double()
    shown = right @ half.T / half.sum(dim=1)  # (tries, halvings)
    unseen = right @ (1 - half).T / (1 - half).sum(dim=1)
    by = shown if validation is None else validation.cpu().double().mean(dim=1, keepdim=True).expand_as(shown)
    orders = torch.rand(HALVINGS, networks, generator=generator).argsort(dim=1).T  # (tries, halvings)
    by, shown, unseen = (each.gather(0, orders) for each in (by, shown, unseen))
    best = [by[:count].argmax(dim=0, keepdim=True) for count in counts]
    return Picked(*([each.gather(0, one).mean().item() for one in best] for each in (shown, unseen)))
