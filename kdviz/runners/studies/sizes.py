"""Teachers and students by size: accuracy over the seeds, and what a trained network takes on the machine it is on.

A network's times and its file are those of each seed's own network, so they too have an interval over the seeds.
"""

import copy

from kdviz.engine.data import normalise
from kdviz.engine.measure import BATCH_TIMES, ONE_IMAGE_TIMES, file_bytes, one_thread, seconds_for
from kdviz.engine.models import Cohort
from kdviz.recipes.study_facts.sizes import BATCH_IMAGES, TEACHERS
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting

TEMPERATURE, ALPHA = 4.0, 0.7


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One network with labels alone, or one student with one teacher."""
    way, _, rest = arm.partition("-")
    network, _, teacher = rest.partition("-by-")
    trainings = lab.trainings(network)
    if way == "taught":
        teachers = yield from lab.teachers(lab.trainings(teacher))
        cohort = yield from lab.distil(trainings, teachers, TEMPERATURE, ALPHA)
        return lab.rows(cohort, teachers, extra=costs(lab, cohort)), []
    if network in TEACHERS:
        cohort = yield from lab.teachers(trainings, share=1.0)
    else:
        cohort = yield from lab.train(trainings)
    return lab.rows(cohort, extra=costs(lab, cohort)), []


def costs(lab: Lab, cohort: Cohort) -> dict[str, list[float]]:
    """Of each seed's network: milliseconds for one image on one thread, images a second in batches, file bytes."""
    images = normalise(lab.session.data.test.images[:BATCH_IMAGES])
    alone = [copy.deepcopy(network).eval() for network in cohort.networks]  # not a view of all seeds' weights
    with one_thread():
        one_image = [1000 * seconds_for(network, images[:1], ONE_IMAGE_TIMES) for network in alone]
    return {
        "one_image": one_image,
        "throughput": [len(images) / seconds_for(network, images, BATCH_TIMES) for network in alone],
        "file_bytes": [float(file_bytes(network)) for network in alone],
    }
