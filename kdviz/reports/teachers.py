"""Whether who taught is worse than the student would be without it: then it has little to teach."""

from dataclasses import dataclass
from statistics import fmean, stdev

from kdviz.recipes.methods import METHODS, PLAIN
from kdviz.records.comparison import ComparisonResult
from kdviz.records.intervals import half_width, same_share_p_value
from kdviz.records.single import Result

SHOWN = 0.05  # what chance does less often than this is shown


@dataclass(frozen=True)
class WorseTeacher:
    """Both shares of right answers."""

    teacher: float
    plain: float

    @property
    def in_words(self) -> str:
        """What follows "the teacher is", with the full stop."""
        return (
            f"worse than the student without it ({self.teacher:.2%} right against {self.plain:.2%}): little to learn."
        )


def worse_of(result: Result) -> WorseTeacher | None:
    """The teacher of a single run, where it makes more errors than the plain student, beyond the chance of the images.

    The test takes the images as drawn for each, though both have the same: it errs towards saying nothing.
    """
    teacher, plain = result.teacher, result.plain
    if teacher.test_errors <= plain.test_errors:
        return None
    chance = same_share_p_value(teacher.test_errors, plain.test_errors, plain.test_images)
    return WorseTeacher(teacher.test_accuracy, plain.test_accuracy) if chance < SHOWN else None


def worse_in(compared: ComparisonResult) -> WorseTeacher | None:
    """The teachers of a comparison, where seed by seed they are worse than the plain students (Student's t, 95 %).

    Of one seed as for a single run. Nothing where no way that asks a teacher was compared.
    """
    asked = any(METHODS[name].asks_teacher for name in compared.recipe.methods)
    plain = {trial.seed: trial for trial in compared.trials if trial.method == PLAIN}
    pairs = [(trial, plain[trial.seed]) for trial in compared.teachers if trial.seed in plain]
    if not asked or not pairs:
        return None
    gaps = [student.test_accuracy - teacher.test_accuracy for teacher, student in pairs]
    if len(pairs) == 1:
        ((teacher, student),) = pairs
        shown = same_share_p_value(teacher.test_errors, student.test_errors, student.test_images) < SHOWN
    else:
        shown = fmean(gaps) > half_width(stdev(gaps), len(gaps) - 1, 1 / len(gaps))
    means = WorseTeacher(*(fmean(each[place].test_accuracy for each in pairs) for place in (0, 1)))
    return means if shown and fmean(gaps) > 0 else None
