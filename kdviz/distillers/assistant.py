"""A teacher assistant: a network of middle size between a large teacher and a small student.

Mirzadeh et al. 2020, section 3: distilled from the teacher, it then teaches the student.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kdviz.distillers.offline import Offline, distilled
from kdviz.distillers.stage import Given, Stage
from kdviz.recipes.catalogue import assistant


def stages(given: Given) -> Iterator[Stage]:
    """Teacher to assistant, assistant to student."""
    conditions = given.conditions
    model = assistant(conditions.teacher, conditions.student)
    assert model is not None  # or `methods.METHODS` had refused it
    method = Offline(conditions.temperature, conditions.alpha)
    middle = given.students(model)
    first = distilled(given, method, {"teacher": given.teachers[0]})
    yield replace(
        first,
        name="assistant",
        cohorts=[middle],
        trainings=given.trainings(model),
        arrows=[("teacher", "assistant")],
        stages=2,
    )
    learnt = middle.frozen()
    second = distilled(given, method, {"assistant": learnt})
    yield replace(second, fixed={"teacher": given.teachers[0], "assistant": learnt}, number=2, stages=2)
