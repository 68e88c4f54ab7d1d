"""How much one visitor may ask for. The presenter, and whoever has the machine, may ask for anything."""

from dataclasses import dataclass
from functools import singledispatch

from kdviz import settings
from kdviz.errors import PlainError
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.kinds import AnyRecipe
from kdviz.reports.phrases import counted


class LimitError(PlainError):
    """More was asked for than a visitor may; the message says in one sentence what, and what is allowed."""


@dataclass(frozen=True)
class Limits:
    """What a visitor may have, each at a time or in a run."""

    waiting: int = 5  # runs in the queue that have not begun
    students: int = 500  # trained in one run
    epochs: int = 10_000  # of all students of a run together
    kept: int = 100  # runs in the store

    @classmethod
    def of_settings(cls) -> "Limits":
        """Those of KDVIZ_MOST_WAITING, …_STUDENTS, …_EPOCHS and …_KEPT. Raises LimitError where one is no number."""
        given = {name: settings.limit(name) for name in cls.__dataclass_fields__}
        for name, text in given.items():
            if text and not (text.isascii() and text.isdecimal() and 0 < len(text) < 10):
                raise LimitError(f"{settings.limit_name(name)} is {text}; it takes a whole number.")
        return cls(**{name: int(text) for name, text in given.items() if text})

    def check(self, recipe: AnyRecipe, waiting: int, kept: int) -> None:
        """Raise LimitError where a visitor with so many runs waiting and kept may not have this one as well."""
        if waiting >= self.waiting:
            raise LimitError(
                f"You have {counted(waiting, 'run')} waiting; a visitor may have {self.waiting} waiting here. "
                "Cancel one, or wait until one has begun."
            )
        self.check_kept(kept)
        students, epochs = students_of(recipe), epochs_of(recipe)
        if students > self.students:
            raise LimitError(
                f"This would train {students:,} students; a visitor’s run may train up to {self.students:,} here."
            )
        if epochs > self.epochs:
            raise LimitError(
                f"This would train for {epochs:,} epochs, its students’ together; a visitor’s run may take up to "
                f"{self.epochs:,} here."
            )

    def check_kept(self, kept: int) -> None:
        """Raise LimitError where a visitor with so many runs kept may not have another, trained or imported."""
        if kept >= self.kept:
            raise LimitError(
                f"You have {counted(kept, 'run')} here; a visitor may keep {self.kept}. Delete some on the page “Runs”."
            )


@singledispatch
def students_of(recipe: AnyRecipe) -> int:
    """How many students a run trains; of a lesson's study, its arms with all seeds."""
    raise TypeError(type(recipe).__name__)


@students_of.register
def _(recipe: Recipe) -> int:
    return 2


@students_of.register
def _(recipe: Comparison) -> int:
    return len(recipe.methods) * len(recipe.seeds)


@students_of.register
def _(recipe: Sweep) -> int:
    return recipe.students_trained


@students_of.register
def _(recipe: Study) -> int:
    return len(recipe.chosen) * len(recipe.seeds)


def epochs_of(recipe: AnyRecipe) -> int:
    """For how many epochs the students of a run learn together; 0 for a lesson's study, which says them in its code."""
    return students_of(recipe) * (0 if isinstance(recipe, Study) else recipe.epochs)
