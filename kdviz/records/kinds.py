"""The kinds of runs: the one table of what each is asked for with, reports on its way, and ends with. Torch-free.

A further kind is a line in `KINDS` and in each union above it, and a stored name for each of its events.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple, Union

from pydantic import Discriminator, Tag, TypeAdapter

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.base import FinishedPart, TrainedStudent, Watched
from kdviz.records.comparison import ComparisonResult, FinishedMethod, Inside, Moment
from kdviz.records.single import Progress, Result
from kdviz.records.study import FinishedArm, StudyProgress, StudyResult
from kdviz.records.sweep import FinishedStack, StackProgress, SweepResult

AnyRecipe = Recipe | Comparison | Sweep | Study
Ending = Result | ComparisonResult | SweepResult | StudyResult
Event = (
    Watched | Progress | Moment | FinishedMethod | Inside | StackProgress | FinishedStack | StudyProgress | FinishedArm
)
Part = FinishedMethod | FinishedStack | FinishedArm
Output = Event | TrainedStudent  # what a training yields on its way: events, and students to be kept


class RunRecords(NamedTuple):
    """A kind of run, of which a recipe's field `study` tells the name: the field is missing, a name, or any other."""

    recipe: type[AnyRecipe]
    ending: type[Ending]
    events: tuple[type[Event], ...]
    part: type[Part] | None = None  # what is kept as soon as it is finished, and not trained again


KINDS: Mapping[str, RunRecords] = {
    "": RunRecords(Recipe, Result, (Watched, Progress)),
    "compare": RunRecords(Comparison, ComparisonResult, (Watched, Moment, FinishedMethod, Inside), FinishedMethod),
    "sweep": RunRecords(Sweep, SweepResult, (Moment, StackProgress, FinishedStack, Progress), FinishedStack),
    "lesson": RunRecords(Study, StudyResult, (StudyProgress, FinishedArm), FinishedArm),
}

# The names under which stores and bundles keep events: they stay, whatever the classes are called.
STORED_NAMES: Mapping[type[Event], str] = {
    Watched: "watched",
    Progress: "progress",
    Moment: "moment",
    FinishedMethod: "finished",
    Inside: "inside",
    StackProgress: "grown",
    FinishedStack: "finishedstack",
    StudyProgress: "studyprogress",
    FinishedArm: "finishedarm",
}
EVENT_TYPES: Mapping[str, type[Event]] = {name: event for event, name in STORED_NAMES.items()}
PART_NAMES: frozenset[str] = frozenset(name for name, event in EVENT_TYPES.items() if issubclass(event, FinishedPart))


def kind_name(document: Any) -> str:
    """The name in `KINDS` of a recipe or an ending, as a record or as JSON."""
    if isinstance(document, dict):
        recipe = document.get("recipe", document)
        name = str(recipe.get("study", "")) if isinstance(recipe, dict) else ""
    else:
        name = str(getattr(getattr(document, "recipe", document), "study", ""))
    return name if name in KINDS else "lesson"


def kind_of(recipe: AnyRecipe) -> RunRecords:
    """What a recipe's kind of run reports and ends with."""
    return KINDS[kind_name(recipe)]


def _one_of(types: Mapping[str, type]) -> Any:
    """The union of types of which only the one that a document names is tried."""
    tagged = tuple(Annotated[one, Tag(name)] for name, one in types.items())
    return Annotated[Union[tagged], Discriminator(kind_name)]  # noqa: UP007


# What a recipe, an ending or a part in JSON is read with.
RECIPES: TypeAdapter[AnyRecipe] = TypeAdapter(_one_of({name: kind.recipe for name, kind in KINDS.items()}))
ENDINGS: TypeAdapter[Ending] = TypeAdapter(_one_of({name: kind.ending for name, kind in KINDS.items()}))
PARTS: TypeAdapter[Part] = TypeAdapter(Part)


def newest(finished: Iterable[Part]) -> list[Part]:
    """Each part once: of those with one key, the last."""
    return list({part.key: part for part in finished}.values())
