"""Teacher and student beside each other, to scale, with what each costs: facts of the catalogue and measured ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from kdviz.recipes.catalogue import ARCHITECTURES, CLASSES, IMAGE_SIDE, Architecture
from kdviz.recipes.study_facts.sizes import STUDENTS, TEACHERS, labels_arm, taught_arm
from kdviz.records.base import Mean
from kdviz.records.study import StudyResult
from kdviz.reports.phrases import milliseconds, percent, storage, three_figures
from kdviz.store.recorded import recorded
from kdviz.widgets.components import component
from kdviz.widgets.lesson import LessonPage

FEW = 100  # labels of the study on few of them
_STUDIED = "784-512-256-10", "784-128-10"  # teacher and student of that study

_sizes = component("sizes")


@dataclass(frozen=True)
class CostCell:
    """A value as it is shown; `share` is the length of its bar, None without one."""

    text: str
    share: float | None = None
    more: str = ""


@dataclass(frozen=True)
class CostRow:
    """What both cost in one respect, and how many times less the student's is; "" where that says nothing."""

    what: str
    teacher: CostCell
    student: CostCell
    ratio: str = ""


@dataclass(frozen=True)
class Pair:
    """A teacher and a student of the catalogue."""

    teacher: Architecture
    student: Architecture

    @classmethod
    def named(cls, teacher: str, student: str) -> Pair:
        """By their names."""
        return cls(ARCHITECTURES[teacher], ARCHITECTURES[student])

    def times_less(self, cost: Callable[[Architecture], float]) -> float:
        """How many times as much of something the teacher takes."""
        return cost(self.teacher) / cost(self.student)


def layers(network: Architecture) -> list[tuple[str, int, int, int]]:
    """("dense" or "conv", inputs, outputs, side of the square it works on) of each layer."""
    if not network.convolutional:
        return [("dense", a, b, 0) for a, b in zip(network.widths, network.widths[1:], strict=False)]
    drawn, channels, side = [], 1, IMAGE_SIDE
    for width in network.widths:
        drawn.append(("conv", channels, width, side))
        channels, side = width, side // 2
    return [*drawn, ("dense", channels * side * side, CLASSES, 0)]


def extent() -> dict[str, int]:
    """How wide and high the largest teacher is, in outputs and inputs: the scale of every pair."""
    drawn = [layers(ARCHITECTURES[name]) for name in TEACHERS]
    return {
        "wide": max(sum(outputs for _, _, outputs, _ in network) for network in drawn),
        "high": max(inputs for network in drawn for _, inputs, _, _ in network),
    }


def short(count: float) -> str:
    """A large number: "2.4 million", "102,000"."""
    return f"{count / 1e6:.1f}\u00a0million" if count >= 1e6 else three_figures(count)


def times(ratio: float) -> str:
    """How many times less: "24 ×"; nothing where the student takes more."""
    return f"{ratio:.2g}\u00a0×" if 1 <= ratio < 9.95 else f"{ratio:,.0f}\u00a0×" if ratio > 1 else ""


def cost_rows(here: LessonPage, pair: Pair, studied: StudyResult | None) -> list[CostRow]:
    """Size and work from the catalogue; times and errors as the study measured them."""
    networks = pair.teacher, pair.student
    rows = [
        _row(here.word("stored"), [Mean(mean=network.bytes, low=None, high=None) for network in networks], storage),
        _row(here.word("work"), [Mean(mean=network.multiply_adds, low=None, high=None) for network in networks], short),
    ]
    if studied is None:
        return rows
    seconds = [studied.mean(labels_arm(network.name), "one_image") for network in networks]
    if seconds[0] is not None and seconds[1] is not None:
        rows.append(_row(here.word("time"), [seconds[0], seconds[1]], milliseconds))
    return rows + _error_rows(here, pair, studied)


