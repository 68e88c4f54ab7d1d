"""A lesson's study in the list of runs and on its card.

It has no main figures: the arms answer a question together, and the best of them is no answer.
"""

from typing import Any

from kdviz.recipes.study import Study
from kdviz.records.study import StudyResult
from kdviz.widgets.run_figures import Card
from kdviz.widgets.study import result, words
from kdviz.widgets.study.live import PANEL


def settings(study: Study) -> dict[str, Any]:
    """Every setting, by its name."""
    arms = tuple(arm.name for arm in study.chosen) if study.arms else "all"
    return {"name": study.facts.title, "data": study.data, "seed": study.seeds, "quick": study.quick, "arms": arms}


def verdict(studied: StudyResult) -> str:
    """The verdicts on the main measure in a sentence."""
    return words.summary(studied, studied.recipe.facts.measures[0]) or "None of these arms is judged against another."


CARD = Card(
    PANEL,
    settings,
    lambda _: None,
    lambda studied: result.table(studied, "figures_of_run"),
    verdict,
    footing=lambda studied: words.footing(studied, studied.recipe.facts.measures[0]),
)
