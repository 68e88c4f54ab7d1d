"""A teacher with three heads (which digit, odd or even, larger than four) and students for one of these tasks.

Joint training of all heads on one body: Caruana 1997. A student for one task has two outputs and is never given a
digit's label: its images carry the answers to its task alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from kdviz.engine import evaluation, losses
from kdviz.engine.batches import Batch, Chunk, FixedTeachers
from kdviz.engine.data import Split
from kdviz.engine.distiller import Distiller, Step, Terms
from kdviz.engine.models import Cohort
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting

TEACHER = "784-512-256-14"  # the reference pair with an output for each answer to each task
STUDENT = "784-128-14"
SPECIALIST = "784-128-2"
TEMPERATURE = 4.0

DIGIT, PARITY, SIZE = slice(0, 10), slice(10, 12), slice(12, 14)  # which outputs are a task's
HEADS = (DIGIT, PARITY, SIZE)
OF_TASK = {"parity": PARITY, "size": SIZE}

_DIGITS = torch.arange(10)
ANSWERS = {"parity": _DIGITS % 2, "size": (_DIGITS > 4).long()}  # for each digit: odd is 1, larger than four is 1
ALL_ANSWERS = torch.cat([torch.eye(10), torch.eye(2)[ANSWERS["parity"]], torch.eye(2)[ANSWERS["size"]]], dim=1)


@dataclass(frozen=True)
class Heads(Distiller):
    """A loss for each head, added up: T^2 * KL(p || q) at T, which for labels and T = 1 is CE.

    `wanted` makes the targets of a chunk: distributions over each head, one beside the other, (students, N, outputs).
    """

    heads: tuple[slice, ...]
    wanted: Callable[[Chunk], Tensor]
    temperature: float = 1.0

    def targets(self, chunk: Chunk) -> Tensor:
        """The heads' targets, (students, N, outputs)."""
        return self.wanted(chunk)

    def step(self, cohorts: Sequence[Cohort], batch: Batch) -> Step:
        """T * (q - p) in each head."""
        logits = cohorts[0].logits(batch.images)
        student = logits.detach()
        gradient = torch.empty_like(student)
        for head in self.heads:
            z, p = student[..., head], batch.targets[..., head]
            gradient[..., head] = losses.kd_gradient(z, p, self.temperature, 1 / student.shape[1])
        return Step((logits,), (gradient,), (student,))

    def terms(self, chunk: Chunk, record: tuple[Tensor, ...]) -> Terms:
        """The heads' losses together, as CE: soft and hard targets are not told apart here."""
        targets, logits = self.targets(chunk).double(), record[0].double()
        loss = torch.zeros(logits.shape[:2], dtype=logits.dtype, device=logits.device)
        for head in self.heads:
            p, log_q = targets[..., head], losses.log_softmax(logits[..., head], self.temperature)
            loss += self.temperature**2 * (torch.xlogy(p, p) - p * log_q).sum(dim=-1)
        mean = loss.mean(dim=1)
        return Terms(torch.zeros_like(mean), mean)


def from_labels(answers: Tensor) -> Callable[[Chunk], Tensor]:
    """The targets of labels: for each label its row of `answers` (labels, outputs)."""
    return lambda chunk: answers.to(chunk.labels.device)[chunk.labels]


def from_heads(heads: Sequence[slice], temperature: float = TEMPERATURE) -> Callable[[Chunk], Tensor]:
    """The teacher's soft targets in some of its heads."""
    return lambda chunk: torch.cat([losses.softmax(chunk.teacher_logits[..., head], temperature) for head in heads], -1)


def from_digits(answers: Tensor, temperature: float = TEMPERATURE) -> Callable[[Chunk], Tensor]:
    """The teacher's soft targets for the ten digits, added up for each answer to a task, `answers` (10,)."""
    table = torch.eye(2)[answers]
    return lambda chunk: losses.softmax(chunk.teacher_logits[..., DIGIT], temperature) @ table.to(chunk.labels.device)


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """A task in one of the ways; networks for all tasks are trained once."""
    task, _, way = arm.partition("-")
    share = None if way == "teacher" else 0.5
    teachers = yield from lab.once("teachers", _of_all_tasks(lab, TEACHER, "teachers", share))
    head, images = OF_TASK[task], lab.session.data.training
    if way == "teacher":
        return _result(lab, task, teachers, head)
    if way == "all":
        students = yield from lab.once("students", _of_all_tasks(lab, STUDENT, "students"))
    elif way == "all-taught":
        taught = Heads(HEADS, from_heads(HEADS), TEMPERATURE)
        students = yield from lab.once("taught", _taught(lab, STUDENT, teachers, taught, images))
    else:
        head, answered = slice(0, 2), replace(images, labels=_answers(task, images.labels))
        if way == "labels":
            learning = Heads((head,), from_labels(torch.eye(2)))
            students = yield from lab.train(lab.trainings(SPECIALIST), learning, split=answered)
        else:
            wanted = from_heads([OF_TASK[task]]) if way == "head" else from_digits(ANSWERS[task])
            students = yield from _taught(lab, SPECIALIST, teachers, Heads((head,), wanted, TEMPERATURE), answered)
    return _result(lab, task, students, head, teachers)


def _of_all_tasks(lab: Lab, model: str, doing: str, share: float | None = None) -> Reporting[Cohort]:
    """Networks that learn all tasks at once, from their labels."""
    learning = Heads(HEADS, from_labels(ALL_ANSWERS))
    return (yield from lab.train(lab.trainings(model), learning, doing=doing, share=share))


def _taught(lab: Lab, model: str, teachers: Cohort, distiller: Heads, images: Split) -> Reporting[Cohort]:
    trainings = lab.trainings(model)
    teacher = FixedTeachers.of([teachers], images, trainings[0], TEMPERATURE)
    return (yield from lab.train(trainings, distiller, teacher, split=images))


def _answers(task: str, labels: Tensor) -> Tensor:
    return ANSWERS[task].to(labels.device)[labels]


def _result(lab: Lab, task: str, cohort: Cohort, head: slice, teachers: Cohort | None = None) -> ArmResult:
    """How a task is done on the test images, and how much of each digit is right."""
    test = lab.session.data.test
    logits, right = evaluation.logits_of_all(cohort, test.images)[..., head], _answers(task, test.labels)
    teacher_logits = None if teachers is None else evaluation.logits_of_all(teachers, test.images)[..., OF_TASK[task]]
    hits = (logits.argmax(dim=-1) == right).double()
    shares = [hits[:, test.labels == digit].mean(dim=1).tolist() for digit in range(10)]
    return lab.rows_of(logits, right, teacher_logits), lab.curves(range(10), {"right_by_digit": shares})
