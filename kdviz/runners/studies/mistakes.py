"""Ways to get it wrong: each mistake trained beside the same run without it, and what gives it away on the way.

All students start from the weights of their seed and see the same batches. Noisy labels are the same for all seeds.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation, losses
from kdviz.engine.batches import FixedTeachers, TeacherLogits
from kdviz.engine.data import Split
from kdviz.engine.models import Cohort
from kdviz.engine.training import Report
from kdviz.recipes.study_facts.mistakes import ALPHA, FRESH, NOISY, REPORTED, TEMPERATURE, TRACES, TRIES, WRONG_LABELS
from kdviz.records.study import Curve, Row
from kdviz.runners.studies.faulty_distillers import (
    ByPosition,
    Hardened,
    InTrainingMode,
    MeanOverClasses,
    OtherViews,
    OwnTeacher,
    Probabilities,
    WithoutTSquared,
)
from kdviz.runners.studies.lab import STUDENT, TEACHER, ArmResult, Lab, Reporting, rounded
from kdviz.runners.studies.noisy_labels import with_noise

DROPPED: dict[str, Any] = {"input_dropout": 0.2, "dropout": 0.5}  # of a teacher (Srivastava et al. 2014, appendix A.4)
STUDENT_DROPPED: dict[str, Any] = {"dropout": 0.5}
NOISE_SEED = 20171022
FIRST_PASS = 1_000_003  # from a student's seed to that of the pass in which the teacher was asked
OWN_VIEWS = 2_000_003  # from a student's seed to that of the shifts that its teacher sees
SHIFTED: dict[str, Any] = {"augmentation": "shift"}
DISTILLERS: dict[str, type[Offline]] = {
    "no-t2": WithoutTSquared,
    "mean-classes": MeanOverClasses,
    "no-log": Probabilities,
    "argmax": Hardened,
    "same-object": OwnTeacher,
}
SETTINGS = ((3.0, 0.5), (10.0, 0.5), (3.0, 0.9), (10.0, 0.9))  # T and alpha of the networks of which one is picked
HALVINGS = 100  # of the test images, for each seed


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One mistake, or one of the runs without it."""
    if arm in ("test-picked", "validation-picked"):
        return (yield from _picked(lab, arm))
    return (yield from _distilled(lab, arm.removeprefix(NOISY), noisy=arm.startswith(NOISY)))


