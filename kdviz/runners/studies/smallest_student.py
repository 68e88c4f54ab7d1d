"""Students of two depths and several widths, each trained on labels alone and taught by one teacher.

A student that is too small cannot follow its teacher (Cho, Hariharan 2019, section 3).
"""

from kdviz.distillers.offline import Offline
from kdviz.recipes.catalogue import NETWORKS
from kdviz.recipes.study_facts.smallest_student import TEMPERATURES, model_of
from kdviz.runners.studies import one_teacher
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting

ALPHA = 0.9


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One network of all seeds, with the teacher at one temperature or with labels alone."""
    way, depth, width = arm.split("-")
    network = model_of(depth, int(width))
    trainings = lab.trainings(network)
    teacher = one_teacher.of(lab)
    if way == "labels":
        students = yield from lab.train(trainings)
    else:
        students = yield from lab.train(trainings, Offline(TEMPERATURES[way], ALPHA), teacher.soft_targets())
    kilobytes = [NETWORKS[network].bytes / 1000] * len(lab.seeds)
    logits, labels = lab.test_logits(students), lab.session.data.test.labels
    return lab.rows_of(logits, labels, teacher.test_logits, extra={"kilobytes": kilobytes}), []
