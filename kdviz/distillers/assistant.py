"""A teacher assistant: a network of middle size between a large teacher and a small student.

Mirzadeh et al. 2020, section 3: distilled from the teacher, it then teaches the student.
"""

from collections.abc import Iterator
from dataclasses import replace

from kdviz.distillers.offline import Offline, offline_stage
from kdviz.distillers.stage import Setting, Stage
from kdviz.recipes import catalogue


def stages(setting: Setting) -> Iterator[Stage]:
    """Teacher to assistant, assistant to student."""
    model = catalogue.assistant(setting.comparison.teacher, setting.comparison.student)
    assert model is not None  # or `methods.METHODS` had refused it
    teacher, assistant = setting.teachers[0], setting.students(model)
    first = offline_stage(setting, Offline, {"teacher": teacher})
    trainings = setting.trainings(model)
    yield replace(first, name="assistant", cohorts=[assistant], trainings=trainings, stages=2)
    trained = assistant.frozen()
    second = offline_stage(setting, Offline, {"assistant": trained})
    yield replace(second, fixed={"teacher": teacher, "assistant": trained}, number=2, stages=2)
