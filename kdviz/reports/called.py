"""What a run is called on its page: by what it was made of, not by the button that it began with."""

from kdviz.recipes.base import Conditions, OneSetting
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.kinds import AnyRecipe
from kdviz.reports.phrases import counted, listed


def called(recipe: AnyRecipe) -> str:
    """A few words that tell a run from others of its kind: "100 labels, T = 5, α = 0.9".

    What is as usual for its data set is left out, but for labels, T and α, which every lesson is about. A study has its
    title.
    """
    if isinstance(recipe, Study):
        return recipe.facts.title
    words = [labels(recipe.labels)]
    if isinstance(recipe, Sweep) and len(recipe.label_counts) > 1:
        words = [f"{listed([f'{number:,}' for number in recipe.label_counts])} labels"]
    elif isinstance(recipe, Sweep) and recipe.label_counts:
        words = [labels(*recipe.label_counts)]
    if isinstance(recipe, OneSetting):
        words += [f"T = {recipe.temperature:g}", f"α = {recipe.alpha:g}"]
    return ", ".join([*words, *_unusual(recipe)])


def labels(number: int | None) -> str:
    """How many of the training images have a label that students may use."""
    return "all labels" if number is None else counted(number, "label")


def _unusual(recipe: Conditions) -> list[str]:
    usual, students = recipe.usual, recipe.students if isinstance(recipe, Sweep) else ()
    words = [f"students {listed(students)}"] if students else []
    roles = ("teacher",) if students else ("student", "teacher")
    words += [f"{role} {getattr(recipe, role)}" for role in roles if _differs(recipe, usual, role)]
    if _differs(recipe, usual, "epochs"):
        words.append(counted(recipe.epochs, "epoch"))
    return words


def _differs(recipe: Conditions, usual: Conditions, name: str) -> bool:
    return bool(getattr(recipe, name) != getattr(usual, name))
