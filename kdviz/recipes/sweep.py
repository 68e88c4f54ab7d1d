"""The recipe of a sweep: temperatures x weights of the soft term x seeds, and the stacks of students it trains."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from itertools import chain, islice, product
from typing import Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from kdviz.recipes.base import Conditions, Training, all_known, digest, shortened
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS
from kdviz.recipes.number_lists import LARGEST_SEED, MOST_VALUES, items_in, seeds_in, values_in
from kdviz.recipes.single import Recipe

MOST_STUDENTS = 3000  # trained in one sweep: cells x seeds x folds
MOST_STACKED = 16  # students of one stack: from 8 on, more of them are no faster (python -m kdviz bench)
STACKED_WEIGHTS = 1_800_000  # of all students of a stack: with Adam's two moments they should fit into the cache
KEPT = 3  # successive halving keeps one cell of so many, and trains it for so many times as long
TRAINED_ALONE = 2.5  # how long a network takes that trains by itself, in students of a stack
LONG = 3600.0  # seconds from which on a sweep is begun only when it is asked for once more

Search = Literal["grid", "random", "halving"]
Selection = Literal["validation", "folds"]


class Cell(BaseModel):
    """What distinguishes one student of a sweep from another, but for its seed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: float
    alpha: float
    learning_rate: float
    student: str
    labels: int | None

    @property
    def plain(self) -> Cell:
        """The control: the same student without a teacher."""
        return self.model_copy(update={"temperature": 1.0, "alpha": 0.0})

    @property
    def trained_as(self) -> Cell:
        """With alpha = 0 the temperature plays no part: these cells are one student, the control."""
        return self if self.alpha > 0 else self.plain


