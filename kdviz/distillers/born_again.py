"""Born again: a network teaches the next one of its own architecture (Furlanello et al. 2018, section 3).

Every generation has first weights of its own, and, with all labels, batches of its own; the last one has the student's,
as in every other way of teaching. The mean answer of all generations, the paper's "born-again ensemble", is looked at
as well.
"""

from collections.abc import Iterator
from dataclasses import replace

from kdviz.distillers.offline import Offline, offline_stage
from kdviz.distillers.plain import Plain
from kdviz.distillers.stage import Setting, Stage
from kdviz.engine.models import Cohort
from kdviz.recipes.methods import GENERATIONS


def stages(setting: Setting) -> Iterator[Stage]:
    """From the labels, then twice from the generation before."""
    trained: list[Cohort] = []
    for generation in range(GENERATIONS + 1):
        last = generation == GENERATIONS
        name, relative = ("student", 0) if last else (f"generation {generation}", GENERATIONS - generation)
        learner, trainings = setting.students(relative=relative), setting.trainings(relative=relative)
        if trained:
            stage = offline_stage(setting, Offline, {f"generation {generation - 1}": trained[-1]})
            stage = replace(stage, name=name, cohorts=[learner], trainings=trainings)
        else:
            stage = Stage(name, [learner], Plain(), trainings)
        together = [*trained, learner] if last else []
        yield replace(stage, number=generation + 1, stages=GENERATIONS + 1, together=together)
        trained.append(learner.frozen())
