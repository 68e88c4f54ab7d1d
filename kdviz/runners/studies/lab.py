"""Where the arms of a study are trained: networks of all seeds at once, teachers found again, figures and curves."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, TypeVar, Unpack

from torch import Tensor

from kdviz.distillers.label_smoothing import from_labels
from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation, models, teachers
from kdviz.engine.batches import FixedTeachers, TeacherLogits
from kdviz.engine.data import Split
from kdviz.engine.distiller import Distiller
from kdviz.engine.models import Cohort
from kdviz.engine.teachers import Cost
from kdviz.engine.training import Report, fit
from kdviz.recipes.base import SUITED, Training
from kdviz.recipes.catalogue import CLASSES
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import Arm
from kdviz.records.study import Curve, Row, StudyProgress, Written
from kdviz.runners.session import Begun, Session

TEACHER = "784-512-256-10"  # the reference pair, of every study that names no other
STUDENT = "784-128-10"
REPORTS = 20  # of each training
T = TypeVar("T")

Reporting = Generator[StudyProgress | None, None, T]  # yields its progress, and None as a sign of life; returns T
ArmResult = tuple[list[Row], list[Curve]]  # a row for each seed, and curves if the arm has any


class TrainingOptions(TypedDict, total=False):
    """What `Lab.distil` passes on to `Lab.train`."""

    cohort: Cohort | None
    doing: str
    share: float | None
    on_report: Callable[[Report, Cohort], None] | None


@dataclass
class Bench:
    """What the arms of one study share. The runner sets `arm`; `shared` holds what several arms need, by name."""

    study: Study
    session: Begun
    arm: Arm
    done_weight: float = 0.0  # of the arms that are over
    begun: float = 0.0  # when the first arm was begun, in seconds of the study
    part: float = 0.0  # of this arm, so far
    shared: dict[str, Any] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)  # what this arm's networks wrote

    @property
    def seeds(self) -> tuple[int, ...]:
        """One network of each kind for each seed."""
        return self.study.seeds

    def once(self, name: str, make: Reporting[T]) -> Reporting[T]:
        """What several arms need, made by the first of them."""
        if name not in self.shared:
            self.shared[name] = yield from make
        made: T = self.shared[name]
        return made

    def curves(self, x: Sequence[float], lines: Mapping[str, Sequence[Sequence[float]]]) -> list[Curve]:
        """A curve for each name and seed; `lines` has a value for each x and seed, (x, seeds)."""
        return [
            Curve(name=name, seed=seed, x=list(x), y=[values[number] for values in line])
            for name, line in lines.items()
            for number, seed in enumerate(self.seeds)
        ]

    def progress(
        self, doing: str, epoch: int, epochs: int, accuracies: list[float], terms: Mapping[str, float] | None = None
    ) -> StudyProgress:
        """How far the study is, from how far the arm is."""
        seconds = self.session.seconds()
        done = self.done_weight + self.arm.weight * min(self.part, 1.0)
        whole = sum(arm.weight for arm in self.study.chosen)
        return StudyProgress(
            arm=self.arm.name,
            doing=doing,
            done=min(self.part, 1.0),
            epoch=epoch,
            epochs=epochs,
            validation_accuracy=accuracies,
            terms=dict(terms or {}),
            seconds=seconds,
            seconds_left=(seconds - self.begun) * (whole - done) / done if done > 0 else 0.0,
        )


@dataclass
class Lab(Bench):
    """The bench of studies of images: networks of all seeds are trained at once."""

    session: Session

    @property
    def all_images(self) -> Split:
        """The images of the training split and of the validation split."""
        return self.session.data.training + self.session.data.validation

    def epochs(self, usual: int, small: int | None = None) -> int:
        """Epochs of a training: `usual` on large data sets, `small` on the digits; half as many when it is quick."""
        suited = SUITED.get(self.study.data, {}).get("epochs")
        count = usual if suited is None else small or int(suited)
        return max(1, count // 2) if self.study.quick else count

    def trainings(
        self, model: str, epochs: int | None = None, *, seeds: Sequence[int] | None = None, **changes: Any
    ) -> list[Training]:
        """How the network of each seed is trained, the study's seeds where no others are given.

        By Adam 1e-3 in three epochs of batches of 64 (FACTS: the reference recipe) with the study's schedule, but for
        `changes`.
        """
        schedule = {"schedule": self.study.schedule} if self.study.schedule else {}
        usual = {"data": self.study.data, "epochs": self.epochs(3) if epochs is None else epochs, **schedule}
        settings = {**usual, **changes}
        return [
            Training.reference(model=model, seed=seed, **settings) for seed in (self.seeds if seeds is None else seeds)
        ]

    def networks(self, trainings: Sequence[Training]) -> Cohort:
        """Fresh networks, each from its training's seed."""
        name = trainings[0].model
        networks = [models.build(name, training.seed).to(self.session.device) for training in trainings]
        cohort = models.cohort(name, networks)
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
        share: float | None = None,
        on_report: Callable[[Report, Cohort], None] | None = None,
    ) -> Reporting[Cohort]:
        """Train a network for each training, side by side; they differ in their seeds alone.

        By `distiller`, or on labels alone; on the training images, or on `split`; from fresh weights, or on from those
        of `cohort`. `share` is how much of the arm's time it takes, by default all that is left of it: only for the
        time left. `on_report` is called with each report and the networks. Returns the trained cohort.
        """
        images = self.session.data.training if split is None else split
        learning = self.networks(trainings) if cohort is None else cohort
        before = self.part
        share = max(0.0, 1.0 - before) if share is None else share
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
            self.part = before + share * report.step / report.steps
            if on_report is not None:
                on_report(report, learning)
            yield self._progress(doing, learning, report)
        return learning

    def distil(
        self,
        trainings: Sequence[Training],
        teachers: Cohort | Sequence[Cohort] | None,
        temperature: float,
        alpha: float = 1.0,
        *,
        labelled_only: bool = False,
        split: Split | None = None,
        **options: Unpack[TrainingOptions],
    ) -> Reporting[Cohort]:
        """Train students by alpha * T² * KL + (1 - alpha) * CE, or on labels alone where `teachers` is None.

        Each has its own teacher of a cohort, or one of each cohort, whose soft targets are averaged. With
        `labelled_only` images whose label may not be used are not drawn. `options` are as in `train`.
        """
        if teachers is None:
            return (yield from self.train(trainings, split=split, **options))
        cohorts = [teachers] if isinstance(teachers, Cohort) else teachers
        images = self.session.data.training if split is None else split
        teacher = FixedTeachers.of(cohorts, images, trainings[0], temperature)
        teacher.unlabelled = not labelled_only
        return (yield from self.train(trainings, Offline(temperature, alpha), teacher, split=split, **options))

    def teachers(
        self, trainings: Sequence[Training], *, share: float = 0.5, split: Split | None = None
    ) -> Reporting[Cohort]:
        """A trained, frozen network for each training: found on this machine, or trained on labels alone and kept.

        Comparisons and other studies have the same trainings, which are carried out once. A part of the images is not
        in a training's id: teachers of a `split` that is not all images are not kept. Raises TeacherError.
        """
        networks = []
        images = self.session.data.training if split is None else split
        keep = split is None or len(split) == len(self.all_images)
        for training in trainings:
            kept = teachers.kept(training) if keep else None
            if kept is None:
                begun, doing = self.session.clock(), f"teacher, seed {training.seed}"
                cohort = yield from self.train([training], split=images, doing=doing, share=share / len(trainings))
                network = teachers.freeze(cohort.networks[0])
                kept = network, Cost(self.session.clock() - begun, training.epochs * len(images))
                if keep:
                    teachers.keep(*kept, training)
            else:
                self.part += share / len(trainings)
            networks.append(kept[0].to(self.session.device))
        return models.cohort(trainings[0].model, networks)

    def reference_teachers(self, *, share: float = 0.5) -> Reporting[Cohort]:
        """The reference teacher of each seed, for all arms."""
        return (yield from self.once("reference teachers", self.teachers(self.trainings(TEACHER), share=share)))

    def test_logits(self, cohort: Cohort) -> Tensor:
        """Logits (networks, N, classes) of the test images."""
        return evaluation.logits_of_all(cohort, self.session.data.test.images)

    def rows(
        self,
        cohort: Cohort,
        teachers: Cohort | None = None,
        *,
        extra: Mapping[str, Sequence[float]] | None = None,
    ) -> list[Row]:
        """The figures of each seed's network on the test images; `extra` has more of them, each a list over seeds."""
        teacher_logits = None if teachers is None else self.test_logits(teachers)
        return self.rows_of(self.test_logits(cohort), self.session.data.test.labels, teacher_logits, extra=extra)

    def rows_of(
        self,
        students_logits: Tensor,
        labels: Tensor,
        teachers_logits: Tensor | None = None,
        *,
        extra: Mapping[str, Sequence[float]] | None = None,
        seeds: Sequence[int] | None = None,
    ) -> list[Row]:
        """The same from logits (seeds, N, classes), of the study's seeds where no others are given."""
        rows = []
        for number, (seed, logits) in enumerate(zip(seeds or self.seeds, students_logits, strict=True)):
            figures: dict[str, float] = dict(evaluation.test_figures(logits, labels))
            figures["ece_floor"] = evaluation.calibration_floor(logits, labels)
            if teachers_logits is not None:
                figures["agreement"] = evaluation.agreement(logits, teachers_logits[number])
                figures["fidelity_kl"] = evaluation.fidelity_kl(logits, teachers_logits[number])
            figures |= {name: float(values[number]) for name, values in (extra or {}).items()}
            rows.append(Row(arm=self.arm.name, seed=seed, figures=figures))
        return rows

    def _progress(self, doing: str, cohort: Cohort, report: Report) -> StudyProgress:
        logits = evaluation.logits_of_all(cohort, self.session.live.images)
        of_digits = logits.shape[-1] == CLASSES
        right = evaluation.accuracies(logits, self.session.live.labels) if of_digits else []
        return self.progress(doing, report.epoch, report.epochs, right)


def accuracies(cohort: Cohort, split: Split) -> list[float]:
    """The accuracy of each network on the images of a split."""
    return evaluation.accuracies(evaluation.logits_of_all(cohort, split.images), split.labels)


def rounded(values: Sequence[float]) -> list[float]:
    """Six significant digits: more than a picture shows, and half the size of a recorded run."""
    return [float(f"{value:.6g}") for value in values]
