"""The figures of a result as the list of runs and a run's card show them, whatever the kind of run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from kdviz.recipes.base import OneSetting
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.sweep import Sweep
from kdviz.records.base import Mean, Scores
from kdviz.reports.phrases import count, percent
from kdviz.reports.text import ranges
from kdviz.widgets.lesson import sentence
from kdviz.widgets.live_panel import LivePanel

_LISTS = {
    "temperatures": "temperature",
    "alphas": "alpha",
    "learning_rates": "learning_rate",
    "students": "student",
    "label_counts": "labels",
    "seeds": "seed",
}
_FORMATS = {"test_errors": ",", "nll": ".4f", "ece": ".4f", "fidelity_kl": ".4f", "seconds": ".1f"}  # not of shares


@dataclass(frozen=True)
class MainFigures:
    """The student that a result is about and the one without a teacher: their shares right on the test images."""

    who: str  # "distilled", the best way of a comparison, the choice of a sweep
    accuracy: float  # mean over the seeds; no number where a training diverged
    plain: float


def shown_classes(recipe: OneSetting) -> str:
    """A sentence, after a space, on the classes that the students saw; nothing where they saw all."""
    if not recipe.transfer_classes:
        return ""
    return " " + sentence("runs", "shown-classes", classes=ranges(recipe.transfer_classes))


def written(figures: Mapping[str, float | None], names: Iterable[str], digits: int = 2) -> list[str]:
    """Figures of a network or means as tables have them, shares in per cent; "" for what was not measured."""

    def text(name: str, value: float) -> str:
        return format(value, _FORMATS[name]) if name in _FORMATS else percent(value, digits)

    return ["" if (value := figures[name]) is None else text(name, value) for name in names]


def footing(seeds: Sequence[int]) -> str:
    """What intervals over these seeds are."""
    key = "intervals-of-one-seed" if len(seeds) == 1 else "intervals-of-seeds"
    return sentence("runs", key, seeds=count(len(seeds), "seed"))


def _footing(result: Any) -> str:
    return footing(result.recipe.seeds)


@dataclass(frozen=True)
class Card:
    """A kind of run in the list of runs and on a run's card, by functions of its recipes or its results."""

    panel: LivePanel[Any, Any]  # as its page shows it
    settings: Callable[[Any], dict[str, Any]]  # every setting that plays a part in a recipe, by its name
    main_figures: Callable[[Any], MainFigures | None]  # what a list shows of a result; None where there is nothing
    table: Callable[[Any], None]  # draws the figures of a result's students or arms
    verdict: Callable[[Any], str]  # what these allow to say, in a sentence or two
    footing: Callable[[Any], str] = _footing  # of their intervals


def of_scores(who: str, scores: Scores) -> dict[str, Any]:
    """One network's row; accuracies in per cent."""
    low, high = scores.test_accuracy_interval
    accuracy = Mean(mean=scores.test_accuracy, low=low, high=high)
    agreement = None if scores.agreement is None else 100 * scores.agreement
    return {**of_mean(who, accuracy), "nll": scores.nll, "ece": scores.ece, "agreement": agreement}


def of_mean(who: str, accuracy: Mean) -> dict[str, Any]:
    """The row of several seeds; accuracies in per cent."""
    return {
        "who": who,
        "right": 100 * accuracy.mean,
        "low": None if accuracy.low is None else 100 * accuracy.low,
        "high": None if accuracy.high is None else 100 * accuracy.high,
    }


def table(rows: Iterable[dict[str, Any]]) -> None:
    """A row for each student; columns that none of them has are left out."""
    frame = pd.DataFrame(rows, columns=["who", "right", "low", "high", "nll", "ece", "agreement"])
    number = st.column_config.NumberColumn
    st.dataframe(
        frame.dropna(axis="columns", how="all").rename(columns={"who": ""}),
        hide_index=True,
        key="figures_of_run",
        alt="Figures on the test images",
        column_config={
            "right": number("Right", format="%.2f %%"),
            "low": number("from", format="%.2f %%", help="95 % interval"),
            "high": number("to", format="%.2f %%", help="95 % interval"),
            "nll": number("NLL", format="%.4f"),
            "ece": number("ECE", format="%.4f"),
            "agreement": number("Agreement", format="%.2f %%"),
        },
    )


def settings_of_many(recipe: Comparison | Sweep) -> dict[str, Any]:
    """The settings of a recipe with lists, each under the name that other recipes have for one value of it.

    An empty list leaves that place to the value.
    """
    values = recipe.model_dump()
    for listed, alone in _LISTS.items():
        if several := values.pop(listed, ()):
            values[alone] = several
    return {**values, "teacher_epochs": recipe.epochs_of_teacher}
