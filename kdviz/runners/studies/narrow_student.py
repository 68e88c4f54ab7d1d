"""Very narrow students over the temperature (Hinton, Vinyals, Dean 2015, section 3, last but one paragraph).

T is chosen on the validation images, by the mean over the seeds; the test images are looked at once for each arm.
"""

from statistics import fmean

from kdviz.distillers.offline import Offline
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.models import Cohort
from kdviz.recipes.base import Training
from kdviz.recipes.study_facts.narrow_student import MODELS
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting, accuracies

ALPHA = 0.9
EPOCHS, EPOCHS_ON_DIGITS = 5, 100  # narrow students learn slowly


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One width at one temperature, by labels alone, or at the temperature that the validation images chose."""
    teachers = yield from lab.reference_teachers()
    extra: dict[str, list[float]] = {}
    if arm.startswith("labels-"):
        students = yield from lab.train(_trainings(lab, arm.removeprefix("labels-")))
    else:
        units, _, text = arm.removesuffix("-best").partition("-t")
        temperature = float(text) if text else (yield from _chosen(lab, units, teachers))
        students = yield from _students(lab, units, temperature, teachers)
        extra["temperature"] = [temperature] * len(lab.seeds)
    extra["validation_accuracy"] = accuracies(students, lab.session.data.validation)
    return lab.rows(students, teachers, extra=extra), []


def _trainings(lab: Lab, units: str) -> list[Training]:
    return lab.trainings(MODELS[units], lab.epochs(EPOCHS, EPOCHS_ON_DIGITS))


def _students(lab: Lab, units: str, temperature: float, teachers: Cohort) -> Reporting[Cohort]:
    return (yield from lab.once(f"{units} at {temperature:g}", _taught(lab, units, temperature, teachers)))


def _taught(lab: Lab, units: str, temperature: float, teachers: Cohort) -> Reporting[Cohort]:
    trainings = _trainings(lab, units)
    if "advice" not in lab.shared:  # a teacher's logits do not depend on T: they serve all arms
        lab.shared["advice"] = FixedTeachers.of([teachers], lab.session.data.training, trainings[0], temperature)
    advice: FixedTeachers = lab.shared["advice"]
    return (yield from lab.train(trainings, Offline(temperature, ALPHA), advice))


def _chosen(lab: Lab, units: str, teachers: Cohort) -> Reporting[float]:
    """The T whose students are right most often on the validation images, on average; the lowest of equals."""
    means: dict[float, float] = {}
    for temperature in temperatures(lab, units):
        students = yield from _students(lab, units, temperature, teachers)
        means[temperature] = fmean(accuracies(students, lab.session.data.validation))
    return max(means, key=lambda temperature: means[temperature])


def temperatures(lab: Lab, units: str) -> list[float]:
    """All temperatures at which this width is trained, also where the study has some arms only."""
    arms = lab.study.facts.arms_of(lab.study.data, quick=lab.study.quick)
    return [arm.x for arm in arms if arm.x is not None and arm.line == MODELS[units]]
