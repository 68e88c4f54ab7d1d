"""What is exported of a comparison, and what an imported one must be."""

from collections.abc import Iterator
from typing import Any

from kdviz.exports.checks import are_tested, is_step
from kdviz.exports.subject import Subject, with_interval
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import CONTROL, METHODS
from kdviz.records.comparison import ComparisonResult, FinishedMethod, Inside, Moment
from kdviz.records.kinds import Event


def printed(recipe: Comparison) -> str:
    """What the script that repeats the run prints."""
    return "each method's mean test accuracy"


def rows(result: ComparisonResult) -> Iterator[dict[str, Any]]:
    """A row for each method and seed, the controls and the teachers; expenses have columns of their own."""
    for role, trials in (("student", result.trials), ("control", result.controls), ("teacher", result.teachers)):
        for trial in trials:
            row = trial.model_dump(exclude={"reliability", "others"})
            expense, teacher = row.pop("expense"), row.pop("teacher") or {}
            of_teacher = {f"teacher_{name}": value for name, value in teacher.items()}
            yield {"role": role, **with_interval({**row, **expense, **of_teacher})}


def subject(result: ComparisonResult, student: str) -> Subject | None:
    """The first seed's student of that name, which is its method's."""
    recipe = result.recipe
    seed = recipe.seeds[0]
    trials = [trial for trial in (*result.trials, *result.controls) if (trial.method, trial.seed) == (student, seed)]
    if not trials:
        return None
    known = student in METHODS
    return Subject(
        taught=f"taught by the method “{METHODS[student].title if known else CONTROL}”",
        temperature=recipe.temperature_of(student) if known else recipe.temperature,
        alpha=recipe.alpha_of(student) if known else recipe.alpha,
        recipe=recipe,
        seed=seed,
        scores=trials[0],
        result=result,
    )


def students(recipe: Comparison) -> dict[str, set[str]]:
    """The architectures of the students that such a run may keep, by the students' names."""
    return {method: {recipe.student} for method in (*recipe.methods, CONTROL)}


def result_fits(result: ComparisonResult) -> bool:
    """Whether the recipe can have this result."""
    recipe = result.recipe
    expected = {(method, seed) for method in recipe.methods for seed in recipe.seeds}
    return (
        {(trial.method, trial.seed) for trial in result.trials} == expected
        and {summary.method for summary in result.summaries} == set(recipe.methods)
        and all(map(are_tested, (*result.trials, *result.controls, *result.teachers)))
    )


def event_fits(recipe: object, event: Event) -> bool:
    """Whether the run can report this of one of its methods."""
    if isinstance(event, Moment):
        fits = is_step(event) and len(event.loss_kd) == len(event.loss_ce) > 0
    elif isinstance(event, Inside):
        fits = 0 <= event.step <= event.steps
    elif isinstance(event, FinishedMethod):
        tried = all(trial.method == event.method and are_tested(trial) for trial in event.trials)
        reports: tuple[Moment | Inside, ...] = (*event.moments, *event.looks)
        fits = tried and all(event_fits(recipe, report) for report in reports)
    else:
        return False
    return fits and event.method in (*METHODS, CONTROL, "teacher")