def _distilled(lab: Lab, name: str, *, noisy: bool) -> Reporting[ArmResult]:
    """Students taught with the mistake `name`, or by one of the right ways."""
    if name in ("teacher-training", "dropout-teacher"):
        teachers = yield from lab.once("dropout teachers", lab.teachers(lab.trainings(TEACHER, **DROPPED)))
    else:
        teachers = yield from lab.reference_teachers()
    changes: dict[str, Any] = {}
    if name in ("student-eval", "dropout-student"):
        changes = STUDENT_DROPPED
    elif name in ("other-view", "shifted"):
        changes = SHIFTED
    trainings, split = lab.trainings(STUDENT, lab.epochs(2, 20), **changes), lab.session.data.training
    if noisy:
        split = replace(split, labels=with_noise(split.labels, WRONG_LABELS / 100, NOISE_SEED))
    extra: dict[str, list[float]] = {}
    teacher: TeacherLogits | None = None
    if name == "positions":
        teacher = ByPosition.shuffled(teachers, split, trainings, TEMPERATURE, FIRST_PASS)
    elif name == "teacher-training":
        teacher = InTrainingMode.dropping(teachers, lab.trainings(TEACHER, 1, **DROPPED), TEMPERATURE)
        extra["changed"], extra["apart"] = asked_twice(teacher, lab.session.live.images)
    elif name == "other-view":
        teacher = OtherViews.drawn(teachers, split, trainings, TEMPERATURE, OWN_VIEWS)
    elif name != "same-object":
        teacher = FixedTeachers.of([teachers], split, trainings[0], TEMPERATURE)
    epochs: list[float] = []
    traces: dict[str, list[list[float]]] = {trace: [] for trace in TRACES}  # (reports, seeds)
    teachers_live = evaluation.logits_of_all(teachers, lab.session.live.images)

    def on_report(report: Report, learning: Cohort) -> None:
        live = evaluation.logits_of_all(learning, lab.session.live.images)
        epochs.append(report.step / (report.steps // report.epochs))
        traces["loss_kd"].append(report.loss_kd)
        traces["loss_ce"].append(report.loss_ce)
        traces["gradient_share_kd"].append(report.gradient_share_kd or [0.0] * len(learning))
        traces["validation_accuracy"].append(evaluation.accuracies(live, lab.session.live.labels))
        traces["training_accuracy"].append(report.training_accuracy)
        traces["agreement"].append(evaluation.agreements(live, teachers_live))
        if name == "student-eval":  # and left there
            for network in learning.networks:
                network.eval()

    distiller = DISTILLERS.get(name, Offline)(TEMPERATURE, ALPHA)
    students = yield from lab.train(trainings, distiller, teacher, split=split, on_report=on_report)
    extra["soft_share"] = torch.tensor(traces["gradient_share_kd"]).mean(dim=0).tolist()
    if isinstance(teacher, ByPosition):
        extra["misplaced"] = [teacher.misplaced / teacher.used] * len(students)
    curves = lab.curves(rounded(epochs), {trace: list(map(rounded, along)) for trace, along in traces.items()})
    return lab.rows(students, teachers, extra=extra), curves


def asked_twice(teacher: InTrainingMode, images: Tensor) -> tuple[list[float], list[float]]:
    """Of each teacher: the share of uint8 images (N, 28, 28) that it classifies otherwise in a second forward pass.

    And the mean of T^2 * KL between the two passes, nats.
    """
    images = images.expand(teacher.students, *images.shape)
    first, second = teacher.ask(images).double(), teacher.ask(images).double()
    changed = (first.argmax(dim=-1) != second.argmax(dim=-1)).double().mean(dim=-1)
    apart = losses.kd_loss(second, first, TEMPERATURE).mean(dim=-1)
    return changed.tolist(), apart.tolist()


class Tries(NamedTuple):
    """Which images each of many networks gets right, (networks, seeds, images)."""

    validation: Tensor
    test: Tensor


class Picked(NamedTuple):
    """Accuracy of the network that was picked among the first k tries, means over halvings and orders, one for each k.

    On the half of the test images that the report is of, and on the other one, by which nothing was picked.
    """

    reported: list[float]
    fresh: list[float]


def _picked(lab: Lab, arm: str) -> Reporting[ArmResult]:
    tries = yield from lab.once("tries", _tries(lab))
    counts = [count for count in TRIES if count <= len(tries.test)]
    curves, rows = [], []
    for number, seed in enumerate(lab.seeds):
        validation = tries.validation[:, number] if arm == "validation-picked" else None
        best = picked(tries.test[:, number], validation, counts, seed)
        for name, accuracies in ((REPORTED, best.reported), (FRESH, best.fresh)):
            curves.append(Curve(name=name, seed=seed, x=rounded(counts), y=rounded(accuracies)))
        reported, fresh = best.reported[-1], best.fresh[-1]
        figures = {"test_accuracy": reported, "fresh": fresh, "optimism": 100 * (reported - fresh)}
        rows.append(Row(arm=arm, seed=seed, figures=figures | {"tries": float(counts[-1])}))
    return rows, curves


def _tries(lab: Lab) -> Reporting[Tries]:
    """The students of every setting at each report in the second half of their training."""
    teachers = yield from lab.reference_teachers()
    settings = SETTINGS[len(SETTINGS) // 2 :] if lab.study.quick else SETTINGS
    kept: list[tuple[Tensor, Tensor]] = []
    data = lab.session.data

    def on_report(report: Report, students: Cohort) -> None:
        if report.part > 0.5:
            kept.append((_right(students, data.validation), _right(students, data.test)))

    for number, (temperature, alpha) in enumerate(settings):
        trainings = lab.trainings(STUDENT, lab.epochs(1, 10))
        doing = f"students, setting {number + 1} of {len(settings)}"
        share = (1.0 - lab.part) / (len(settings) - number)
        yield from lab.distil(trainings, teachers, temperature, alpha, doing=doing, share=share, on_report=on_report)
    return Tries(*(torch.stack(parts) for parts in zip(*kept, strict=True)))


def _right(students: Cohort, split: Split) -> Tensor:
    return evaluation.logits_of_all(students, split.images).argmax(dim=-1) == split.labels


def picked(test: Tensor, validation: Tensor | None, counts: Sequence[int], seed: int) -> Picked:
    """The reported accuracy of the best of the first k tries, and its accuracy on fresh images.

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
    by, shown, unseen = (accuracy.gather(0, orders) for accuracy in (by, shown, unseen))
    best = [by[:count].argmax(dim=0, keepdim=True) for count in counts]
    return Picked(*([accuracy.gather(0, at).mean().item() for at in best] for accuracy in (shown, unseen)))
