"""The kinds of study there are: what each is asked for with, says on its way, and ends with. Torch-free."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Discriminator, Tag, TypeAdapter

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.base import Learnt, Watched
from kdviz.records.comparison import Compared, Finished, Inside, Moment
from kdviz.records.single import Progress, Result
from kdviz.records.study import FinishedArm, Studied, StudyProgress
from kdviz.records.sweep import FinishedStack, Grown, Swept

Event = Watched | Progress | Moment | Finished | Inside | Grown | FinishedStack | StudyProgress | FinishedArm
Said = Event | Learnt  # what a study says on its way: events, and students to be kept
Part = Finished | FinishedStack | FinishedArm  # what a lost worker does not take along
AnyRecipe = Recipe | Comparison | Sweep | Study
Ending = Result | Compared | Swept | Studied


def study_of(document: Any) -> str:
    """What kind of recipe this is, or the recipe in an ending: "" for a single run, "lesson" for a lesson's study."""
    if isinstance(document, dict):
        recipe = document.get("recipe", document)
        name = str(recipe.get("study", "")) if isinstance(recipe, dict) else ""
    else:
        name = str(getattr(getattr(document, "recipe", document), "study", ""))
    return name if name in ("", "compare", "sweep") else "lesson"


# What a recipe or an ending in JSON is read with: only the kinds that it names are looked at.
RECIPES: TypeAdapter[AnyRecipe] = TypeAdapter(
    Annotated[
        Annotated[Recipe, Tag("")]
        | Annotated[Comparison, Tag("compare")]
        | Annotated[Sweep, Tag("sweep")]
        | Annotated[Study, Tag("lesson")],
        Discriminator(study_of),
    ]
)
ENDINGS: TypeAdapter[Ending] = TypeAdapter(
    Annotated[
        Annotated[Result, Tag("")]
        | Annotated[Compared, Tag("compare")]
        | Annotated[Swept, Tag("sweep")]
        | Annotated[Studied, Tag("lesson")],
        Discriminator(study_of),
    ]
)
PARTS: TypeAdapter[Part] = TypeAdapter(Part)


def newest(finished: Iterable[Part]) -> list[Part]:
    """Each part once: of what was said several times, what was said last."""
    return list({part(one): one for one in finished}.values())


def part(finished: Part) -> str:
    """Which part of a comparison, a sweep or a lesson's study is done."""
    if isinstance(finished, FinishedStack):
        return finished.stack.id
    if isinstance(finished, FinishedArm):
        return finished.arm
    return f"{finished.method} {','.join(str(trial.seed) for trial in finished.trials)}"
