"""The bench of studies of letters: the novel in windows, the shipped teacher and what it says, one student a seed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from kdviz.engine.letters import evaluation, network, shipped, windows, writing
from kdviz.engine.letters.network import LetterNetwork
from kdviz.engine.letters.telling import BEGUN, written_by
from kdviz.engine.letters.training import Telling, fit
from kdviz.engine.letters.windows import Windows
from kdviz.recipes.base import Training
from kdviz.recipes.letters import NOVEL, SAMPLE_BEGUN, STUDENT, decode, encode
from kdviz.recipes.study import Study
from kdviz.records.study import Row, Written
from kdviz.runners.session import Begun, Clock, training_device
from kdviz.runners.studies.lab import ArmResult, Bench, Reporting, rounded
from kdviz.store import novel

EPOCHS, BATCH, RATE = 4, 32, 4e-3  # of students; 273 updates an epoch
QUICK_EPOCHS = 2
WRITTEN = 160  # letters of a sample
LIVE = 128  # windows of the validation chapters that a student is asked about on the way
REPORTS = 40


@dataclass
class LetterLab(Bench):
    """What students of letters share. Intervals are about students of this one teacher and this one novel."""

    @classmethod
    def opened(cls, study: Study, clock: Clock) -> Self:
        """With the novel on the device that trains."""
        return cls(study, Begun(clock=clock, started=clock(), device=training_device()), study.chosen[0])

    def text(self, part: str) -> Tensor:
        """The letters of the "training", "validation" or "held-out" chapters."""
        return torch.from_numpy(novel.part(part)).to(self.session.device)

    @cached_property
    def teacher(self) -> LetterNetwork:
        """The shipped one. Raises TeacherError."""
        return shipped.network("teacher").to(self.session.device)

    @cached_property
    def windows(self) -> Windows:
        """What is learnt from, of the training chapters."""
        return windows.learning(self.text("training"))

    @cached_property
    def teacher_logits(self) -> Tensor:
        """Of those windows, by number, in half precision: computed once for all arms and seeds."""
        return evaluation.logits_of(self.teacher, self.windows.letters).half()

    @cached_property
    def teacher_text(self) -> Windows:
        """What the teacher writes after the beginning of each window."""
        return written_by(self.teacher, self.windows.letters[:, :BEGUN], seed=0)

    @cached_property
    def held_out(self) -> Windows:
        """The chapters on which all students are judged."""
        return windows.counting(self.text("held-out"))

    @cached_property
    def held_out_logits(self) -> Tensor:
        """The teacher's, of the held-out chapters."""
        return evaluation.logits_of(self.teacher, self.held_out.letters)

    @cached_property
    def live(self) -> Windows:
        """The beginning of the validation chapters."""
        return Windows(*(tensor[:LIVE] for tensor in windows.counting(self.text("validation"))))

    @property
    def epochs(self) -> int:
        """Of each student."""
        return QUICK_EPOCHS if self.study.quick else EPOCHS

    def training(self, seed: int) -> Training:
        """How the student of a seed is trained."""
        rest = {"batch_size": BATCH, "learning_rate": RATE, "schedule": self.study.schedule or "one-cycle"}
        return Training.reference(NOVEL, STUDENT.name, self.epochs, seed=seed, **rest)

    def taught(self, way: Callable[[LetterNetwork, int], Telling]) -> Reporting[ArmResult]:
        """Train the student of each seed, one after the other, by the telling that `way` gives it; its figures.

        Curves: `loss_kd` and `loss_ce`, what both terms add to the loss, and `bits_per_letter` of the live windows,
        over epochs.
        """
        rows: list[Row] = []
        x: list[float] = []
        lines: dict[str, list[list[float]]] = {"loss_kd": [], "loss_ce": [], "bits_per_letter": []}
        for number, seed in enumerate(self.seeds):
            training = self.training(seed)
            student = network.build(STUDENT, seed).to(self.session.device)
            self._sample(student, seed, 0)
            telling = way(student, seed)
            for report in fit(student, training, telling, reports=REPORTS, clock=self.session.clock):
                if report is None:
                    yield None
                    continue
                self.part = (number + report.step / report.steps) / len(self.seeds)
                figures = evaluation.figures(self.live, evaluation.logits_of(student, self.live.letters))
                if number == 0:
                    x.append(training.epochs * report.step / report.steps)
                of_seed = rounded([report.loss_kd, report.loss_ce, figures["bits_per_letter"]])
                for line, value in zip(lines.values(), of_seed, strict=True):
                    if number == 0:
                        line.append([])
                    line[sum(len(values) > number for values in line)].append(value)
                if report.ends_epoch:
                    self._sample(student, seed, report.epoch)
                terms = {"soft": report.loss_kd, "hard": report.loss_ce}
                yield self.progress(
                    f"student, seed {seed}", report.epoch, training.epochs, [figures["next_right"]], terms
                )
            logits = evaluation.logits_of(student, self.held_out.letters)
            figures = evaluation.figures(self.held_out, logits, self.held_out_logits)
            rows.append(Row(arm=self.arm.name, seed=seed, figures=figures))
        return rows, self.curves(rounded(x), lines)

    def _sample(self, student: LetterNetwork, seed: int, epoch: int) -> None:
        """Keep what a student writes at T = 1; the same random numbers each time."""
        begun = torch.tensor(encode(SAMPLE_BEGUN)[0], device=self.session.device)
        text = decode(writing.sample(student, begun, WRITTEN, seed=0))
        self.written.append(Written(seed=seed, epoch=epoch, text=text))