@dataclass(frozen=True)
class FewLabels:
    """Shares of wrong answers of the student with few labels, alone and with the teacher's answers for all images."""

    alone: Mean
    taught: Mean

    @classmethod
    def of(cls, pair: Pair, studied: StudyResult) -> FewLabels | None:
        """From the recorded study on few labels, where it is of the same data and of these networks."""
        few = recorded("few-labels")
        if few is None or few.recipe.data != studied.recipe.data or (pair.teacher.name, pair.student.name) != _STUDIED:
            return None
        alone, taught = (_errors(few, f"{way}-{FEW}") for way in ("labels", "all"))
        return None if alone is None or taught is None else cls(alone, taught)


def _error_rows(here: LessonPage, pair: Pair, studied: StudyResult) -> list[CostRow]:
    """Wrong answers: with few labels, where the teacher has most to give, then with all of them. One scale for all."""
    teacher, student = (_errors(studied, labels_arm(network.name)) for network in (pair.teacher, pair.student))
    taught = _errors(studied, taught_arm(pair.student.name, pair.teacher.name))
    if teacher is None or student is None:
        return []
    few = FewLabels.of(pair, studied)
    shown: list[tuple[str, Mean | None, Mean]] = []
    if few is not None:
        shown += [("errors-few", None, few.alone), ("errors-few-taught", None, few.taught)]
    shown.append(("errors", teacher, student))
    if taught is not None:
        shown.append(("errors-taught", None, taught))
    most = max(errors.mean for _, *both in shown for errors in both if errors is not None)
    return [
        CostRow(
            here.sentence(what, labels=FEW),
            CostCell("–") if of_teacher is None else _share(of_teacher, most),
            _share(of_student, most),
        )
        for what, of_teacher, of_student in shown
    ]


def _errors(studied: StudyResult, arm: str) -> Mean | None:
    """The share of wrong answers, from that of right ones."""
    right = studied.mean(arm, "test_accuracy")
    if right is None:
        return None
    low, high = (None if end is None else max(0.0, 1 - end) for end in (right.high, right.low))
    return Mean(mean=1 - right.mean, low=low, high=high)


def _row(what: str, costs: Sequence[Mean], write: Callable[[float], str]) -> CostRow:
    teacher, student = costs
    most = max(teacher.mean, student.mean)
    ratio = times(teacher.mean / student.mean)
    return CostRow(what, _cell(teacher, most, write, write), _cell(student, most, write, write), ratio)


def _share(errors: Mean, most: float) -> CostCell:
    return _cell(errors, most, lambda share: percent(share, 2), lambda end: f"{100 * end:.2f}")


def _cell(cost: Mean, most: float, write: Callable[[float], str], write_end: Callable[[float], str]) -> CostCell:
    """A cost with its interval; its bar as a share of the largest."""
    ends = [write_end(max(0.0, end)) for end in (cost.low, cost.high) if end is not None]
    return CostCell(write(cost.mean), cost.mean / most if most > 0 else 0.0, " to ".join(ends))


def sizes_picture(here: LessonPage, pair: Pair, rows: Sequence[CostRow], *, key: str) -> None:
    """Both networks to scale, and the rows; the browser adds the time that one image takes on the visitor's device."""
    words = ("teacher", "student", "unit", "scale", "here", "again", "measuring", "note", "table")
    less = f"{pair.times_less(lambda network: network.parameters):,.0f}"
    alt = here.sentence("picture", teacher=pair.teacher.name, student=pair.student.name, times=less)
    networks = {
        role: {
            "name": network.name,
            "weights": here.sentence("weights", parameters=three_figures(network.parameters)),
            "layers": [list(layer) for layer in layers(network)],
        }
        for role, network in (("teacher", pair.teacher), ("student", pair.student))
    }
    texts = {**{word: here.word(word) for word in words}, "picture": alt}
    _sizes(key=key, data={**networks, "largest": extent(), "rows": [asdict(row) for row in rows], "words": texts})


CHOICES = {"teacher": TEACHERS[::-1], "student": STUDENTS}  # first the pair that most lessons have
