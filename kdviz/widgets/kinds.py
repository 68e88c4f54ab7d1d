"""What the pages say of the four kinds of run, and where each is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.kinds import AnyRecipe
from kdviz.store.run import Run
from kdviz.texts import course


@dataclass(frozen=True)
class Home:
    """The page that shows a run."""

    title: str
    path: str


@dataclass(frozen=True)
class RunKind:
    """What the pages say of a kind of run."""

    name: str
    home: Home
    always_goes_on: bool = False  # one that is over has a button that goes on even if no part of it is finished
    lesson_of: Callable[[Any], str] = lambda _: ""  # slug of the lesson that shows a recipe, where not its kind's home
    figures_only: bool = False  # no students are kept, and there are no curves to lay over others


RUN_KINDS: Mapping[type[AnyRecipe], RunKind] = MappingProxyType(
    {
        Recipe: RunKind("single run", Home("Watch it train", "pages/watch_it_train.py")),
        Comparison: RunKind("comparison", Home("Three ways to teach", "pages/three_ways.py")),
        Sweep: RunKind("sweep", Home("Explorer", "pages/explorer.py"), always_goes_on=True),
        Study: RunKind(
            "study",
            Home("When does it help?", "pages/when_it_helps.py"),
            lesson_of=lambda study: study.facts.lesson,
            figures_only=True,
        ),
    }
)


def run_kind(recipe: AnyRecipe) -> RunKind:
    """The kind of run that a recipe asks for."""
    return RUN_KINDS[type(recipe)]


def home(recipe: AnyRecipe) -> Home:
    """The page that shows this run: of a lesson's study, that lesson's."""
    kind = run_kind(recipe)
    own = next((lesson for lesson in course.lessons() if lesson.slug == kind.lesson_of(recipe)), None)
    return kind.home if own is None else Home(own.title, own.page)


def link_to(run: Run) -> dict[str, str]:
    """What the link to a run's page says besides the page; the page with all studies is told which one."""
    if isinstance(run.recipe, Study) and home(run.recipe) == run_kind(run.recipe).home:
        return {"study": run.recipe.study, "run": run.id}
    return {"run": run.id}
