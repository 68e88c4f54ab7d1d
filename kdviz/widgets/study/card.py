"""A lesson's study in the list of runs and on its card."""

from typing import Any

from kdviz.recipes.study import Study
from kdviz.records.study import StudyResult
from kdviz.widgets.run_figures import MainFigures
from kdviz.widgets.study import result, words


def usual(study: Study) -> Study:
    """The study with its own seeds and all arms."""
    return Study.of(study.study, study.data)


def settings(study: Study) -> dict[str, Any]:
    """Every setting, by its name."""
    arms = tuple(arm.name for arm in study.chosen) if study.arms else "all"
    return {"name": study.facts.title, "data": study.data, "seed": study.seeds, "quick": study.quick, "arms": arms}


def main_figures(_studied: StudyResult) -> MainFigures | None:
    """None: the arms answer a question together, and the best of them is no answer."""
    return None


def table(studied: StudyResult) -> None:
    """A row for each arm."""
    result.table(studied, "figures_of_run")


def footing(studied: StudyResult) -> str:
    """On what the intervals and verdicts rest."""
    return words.footing(studied, studied.recipe.facts.measures[0])


def verdict(studied: StudyResult) -> str:
    """The verdicts on the main measure in a sentence."""
    return words.summary(studied, studied.recipe.facts.measures[0]) or "None of these arms is judged against another."
