"""A comparison in the list of runs and on its card."""

import math

from kdviz.recipes.methods import PLAIN, short_title
from kdviz.records.comparison import ComparisonResult
from kdviz.reports.phrases import listed
from kdviz.widgets import run_figures as figures
from kdviz.widgets.comparison.live import PANEL
from kdviz.widgets.run_figures import Card, MainFigures, settings_of_many


def main_figures(compared: ComparisonResult) -> MainFigures:
    """The way of teaching with the best mean accuracy."""
    means = {summary.method: summary.means["test_accuracy"].mean for summary in compared.summaries}
    taught = {name: mean for name, mean in means.items() if name != PLAIN and math.isfinite(mean)}
    best = max(taught, key=taught.__getitem__, default=PLAIN)
    plain = means.get(PLAIN, math.nan)
    return MainFigures(short_title(best), taught.get(best, plain), plain)


def table(compared: ComparisonResult) -> None:
    """A row for each way of teaching."""
    figures.table(
        {
            **figures.of_mean(short_title(summary.method), summary.means["test_accuracy"]),
            "nll": summary.means["nll"].mean,
            "ece": summary.means["ece"].mean,
            "agreement": 100 * summary.means["agreement"].mean,
        }
        for summary in compared.summaries
    )


def verdict(compared: ComparisonResult) -> str:
    """How the accuracies of all ways are judged, in a sentence."""
    ways: dict[str, list[str]] = {}
    for summary in compared.summaries:
        against_plain = summary.verdicts.get("test_accuracy")
        if against_plain is not None and summary.method != PLAIN:
            ways.setdefault(against_plain.word, []).append(short_title(summary.method))
    if not ways:
        return "Only the student without a teacher was trained."
    return f"Accuracy against labels only: {'; '.join(f'{word}: {listed(names)}' for word, names in ways.items())}."


CARD = Card(PANEL, settings_of_many, main_figures, table, verdict)
