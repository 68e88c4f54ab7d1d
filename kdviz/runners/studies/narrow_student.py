"""Very narrow students over the temperature (Hinton, Vinyals, Dean 2015, section 3, last but one paragraph).

T is chosen on the validation images, by the mean over the seeds; the test images are looked at once for each arm.
"""

from __future__ import annotations

from statistics import fmean

from kdviz.distillers.offline import Offline
from kdviz.engine import evaluation
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.models import Cohort
from kdviz.recipes.study_facts.narrow_student import MODELS
from kdviz.runners.studies.lab import TEACHER, Given, Lab, Steps

ALPHA = 0.9
EPOCHS, EPOCHS_OF_FEW = 5, 100  # narrow students learn slowly; the second on a small data set


def measure(lab: Lab, arm: str) -> Steps[Given]:
    """One width at one temperature, by labels alone, or at the temperature that the validation images chose."""
    teachers = yield from lab.once("teachers", lab.teachers(lab.trainings(TEACHER, lab.epochs(3))))
    lab.part = 0.0
    if arm.endswith("-best"):
        units = arm.removesuffix("-best")
        temperature = yield from _chosen(lab, units, teachers)
        students = yield from _student(lab, units, temperature, teachers)
    elif arm.startswith("labels-"):
        units, temperature = arm.removeprefix("labels-"), None
        students = yield from lab.train(lab.trainings(MODELS[units], lab.epochs(EPOCHS, EPOCHS_OF_FEW)))
    else:
        units, _, text = arm.rpartition("-t")
        temperature = float(text)
        students = yield from _student(lab, units, temperature, teachers)
    extra = {"validation_accuracy": _validation(lab, students)}
    if temperature is not None:
        extra["temperature"] = [temperature] * len(lab.seeds)
    return lab.rows(students, teachers, extra=extra), []


def _student(lab: Lab, units: str, temperature: float, teachers: Cohort) -> Steps[Cohort]:
    return (yield from lab.once(f"{units} at {temperature:g}", _taught(lab, units, temperature, teachers)))


def _taught(lab: Lab, units: str, temperature: float, teachers: Cohort) -> Steps[Cohort]:
    trainings = lab.trainings(MODELS[units], lab.epochs(EPOCHS, EPOCHS_OF_FEW))
    if "advice" not in lab.shared:  # a teacher's logits do not depend on T: they serve all arms
        lab.shared["advice"] = FixedTeachers.of([teachers], lab.session.data.training, trainings[0], temperature)
    teacher: FixedTeachers = lab.shared["advice"]
    return (yield from lab.train(trainings, Offline(temperature, ALPHA), teacher))


def _chosen(lab: Lab, units: str, teachers: Cohort) -> Steps[float]:
    """The T whose students are right most often on the validation images, on average; the lowest of equals."""
    found: dict[float, float] = {}
    for temperature in temperatures(lab, units):
        students = yield from _student(lab, units, temperature, teachers)
        found[temperature] = fmean(_validation(lab, students))
    return max(found, key=lambda temperature: found[temperature])


def temperatures(lab: Lab, units: str) -> list[float]:
    """What there is to choose from, whichever arms were asked for."""
    arms = lab.study.facts.arms_of(lab.study.data, quick=lab.study.quick)
    return [arm.x for arm in arms if arm.x is not None and arm.line == MODELS[units]]


def _validation(lab: Lab, students: Cohort) -> list[float]:
    validation = lab.session.data.validation
    return evaluation.accuracies(evaluation.logits_of_all(students, validation.images), validation.labels)
