"""Who teaches best, as far as a comparison shows it: what a class is told when it has voted."""

import math

from kdviz.recipes.methods import METHODS, Family, short_title
from kdviz.records.comparison import ComparisonResult, Summary
from kdviz.reports.phrases import count, listed
from kdviz.widgets.comparison.words import difference, say

FAMILIES: tuple[Family, ...] = ("offline", "online", "self")


def best_teacher(compared: ComparisonResult) -> dict[str, str]:
    """The family whose student is shown to be right most often, "none" where none is, and a sentence.

    It must be shown to be better than labels only, and its whole interval must lie above those of the other families.
    """
    judged = [
        summary
        for summary in compared.summaries
        if METHODS[summary.method].family in FAMILIES
        and summary.verdicts
        and math.isfinite(summary.verdicts["test_accuracy"].difference)
    ]
    seeds = count(len(compared.recipe.seeds), "seed")
    if len(compared.recipe.seeds) == 1:
        return {"key": "none", "says": say("best-one-seed")}
    better = [summary for summary in judged if summary.verdicts["test_accuracy"].word == "better"]
    if not better:
        return {"key": "none", "says": say("best-none", seeds=seeds)}
    best = max(better, key=lambda summary: summary.verdicts["test_accuracy"].difference)
    family = METHODS[best.method].family
    rivals = [summary for summary in judged if METHODS[summary.method].family != family and _reaches(summary, best)]
    if rivals:
        titles = listed([short_title(summary.method) for summary in (best, *rivals)])
        return {"key": "none", "says": say("best-unclear", ways=titles, seeds=seeds)}
    by = difference("test_accuracy", best.verdicts["test_accuracy"])
    return {"key": family, "says": say("best", way=short_title(best.method), by=by, seeds=seeds)}


def _reaches(rival: Summary, best: Summary) -> bool:
    """Whether the intervals of two differences against labels only have a point in common."""
    high, low = rival.verdicts["test_accuracy"].high, best.verdicts["test_accuracy"].low
    return high is None or low is None or high >= low
