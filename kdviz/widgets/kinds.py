"""Where each of the four kinds of run is shown."""

from collections.abc import Mapping
from dataclasses import dataclass

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
    always_goes_on: bool = False  # a run that is over has a button that goes on even if no part of it is finished


HOMES: Mapping[type[AnyRecipe], Home] = {
    Recipe: Home("Watch it train", "pages/watch_it_train.py"),
    Comparison: Home("Three ways to teach", "pages/three_ways.py"),
    Sweep: Home("Explorer", "pages/explorer.py", always_goes_on=True),
    Study: Home("When does it help?", "pages/when_it_helps.py"),
}


def home(recipe: AnyRecipe) -> Home:
    """The page that shows this run: of a lesson's study, that lesson's."""
    own = next((lesson for lesson in course.lessons() if lesson.slug == recipe.lesson), None)
    return HOMES[type(recipe)] if own is None else Home(own.title, own.page)


def link_to(run: Run) -> dict[str, str]:
    """What the link to a run's page says besides the page; the page with all studies is told which one."""
    if isinstance(run.recipe, Study) and home(run.recipe).path == HOMES[Study].path:
        return {"study": run.recipe.study, "run": run.id}
    return {"run": run.id}
