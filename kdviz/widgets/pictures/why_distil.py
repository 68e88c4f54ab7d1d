"""Teacher and student beside each other, to scale, with what each costs: facts of the catalogue and measured ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kdviz.recipes.catalogue import ARCHITECTURES, CLASSES, IMAGE_SIDE, Architecture
from kdviz.recipes.study_facts.sizes import STUDENTS, TEACHERS, labels_arm, taught_arm
from kdviz.records.base import Mean
from kdviz.records.study import StudyResult
from kdviz.reports import phrases
from kdviz.reports.phrases import milliseconds, storage
from kdviz.widgets.components import component
from kdviz.widgets.lesson import LessonPage

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
    found, channels, side = [], 1, IMAGE_SIDE
    for width in network.widths:
        found.append(("conv", channels, width, side))
        channels, side = width, side // 2
    return [*found, ("dense", channels * side * side, CLASSES, 0)]


def extent() -> dict[str, int]:
    """How wide and high the largest teacher is, in outputs and inputs: the scale of every pair."""
    drawn = [layers(ARCHITECTURES[name]) for name in TEACHERS]
    return {
        "wide": max(sum(outputs for _, _, outputs, _ in network) for network in drawn),
        "high": max(inputs for network in drawn for _, inputs, _, _ in network),
    }


def short(count: float) -> str:
    """A large number: "2.4 million", "101,770"."""
    return f"{count / 1e6:.1f}\u00a0million" if count >= 1e6 else f"{count:,.0f}"


def times(ratio: float) -> str:
    """How many times less: "24 ×"; nothing where the student takes more."""
    return f"{ratio:.2g}\u00a0×" if 1 <= ratio < 9.95 else f"{ratio:,.0f}\u00a0×" if ratio > 1 else ""


def mean_of(studied: StudyResult | None, arm: str, measure: str) -> Mean | None:
    """What a study found for one arm over its seeds."""
    summary = None if studied is None else studied.summary(arm)
    return None if summary is None else summary.means.get(measure)


def cost_rows(here: LessonPage, pair: Pair, studied: StudyResult | None) -> list[CostRow]:
    """Size and work from the catalogue; times and errors as the study measured them."""
    rows = [
        _row(here.word("stored"), pair, lambda each: each.bytes, storage),
        _row(here.word("work"), pair, lambda each: each.multiply_adds, short),
    ]
    measured = [mean_of(studied, labels_arm(each.name), "one_image") for each in (pair.teacher, pair.student)]
    if measured[0] is not None and measured[1] is not None:
        rows.append(_measured_row(here.word("time"), measured[0], measured[1]))
    alone = [mean_of(studied, labels_arm(each.name), "test_accuracy") for each in (pair.teacher, pair.student)]
    taught = mean_of(studied, taught_arm(pair.student.name, pair.teacher.name), "test_accuracy")
    if alone[0] is not None and alone[1] is not None:
        most = max(1 - mean.mean for mean in (*alone, taught) if mean is not None)
        rows.append(CostRow(here.word("errors"), _errors(alone[0], most), _errors(alone[1], most)))
        if taught is not None:
            rows.append(CostRow(here.word("errors-taught"), CostCell("–"), _errors(taught, most)))
    return rows


def _row(what: str, pair: Pair, cost: Callable[[Architecture], float], said: Callable[[float], str]) -> CostRow:
    values = [cost(pair.teacher), cost(pair.student)]
    most = max(values)
    teacher, student = (CostCell(said(value), value / most) for value in values)
    return CostRow(what, teacher, student, times(pair.times_less(cost)))


def _measured_row(what: str, teacher: Mean, student: Mean) -> CostRow:
    most = max(teacher.mean, student.mean)
    cells = [
        CostCell(milliseconds(mean.mean), mean.mean / most, _range(mean, milliseconds)) for mean in (teacher, student)
    ]
    return CostRow(what, cells[0], cells[1], times(teacher.mean / student.mean))


def _errors(right: Mean, most: float) -> CostCell:
    """The share of wrong answers, from that of right ones."""
    wrong = Mean(
        mean=1 - right.mean,
        low=None if right.high is None else 1 - right.high,
        high=None if right.low is None else 1 - right.low,
    )
    share = wrong.mean / most if most > 0 else 0.0
    return CostCell(phrases.percent(wrong.mean, 2), share, _range(wrong, lambda value: f"{100 * value:.2f}"))


def _range(mean: Mean, said: Callable[[float], str]) -> str:
    return "" if mean.low is None or mean.high is None else f"{said(max(0.0, mean.low))} to {said(mean.high)}"


def sizes_picture(here: LessonPage, pair: Pair, rows: Sequence[CostRow], *, key: str) -> None:
    """Both networks to scale, and the rows; the browser adds the time that one image takes on the visitor's device."""
    words = ("teacher", "student", "unit", "scale", "here", "again", "measuring", "note", "table")
    told = here.sentence(
        "picture",
        teacher=pair.teacher.name,
        student=pair.student.name,
        times=f"{pair.times_less(lambda each: each.parameters):,.0f}",
    )
    data: dict[str, Any] = {
        "teacher": _network(here, pair.teacher),
        "student": _network(here, pair.student),
        "largest": extent(),
        "rows": [asdict(row) for row in rows],
        "words": {**{word: here.word(word) for word in words}, "picture": told},
    }
    _sizes(key=key, data=data)


def _network(here: LessonPage, network: Architecture) -> dict[str, Any]:
    weights = here.sentence("weights", parameters=f"{network.parameters:,}")
    return {"name": network.name, "weights": weights, "layers": [list(layer) for layer in layers(network)]}


CHOICES = {"teacher": TEACHERS[::-1], "student": STUDENTS}  # first the pair that most lessons have
