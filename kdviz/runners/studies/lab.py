"""Where the arms of a lesson's study are trained: networks of all seeds at once, teachers found again, figures."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from torch import Tensor

from kdviz.distillers.label_smoothing import from_labels
from kdviz.engine import evaluation, models, teachers
from kdviz.engine.batches import TeacherLogits
from kdviz.engine.data import Split
from kdviz.engine.distiller import Distiller
from kdviz.engine.models import Cohort
from kdviz.engine.teachers import Cost
from kdviz.engine.training import Report, fit, steps_of
from kdviz.recipes.base import SUITED, Training
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import Arm
from kdviz.records.study import Curve, Row, StudyProgress
from kdviz.runners.session import Session

TEACHER = "784-512-256-10"  # the reference pair of every study that says no other
STUDENT = "784-128-10"
REPORTS = 20  # of each training
T = TypeVar("T")

Steps = Generator[StudyProgress | None, None, T]  # says how far it is, then returns what was asked for
Given = tuple[list[Row], list[Curve]]  # what an arm gives: a row for each seed, and curves if it has any


@dataclass
class Lab:
    """What the arms of one study share. The runner sets `arm`; `shared` is for what several arms need."""

    study: Study
    session: Session
    arm: Arm
    done_weight: float = 0.0  # of the arms that are over
    begun: float = 0.0  # when the first arm was begun, in seconds of the study
    part: float = 0.0  # of this arm, so far
    shared: dict[str, Any] = field(default_factory=dict)

    @property
    def seeds(self) -> tuple[int, ...]:
        """One network of each kind for each seed."""
        return self.study.seeds

    def epochs(self, usual: int, small: int | None = None) -> int:
        """Epochs of a training: `usual` on large data sets, `small` on the digits; half as many when it is quick."""
        suited = SUITED.get(self.study.data, {}).get("epochs")
        count = usual if suited is None else small or int(suited)
        return max(1, count // 2) if self.study.quick else count

    def trainings(self, model: str, epochs: int, **changes: Any) -> list[Training]:
        """How the network of each seed is trained: Adam 1e-3, batches of 64 (FACTS: the reference recipe)."""
        settings: dict[str, Any] = {
            "data": self.study.data,
            "model": model,
            "epochs": epochs,
            "batch_size": 64,
            "optimizer": "adam",
            "learning_rate": 1e-3,
            "schedule": "constant",
            "augmentation": "none",
            "labels": None,
            **changes,
        }
        return [Training(seed=seed, **settings) for seed in self.seeds]

    def networks(self, trainings: Sequence[Training]) -> Cohort:
        """Fresh networks, each from its training's seed."""
        name = trainings[0].model
        cohort = models.cohort(name, [models.build(name, each.seed).to(self.session.device) for each in trainings])
        if trainings[0].pixels_from_zero:
            cohort.expect_pixels_from_zero(False)  # fresh weights are meant for the pixels they will learn from
        return cohort

    def train(
        self,
        trainings: Sequence[Training],
        distiller: Distiller | None = None,
        teacher: TeacherLogits | None = None,
        *,
        split: Split | None = None,
        cohort: Cohort | None = None,
        doing: str = "students",
        share: float = 1.0,
        heard: Callable[[Report, Cohort], None] | None = None,
    ) -> Steps[Cohort]:
        """Train a network for each training, side by side; they differ in their seeds alone.

        By `distiller`, or on labels alone; on the training images, or on `split`; from fresh weights, or on from those
        of `cohort`. `share` is how much of the arm's time it takes: only for the time left. Returns the trained cohort.
        """
        images = self.session.data.training if split is None else split
        learning = self.networks(trainings) if cohort is None else cohort
        steps = steps_of(trainings[0], len(images))
        before = self.part
        reports = fit(
            [learning],
            images,
            trainings,
            from_labels(trainings[0]) if distiller is None else distiller,
            teacher,
            reports=REPORTS,
            clock=self.session.clock,
        )
        for report in reports:
            if report is None:
                yield None
                continue
            self.part = before + share * report.step / steps
            if heard is not None:
                heard(report, learning)
            yield self._progress(doing, learning, report, trainings[0].epochs)
        return learning

    def teachers(self, trainings: Sequence[Training], *, share: float = 0.5) -> Steps[Cohort]:
        """A trained, frozen network for each training: found on this machine, or trained on labels alone and kept.

        The same trainings are asked for by comparisons and by other studies, and trained once. Raises TeacherError.
        """
        found = []
        for training in trainings:
            known = teachers.kept(training)
            if known is None:
                begun = self.session.clock()
                cohort = yield from self.train(
                    [training], doing=f"teacher, seed {training.seed}", share=share / len(trainings)
                )
                network = teachers.freeze(cohort.networks[0])
                seen = training.epochs * len(self.session.data.training)
                known = network, Cost(self.session.clock() - begun, seen)
                teachers.keep(*known, training)
            else:
                self.part += share / len(trainings)
            found.append(known[0].to(self.session.device))
        return models.cohort(trainings[0].model, found)

    def once(self, name: str, make: Steps[T]) -> Steps[T]:
        """What several arms need, made by the first that asks."""
        if name not in self.shared:
            self.shared[name] = yield from make
        found: T = self.shared[name]
        return found

    def rows(
        self,
        cohort: Cohort,
        teachers: Cohort | None = None,
        *,
        test: Split | None = None,
        extra: Mapping[str, Sequence[float]] | None = None,
    ) -> list[Row]:
        """The figures of each seed's network on the test images, or on others; `extra` adds a list for each figure."""
        images = self.session.data.test if test is None else test
        said = evaluation.logits_of_all(cohort, images.images)
        theirs = None if teachers is None else evaluation.logits_of_all(teachers, images.images)
        return self.rows_of(said, images.labels, theirs, extra=extra)

    def rows_of(
        self,
        said: Tensor,
        labels: Tensor,
        teachers: Tensor | None = None,
        *,
        extra: Mapping[str, Sequence[float]] | None = None,
    ) -> list[Row]:
        """The same from logits (seeds, N, classes)."""
        rows = []
        for number, (seed, logits) in enumerate(zip(self.seeds, said, strict=True)):
            figures: dict[str, float] = dict(evaluation.test_figures(logits, labels))
            if teachers is not None:
                figures["agreement"] = evaluation.agreement(logits, teachers[number])
                figures["fidelity_kl"] = evaluation.fidelity_kl(logits, teachers[number])
            figures |= {name: float(values[number]) for name, values in (extra or {}).items()}
            rows.append(Row(arm=self.arm.name, seed=seed, figures=figures))
        return rows

    def _progress(self, doing: str, cohort: Cohort, report: Report, epochs: int) -> StudyProgress:
        seconds = self.session.seconds()
        done = self.done_weight + self.arm.weight * min(self.part, 1.0)
        whole = sum(arm.weight for arm in self.study.chosen)
        spent = seconds - self.begun
        said = evaluation.logits_of_all(cohort, self.session.live_images)
        return StudyProgress(
            arm=self.arm.name,
            doing=doing,
            done=min(self.part, 1.0),
            epoch=report.epoch,
            epochs=epochs,
            validation_accuracy=evaluation.accuracies(said, self.session.live_labels) if said.shape[-1] == 10 else [],
            seconds=seconds,
            seconds_left=spent * (whole - done) / done if done > 0 else 0.0,
        )


def copied(split: Split, *, images: Tensor | None = None, labels: Tensor | None = None) -> Split:
    """A split with other images or labels."""
    return Split(split.images if images is None else images, split.labels if labels is None else labels)


def part_of(split: Split, which: Tensor) -> Split:
    """The images `which` (indices or a mask) of a split."""
    return Split(split.images[which], split.labels[which])
