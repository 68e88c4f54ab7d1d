"""The recipe of a lesson's study: one question, put to really trained networks under several conditions and seeds."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from kdviz.recipes.base import Request, Schedule, digest, known, shortened
from kdviz.recipes.catalogue import DATA_SETS, is_data_set
from kdviz.recipes.letters import TEXTS
from kdviz.recipes.number_lists import items_in, seeds_in
from kdviz.recipes.study_facts.facts import WORDS, Arm, StudyFacts

# By name: each is the `FACTS` of the module of `study_facts` that has its name.
STUDIES: Mapping[str, StudyFacts] = {
    name: import_module(f"kdviz.recipes.study_facts.{name.replace('-', '_')}").FACTS for name in WORDS
}


class Study(Request):
    """Each arm of the study, with each seed. The study's facts say what an arm is and what is measured."""

    kind: ClassVar[str] = "study"
    command: ClassVar[str] = "study"
    students_kept: ClassVar[bool] = False

    study: str = Field(description="which study")
    seeds: tuple[int, ...] = Field((0, 1, 2, 3, 4), description="seeds, as 0-4 or 0,2,7")
    quick: bool = Field(False, description="a smaller version: fewer epochs and arms")
    arms: tuple[str, ...] = Field((), description="arms to train, with those they are judged against; all if empty")
    schedule: Schedule | None = Field(None, description="learning-rate schedule; as the study's code says if none")

    _known_data = field_validator("data")(
        lambda name: name if is_data_set(name) else known(name, {**DATA_SETS, **TEXTS})
    )
    _known_study = field_validator("study")(lambda name: known(name, STUDIES))
    _seeds = field_validator("seeds", mode="before")(seeds_in)

    _arms = field_validator("arms", mode="before")(lambda given: tuple(filter(None, items_in(given))))

    @model_validator(mode="after")
    def _data_and_arms_fit(self) -> Self:
        if self.data not in self.facts.data_sets:
            raise ValueError(f"data is {self.data}; {self.study} takes one of {', '.join(self.facts.data_sets)}.")
        there = {arm.name for arm in self.facts.arms_of(self.data, quick=self.quick)}
        for name in self.arms:
            if name not in there:
                raise ValueError(f"arms has {shortened(name)}; {self.study} takes some of {', '.join(sorted(there))}.")
        return self

    @classmethod
    def of(cls, name: str, data: str = "mnist", **values: Any) -> Self:
        """A study with the seeds and the schedule that suit it. Raises `RecipeError`."""
        facts = STUDIES.get(name)
        suits = {"seeds": facts.seeds, "schedule": facts.schedule} if facts else {}
        return cls.parse({"study": name, "data": data, **suits, **values})

    @property
    def usual(self) -> Self:
        """The same study with the seeds and the schedule that suit it."""
        return self.of(self.study, self.data)

    @property
    def implied(self) -> set[str]:
        """As elsewhere: studies of before have no schedule."""
        return set() if self.schedule else {"schedule"}

    @property
    def lesson(self) -> str | None:
        """The slug of the lesson that asks this study's question."""
        return self.facts.lesson

    @property
    def facts(self) -> StudyFacts:
        """What the study asks."""
        return STUDIES[self.study]

    @property
    def chosen(self) -> tuple[Arm, ...]:
        """The arms to train, in order: those of `arms`, and the arms that they are judged against."""
        there = self.facts.arms_of(self.data, quick=self.quick)
        if not self.arms:
            return there
        wanted, size = set(self.arms), 0
        while len(wanted) > size:
            size = len(wanted)
            wanted |= {arm.against for arm in there if arm.name in wanted and arm.against}
        return tuple(arm for arm in there if arm.name in wanted)

    @property
    def id(self) -> str:
        """The study's identity: equal questions under equal conditions, equal id."""
        return digest({**self.model_dump(mode="json"), "arms": [arm.name for arm in self.chosen]})
