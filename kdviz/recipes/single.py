"""The recipe of a single run: a teacher, a student distilled from it, and the same student without a teacher."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from kdviz.recipes.base import Loss, OneSetting, Training, digest
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.recipes.number_lists import LARGEST_SEED


class Recipe(OneSetting):
    """One run: a teacher, a student distilled from it, and the same student trained without a teacher.

    Loss of the distilled student: alpha * T^2 * KL(teacher_T || student_T) + (1 - alpha) * CE
    (Hinton, Vinyals, Dean 2015, section 2, with alpha weighing the soft term).
    """

    kind: ClassVar[str] = "single run"
    command: ClassVar[str] = "train"

    loss: Loss = Field("kl", description="soft term of the loss")
    pretrained: bool = Field(False, description="use the trained teacher that comes with the program")
    teacher_epochs: int = Field(5, ge=1, le=500, description="epochs of the teacher")
    seed: int = Field(0, ge=0, le=LARGEST_SEED, description="seed of weights, batches and augmentation")

    @model_validator(mode="after")
    def _teacher_ships(self) -> Self:
        if self.pretrained and SHIPPED_TEACHERS.get(self.data) != self.teacher:
            shipped = ", ".join(f"{model} for {data}" for data, model in SHIPPED_TEACHERS.items())
            raise ValueError(
                f"pretrained is on with teacher {self.teacher} for {self.data}; "
                f"the trained teachers that come with the program are {shipped}."
            )
        return self

    @property
    def id(self) -> str:
        """The run's identity: equal recipes, equal id. A shipped teacher's training is not the recipe's own."""
        ignored = {"teacher_epochs", "teacher_labels", "teacher_augmentation"} if self.pretrained else set()
        return digest(self.model_dump(mode="json", exclude=ignored))

    @property
    def seeds(self) -> tuple[int, ...]:
        """The one seed, as the other kinds have several."""
        return (self.seed,)

    @property
    def epochs_of_teacher(self) -> int:
        """Epochs of the teacher when it is not the shipped one."""
        return self.teacher_epochs

    @property
    def teacher_training(self) -> Training:
        """How the teacher is trained when it is not the shipped one."""
        return self.training_of_teacher(self.teacher_epochs, self.seed)

    @property
    def student_training(self) -> Training:
        """How both students are trained."""
        return self.training_of_student(self.seed)
