"""What a lesson's study reports: progress while it lasts, rows and verdicts at its end. Torch-free."""

from datetime import date
from typing import ClassVar

from pydantic import Field

from kdviz.recipes.study import Study
from kdviz.records.base import Figure, FinishedPart, Mean, Record, Verdict


class Row(Record):
    """One arm with one seed."""

    arm: str
    seed: int
    figures: dict[str, Figure]  # by the measure's name; further ones may stand beside those of the facts


class Curve(Record):
    """Something measured along an axis of its own in one arm: over epochs, over a bias, over T."""

    name: str
    seed: int | None  # None: of all seeds together
    x: list[Figure]
    y: list[Figure]


class Written(Record):
    """What a network of letters wrote after so many epochs."""

    seed: int
    epoch: int  # 0: before its first update
    text: str


class StudyProgress(Record):
    """How far a study is."""

    arm: str
    doing: str  # for people: "teachers, seed 0", "students"
    done: Figure  # share of the arm, 0 to 1
    epoch: int
    epochs: int
    validation_accuracy: list[Figure]  # of the networks in training, one for each seed; may be empty
    # What each term adds to the loss just now, by its name; reports without one are stored as they were before.
    terms: dict[str, Figure] = Field(default_factory=dict, exclude_if=lambda terms: not terms)
    seconds: Figure  # since the study began
    seconds_left: Figure  # of the whole study


class FinishedArm(FinishedPart):
    """An arm has been trained with all seeds."""

    unit: ClassVar[str] = "arm"

    arm: str
    rows: list[Row]
    curves: list[Curve]
    written: list[Written] = Field(default_factory=list, exclude_if=lambda texts: not texts)  # by networks of letters
    seconds: Figure

    @property
    def key(self) -> str:
        """The arm's name."""
        return self.arm


class Judgement(Record):
    """An arm against another, seed by seed."""

    arm: str
    against: str
    measure: str
    verdict: Verdict


class ArmSummary(Record):
    """An arm over all seeds; t intervals, or exact binomial intervals of a count from one seed."""

    arm: str
    seeds: int
    means: dict[str, Mean]


class StudyResult(Record):
    """The end of a study."""

    run_id: str
    recipe: Study
    finished: list[FinishedArm]
    summaries: list[ArmSummary]
    judgements: list[Judgement]
    device: str
    threads: int
    torch: str
    seconds: Figure  # of all arms, with what they share
    recorded_on: date | None = Field(None, exclude_if=lambda day: day is None)  # of a run that comes with the program

    @property
    def main_figures(self) -> dict[str, float]:
        """Mean of the study's first measure over the seeds for each arm that has one."""
        measure = self.recipe.facts.measures[0].name
        return {summary.arm: summary.means[measure].mean for summary in self.summaries if measure in summary.means}

    def arm(self, name: str) -> FinishedArm | None:
        """The rows and curves of one arm, if it was trained."""
        return next((arm for arm in self.finished if arm.arm == name), None)

    def summary(self, name: str) -> ArmSummary | None:
        """An arm over all seeds."""
        return next((summary for summary in self.summaries if summary.arm == name), None)

    def mean(self, name: str, measure: str) -> Mean | None:
        """What was measured of an arm over all seeds."""
        summary = self.summary(name)
        return None if summary is None else summary.means.get(measure)

    def judgement(self, name: str, measure: str | None = None) -> Judgement | None:
        """The verdict on an arm, of the main measure if none is named."""
        wanted = measure or self.recipe.facts.measures[0].name
        return next((one for one in self.judgements if (one.arm, one.measure) == (name, wanted)), None)
