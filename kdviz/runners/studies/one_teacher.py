"""The teacher that comes with the program, as the one teacher of all seeds: its logits, computed once for all arms.

The intervals of such a study are about students of this teacher; another teacher is no part of them.
"""

from dataclasses import dataclass

from torch import Tensor

from kdviz.engine import evaluation, models, teachers
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.models import Cohort
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.runners.studies.lab import Lab


@dataclass(frozen=True)
class OneTeacher:
    """What students of all seeds are told, and what they are compared with; logits (seeds, images, classes)."""

    cohort: Cohort
    training_logits: Tensor
    test_logits: Tensor

    def soft_targets(self, images: int | None = None) -> FixedTeachers:
        """For students of all training images, or of the first ones."""
        return FixedTeachers([self.cohort], 1.0, self.training_logits[:, :images])


def of(lab: Lab) -> OneTeacher:
    """The shipped teacher of the study's data set. Raises TeacherError."""
    if "one teacher" not in lab.shared:
        network = teachers.shipped(lab.study.data)[0].to(lab.session.device)
        cohort = models.cohort(SHIPPED_TEACHERS[lab.study.data], [network])
        training, test = (
            evaluation.logits_of_all(cohort, split.images).expand(len(lab.seeds), -1, -1)
            for split in (lab.session.data.training, lab.session.data.test)
        )
        lab.shared["one teacher"] = OneTeacher(cohort, training, test)
    made: OneTeacher = lab.shared["one teacher"]
    return made