class Stack(BaseModel):
    """Students of one architecture that train as one batched model, on the same batches."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    fold: int | None  # from 0: the one that is held out; None: the validation split
    epochs: int
    cells: tuple[Cell, ...]

    @property
    def id(self) -> str:
        """A short hash that names this stack in every sweep it belongs to."""
        return digest(self.model_dump(mode="json"))


class Sweep(Conditions):
    """A student for each cell of temperatures x alphas (and what else is listed) and each seed.

    Plain students, without a teacher, are always among them: their level is what counts. T and alpha are chosen on
    images that neither teachers nor students learn from. Only the choice is tried on the test images, by networks of
    other seeds: those that were the luckiest on the one kind of images are lucky on the other as well.

    A whole document, one that names its `study`, without `test_seeds` is of a sweep from before: it was tested with
    the seeds that chose. It is read, named and written as it was.
    """

    kind: ClassVar[str] = "sweep"
    command: ClassVar[str] = "sweep"

    study: Literal["sweep"] = Field("sweep", description="kind of study")
    epochs: int = Field(3, ge=1, le=500, description="epochs of every student")
    teacher_epochs: int | None = Field(
        None, ge=1, le=500, description="epochs of the teacher; as many as the students'"
    )
    temperatures: tuple[float, ...] = Field(
        (1.0, 2.0, 4.0, 8.0, 20.0), description="temperatures T, as 1,2,4 or LOW:HIGH:COUNT"
    )
    alphas: tuple[float, ...] = Field(
        (0.0, 0.25, 0.5, 0.75, 1.0), description="weights of the soft term, as 0,0.5,1 or LOW:HIGH:COUNT"
    )
    learning_rates: tuple[float, ...] = Field((), description="learning rates to try; learning_rate alone if none")
    students: tuple[str, ...] = Field((), description="students' architectures to try; student alone if none")
    label_counts: tuple[int, ...] = Field((), description="numbers of labels to try; labels alone if none")
    seeds: tuple[int, ...] = Field((0, 1, 2), description="seeds, as 0-4 or 0,2,7")
    test_seeds: tuple[int, ...] | None = Field(
        None, description="seeds of the choice's test [default: as many fresh ones, after the last]"
    )
    search: Search = Field("grid", description="every cell, cells drawn at random, or successive halving")
    draws: int = Field(25, ge=1, le=1000, description="cells that a random search draws")
    select: Selection = Field("validation", description="where T and alpha are chosen: the validation split, or folds")
    folds: int | None = Field(None, ge=2, le=20, description="folds of a cross-validation [default with folds: 5]")

    @field_validator("temperatures", "alphas", "learning_rates", mode="before")
    @classmethod
    def _values(cls, given: Any, info: ValidationInfo) -> tuple[float, ...]:
        if info.field_name == "learning_rates" and given in ("", (), []):
            return ()
        low, high = {"temperatures": (0.05, 1000.0), "alphas": (0.0, 1.0)}.get(info.field_name or "", (1e-6, 10.0))
        return values_in(given, low, high, geometric=info.field_name != "alphas")

    _students = field_validator("students", mode="before")(lambda given: all_known(_items(given), ARCHITECTURES))
    _seeds = field_validator("seeds", mode="before")(seeds_in)

    @field_validator("test_seeds", mode="before")
    @classmethod
    def _test_seeds(cls, given: Any, info: ValidationInfo) -> tuple[int, ...] | None:
        """None where they are the default ones, so that equal sweeps are equal."""
        seeds: tuple[int, ...] | None = info.data.get("seeds")  # None where they are refused
        test_seeds = None if given is None or not _items(given) else seeds_in(given)
        if test_seeds is None or seeds is None or test_seeds == seeds:
            return test_seeds
        if not set(test_seeds).isdisjoint(seeds):
            chosen_with = ",".join(map(str, seeds))
            raise ValueError(f"it takes seeds that are not among those that choose, {chosen_with}, or all of these.")
        return None if test_seeds == _next_seeds(seeds) else test_seeds

    @field_validator("label_counts", mode="before")
    @classmethod
    def _label_counts(cls, given: Any) -> tuple[int, ...]:
        counts = _items(given)
        numbers = [int(text) for text in counts if text.isdecimal() and len(text) < 9]
        if len(counts) > MOST_VALUES or len(numbers) < len(counts) or min(numbers, default=10) < 10:
            raise ValueError(f"it takes up to {MOST_VALUES} whole numbers of at least 10, as 100,1000.")
        return tuple(sorted(set(numbers)))

    @model_validator(mode="before")
    @classmethod
    def _folds(cls, given: Any) -> Any:
        """`folds` alone selects by folds, and `select` folds alone means five."""
        if not isinstance(given, dict):
            return given
        folds, select = given.get("folds"), given.get("select")
        if folds is not None and select is None:
            return {**given, "select": "folds"}
        if folds is not None and select == "validation":
            raise ValueError(f"folds is {shortened(folds)} with select validation; folds go with select folds.")
        return {**given, "folds": 5} if select == "folds" and folds is None else given

    @model_validator(mode="before")
    @classmethod
    def _from_before(cls, given: Any) -> Any:
        if isinstance(given, dict) and "study" in given and "test_seeds" not in given:
            return {**given, "test_seeds": given.get("seeds")}
        return given

    @model_serializer(mode="wrap")
    def _written(self, fields: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A whole document names the seeds of the test, whatever will be the default when it is read."""
        document: dict[str, Any] = fields(self)
        if "study" in document and "test_seeds" in document:
            if self.has_fresh_test:
                document["test_seeds"] = self.seeds_of_test
            else:
                del document["test_seeds"]
        return document

    @model_validator(mode="after")
    def _possible(self) -> Self:
        # A fold may leave more images to learn from; the choice has those of the training split.
        images = min(self.training_images, DATA_SETS[self.data].training_images)
        counts = [(name, getattr(self, name)) for name in ("labels", "teacher_labels", "batch_size")]
        for option, count in [*counts, *(("label_counts", count) for count in self.label_counts)]:
            if count is not None and count > images:
                raise ValueError(
                    f"{option} has {count:,}; it takes at most {images:,}, the images a student learns from."
                )
        if self.search == "halving" and self.epochs < KEPT:
            raise ValueError(
                f"epochs is {self.epochs} with search halving; it takes at least {KEPT}, as the first cells are judged "
                f"after a {KEPT}rd of the epochs."
            )
        if self.search == "random" and len(self.alphas) == 1 == len(self.temperatures) and self.draws > 1:
            raise ValueError(
                "search is random with one temperature and one alpha; it takes at least two of one, to draw between."
            )
        students = self.students_trained
        if students > MOST_STUDENTS:
            raise ValueError(
                f"temperatures, alphas and what else is listed make {students:,} students with their seeds and folds; "
                f"a sweep takes at most {MOST_STUDENTS:,}."
            )
        return self

    @property
    def students_trained(self) -> int:
        """The number of students by which T and alpha are chosen: cells, each with all seeds and folds."""
        return self._cells_to_train() * len(self.seeds) * (self.folds or 1)

    def _cells_to_train(self) -> int:
        """The number of `trained_cells`, of a grid without making them: there may be millions."""
        if self.search == "random":
            return len(self.trained_cells)
        return math.prod(map(len, self._tried)) * (1 + len(self.temperatures) * sum(alpha > 0 for alpha in self.alphas))

    @property
    def id(self) -> str:
        """The sweep's identity: equal students to be trained and chosen in the same way, equal id."""
        same: dict[str, Any] = {
            "teacher_epochs": self.epochs_of_teacher,
            **dict(zip(("students", "label_counts", "learning_rates"), self._tried, strict=True)),
            "draws": self.draws if self.search == "random" else None,
        }
        alone = {"student", "learning_rate", "labels"}  # stand in the lists
        return digest({**self.model_dump(mode="json", exclude=alone), **same})

    @property
    def seeds_of_test(self) -> tuple[int, ...]:
        """The seeds with which the choice is trained and tried on the test images."""
        return _next_seeds(self.seeds) if self.test_seeds is None else self.test_seeds

    @property
    def has_fresh_test(self) -> bool:
        """Whether the test is by networks that had no part in choosing; it was not in sweeps from before."""
        return self.seeds_of_test != self.seeds

    @property
    def architectures(self) -> tuple[str, ...]:
        """The students' architectures that are tried, in order."""
        return self.students or (self.student,)

    @property
    def _tried(self) -> tuple[tuple[str, ...], tuple[int | None, ...], tuple[float, ...]]:
        """Architectures, numbers of labels and learning rates; one of each where no others are listed."""
        return self.architectures, self.label_counts or (self.labels,), self.learning_rates or (self.learning_rate,)

    @property
    def epochs_of_teacher(self) -> int:
        """Epochs of the teacher: the students' unless `teacher_epochs` is given."""
        return self.epochs if self.teacher_epochs is None else self.teacher_epochs

    @property
    def training_images(self) -> int:
        """What a student learns from: the training split, or all folds but one of training and validation images."""
        facts = DATA_SETS[self.data]
        if self.folds is None:
            return facts.training_images
        whole = facts.training_images + facts.validation_images
        return whole - -(-whole // self.folds)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the grid or the draws, in order; those with alpha = 0 come once for each T."""
        return tuple(dict.fromkeys(self._drawn() if self.search == "random" else self._grid()))

    @property
    def trained_cells(self) -> tuple[Cell, ...]:
        """The cells whose students differ: the controls, then the cells with a teacher."""
        cells = self.cells
        return tuple(dict.fromkeys([*(cell.plain for cell in cells), *(cell.trained_as for cell in cells)]))

    @property
    def rungs(self) -> tuple[int, ...]:
        """The epochs after which cells are judged: one number, but for successive halving."""
        if self.search != "halving":
            return (self.epochs,)
        rungs = [self.epochs]
        while rungs[0] // KEPT:
            rungs.insert(0, rungs[0] // KEPT)
        return tuple(rungs)

    def stacks(self, cells: Iterable[Cell], epochs: int) -> list[Stack]:
        """The stacks that train these cells with all seeds and folds, for so many epochs; one seed after the other."""
        groups: dict[tuple[object, ...], list[Cell]] = {}
        for cell in cells:
            # With few labels a plain student sees the labelled images only: other batches, so a stack of its own.
            alone = cell.labels is not None and cell.alpha == 0
            groups.setdefault((cell.student, cell.labels, cell.learning_rate, alone), []).append(cell)
        folds = [None] if self.folds is None else range(self.folds)
        return [
            Stack(seed=seed, fold=fold, epochs=epochs, cells=part)
            for seed, fold, group in product(self.seeds, folds, groups.values())
            for part in _parts_of(group)
        ]

    def recipe_of(self, cell: Cell, seed: int) -> Recipe:
        """The single run that trains just this student, after all epochs, on the training split."""
        own = {name: getattr(self, name) for name in Conditions.model_fields} | cell.model_dump()
        return Recipe(**own, teacher_epochs=self.epochs_of_teacher, seed=seed)

    def training_of_stack(self, stack: Stack) -> Training:
        """How all students of a stack are trained, but for what their teacher says."""
        cell = stack.cells[0]
        recipe = self.recipe_of(cell, stack.seed).model_copy(update={"epochs": stack.epochs})
        return self._held_out(recipe.student_training, stack.fold)

    def teacher_training(self, seed: int, fold: int | None = None, learning_rate: float | None = None) -> Training:
        """How the teacher of a seed is trained; with folds, on all but the one that is held out.

        Give the students' learning rate where several are tried: a recipe has one for the teacher and its students.
        """
        training = self.training_of_teacher(self.epochs_of_teacher, seed)
        if learning_rate is not None:
            training = training.model_copy(update={"learning_rate": learning_rate})
        return self._held_out(training, fold)

    def teacher_of_stack(self, stack: Stack) -> Training:
        """How the teacher of a stack is trained: as that of the single run of each of its cells."""
        return self.teacher_training(stack.seed, stack.fold, stack.cells[0].learning_rate)

    def _held_out(self, training: Training, fold: int | None) -> Training:
        return training if fold is None or self.folds is None else training.without(fold, self.folds)

    def _grid(self) -> Iterator[Cell]:
        for student, labels, rate, temperature, alpha in product(*self._tried, self.temperatures, self.alphas):
            yield Cell(temperature=temperature, alpha=alpha, learning_rate=rate, student=student, labels=labels)

    def _drawn(self) -> Iterator[Cell]:
        """Cells drawn between the lowest and the highest values, T by its logarithm; the rest out of the lists.

        Bergstra, Bengio 2012. The draws depend on the recipe alone.
        """
        dice, (students, label_counts, rates) = random.Random(0), self._tried
        low, high = self.temperatures[0], self.temperatures[-1]
        least, most = self.alphas[0], self.alphas[-1]
        for _ in range(self.draws):
            yield Cell(
                temperature=min(max(float(f"{low * (high / low) ** dice.random():.3g}"), low), high),
                alpha=min(max(round(dice.uniform(least, most), 3), least), most),
                learning_rate=dice.choice(rates),
                student=dice.choice(students),
                labels=dice.choice(label_counts),
            )


def _next_seeds(seeds: tuple[int, ...]) -> tuple[int, ...]:
    """As many as these, after the last of them; from 0 on again where there are no larger ones."""
    fresh = chain(range(seeds[-1] + 1, LARGEST_SEED + 1), (seed for seed in range(seeds[-1]) if seed not in seeds))
    return tuple(sorted(islice(fresh, len(seeds))))


def _items(given: Any) -> list[str]:
    """As `items_in`; none of an empty text."""
    return [] if isinstance(given, str) and not given.strip() else items_in(given)


def _parts_of(cells: list[Cell]) -> Iterator[tuple[Cell, ...]]:
    """In as few parts as may be stacked, of almost equal size."""
    most = min(MOST_STACKED, max(1, STACKED_WEIGHTS // ARCHITECTURES[cells[0].student].parameters))
    parts = -(-len(cells) // most)
    for number in range(parts):
        yield tuple(cells[number * len(cells) // parts : (number + 1) * len(cells) // parts])
