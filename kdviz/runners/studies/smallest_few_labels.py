"""Students of several widths that learn from a few labels, or from one teacher's soft targets for all images.

Soft targets need no labels (Hinton, Vinyals, Dean 2015, section 2). All students make the same number of updates.
"""

from kdviz.distillers.offline import Offline
from kdviz.recipes.catalogue import NETWORKS
from kdviz.recipes.study_facts.smallest_few_labels import LABELS
from kdviz.recipes.study_facts.smallest_student import model_of
from kdviz.runners.studies import one_teacher
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting

TEMPERATURE = 4.0


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One network of all seeds: by so many labels, or by soft targets alone, alpha = 1."""
    line, width = arm.split("-")
    network = model_of("one", int(width))
    teacher = one_teacher.of(lab)
    if line in LABELS:
        students = yield from lab.train(lab.trainings(network, labels=LABELS[line]))
    else:
        by_teacher = Offline(TEMPERATURE, 1.0), teacher.soft_targets()
        students = yield from lab.train(lab.trainings(network), *by_teacher)
    extra = {"kilobytes": [NETWORKS[network].bytes / 1000] * len(lab.seeds)}
    return lab.rows_of(lab.test_logits(students), lab.session.data.test.labels, teacher.test_logits, extra=extra), []
