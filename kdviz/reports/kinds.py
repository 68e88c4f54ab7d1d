"""What is written of a run, whatever its kind: one module of this package for each kind of recipe."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.kinds import AnyRecipe, Part
from kdviz.reports import comparison, single, study, sweep


class KindReport(Protocol):
    """What the module of each kind has; its functions take the recipes, parts and endings of that kind."""

    PARTS: str  # what a run that was stopped goes on with: "methods", "students", "arms"

    def title(self, recipe: Any, /) -> str:
        """The recipe in a line."""

    def columns(self, recipe: Any, /) -> list[str]:
        """Student, T, alpha, and what else tells the run from others in a list."""

    def text(self, ending: Any, /) -> str:
        """The result as a table and sentences."""

    def document(self, ending: Any, /) -> dict[str, Any]:
        """The result for scripts, ready for JSON."""

    def accuracy(self, ending: Any, /) -> str:
        """Test accuracy in percent; empty where the run has one for each of its methods or arms."""

    def finished_parts(self, finished: Any, /) -> str:
        """The finished parts by name or number; empty where there are none."""

    def text_so_far(self, recipe: Any, finished: Any, /) -> str:
        """The results of the parts that are finished; empty where there is nothing to say."""


REPORTS: Mapping[type[AnyRecipe], KindReport] = {Recipe: single, Comparison: comparison, Sweep: sweep, Study: study}


def report_of(recipe: AnyRecipe) -> KindReport:
    """The functions that write about this recipe, its finished parts and its result."""
    return REPORTS[type(recipe)]


def stopped(recipe: AnyRecipe, finished: Sequence[Part]) -> str:
    """What is kept of a run that Ctrl-C stopped."""
    if not finished:
        return "stopped; the run's progress is kept, its result is not."
    report = report_of(recipe)
    kept = f"finished {report.PARTS} are kept ({report.finished_parts(finished)})"
    return f"stopped; {kept}: the same command goes on with the rest."
