"""What is exported of a run, and what an imported one must be: one module of this package for each kind of recipe."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from kdviz.exports import comparison, single, study, sweep
from kdviz.exports.checks import is_watchable
from kdviz.exports.documents import refuse
from kdviz.exports.subject import Subject
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.base import Watched
from kdviz.records.kinds import AnyRecipe, Ending, Event, kind_of


class Export(Protocol):
    """What the module of each kind has; its functions take the recipes, results and events of that kind."""

    def printed(self, recipe: Any, /) -> str:
        """What the script that repeats the run prints."""

    def rows(self, result: Any, /) -> Iterator[dict[str, Any]]:
        """The result as rows of a table."""

    def subject(self, result: Any, student: str, /) -> Subject | None:
        """The run's student of that name; None where it has none."""

    def students(self, recipe: Any, /) -> dict[str, set[str]]:
        """The architectures of the students that such a run may keep, by the students' names."""

    def result_fits(self, result: Any, /) -> bool:
        """Whether the recipe can have this result."""

    def event_fits(self, recipe: Any, event: Event, /) -> bool:
        """Whether the run can report this."""


EXPORTS: Mapping[type[AnyRecipe], Export] = {Recipe: single, Comparison: comparison, Sweep: sweep, Study: study}


def check_result(recipe: AnyRecipe, result: Ending) -> None:
    """Raise BundleError unless this is a result that the recipe can have."""
    same = result.recipe.id == recipe.id == result.run_id and type(result.recipe) is type(recipe)
    trained = result.threads > 0 and not result.seconds < 0
    if not (same and trained and EXPORTS[type(recipe)].result_fits(result)):
        raise refuse("The bundle's result is not that of its recipe")


def check_events(recipe: AnyRecipe, events: Iterable[Event]) -> None:
    """Raise BundleError unless a run of the recipe can report this."""
    possible, fits = kind_of(recipe).events, EXPORTS[type(recipe)].event_fits
    for event in events:
        sensible = is_watchable(event) if isinstance(event, Watched) else fits(recipe, event)
        if not isinstance(event, possible) or not sensible:
            raise refuse("The bundle's progress is not that of its recipe")
