"""Born again: a network teaches the next one of its own architecture (Furlanello et al. 2018, section 3).

Every generation has first weights of its own, and, with all labels, batches of its own; the last one has the student's,
as in every other way of teaching. The mean answer of all generations, the paper's "born-again ensemble", is looked at
as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kdviz.distillers.offline import Offline, distilled
from kdviz.distillers.plain import Plain
from kdviz.distillers.stage import Given, Stage
from kdviz.engine.models import Cohort
from kdviz.recipes.methods import GENERATIONS


def stages(given: Given) -> Iterator[Stage]:
    """From the labels, then twice from the generation before."""
    method = Offline(given.conditions.temperature, given.conditions.alpha)
    family: list[Cohort] = []
    for generation in range(GENERATIONS + 1):
        last = generation == GENERATIONS
        name, kin = ("student", 0) if last else (f"generation {generation}", GENERATIONS - generation)
        learner, trainings = given.students(kin=kin), given.trainings(kin=kin)
        if family:
            parent = f"generation {generation - 1}"
            stage = distilled(given, method, {parent: family[-1]})
            stage = replace(stage, name=name, cohorts=[learner], trainings=trainings, arrows=[(parent, name)])
        else:
            stage = Stage(name, [learner], Plain(), trainings)
        together = [*family, learner] if last else []
        yield replace(stage, number=generation + 1, stages=GENERATIONS + 1, together=together)
        family.append(learner.frozen())
