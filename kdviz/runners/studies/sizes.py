"""Teachers and students by size: accuracy over the seeds, and what a trained network takes on the machine it is on.

A network's times and its file are those of each seed's own network, so they too have an interval over the seeds.
"""

import copy
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from safetensors.torch import save
from torch import Tensor, nn

from kdviz.engine.data import normalise
from kdviz.engine.models import Cohort
from kdviz.recipes.study_facts.sizes import BATCH_IMAGES, TEACHERS
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting

TEMPERATURE, ALPHA = 4.0, 0.7
ONE_IMAGE_TIMES, BATCH_TIMES = 300, 15  # repetitions; the median of them counts
WARM_UP = 5  # repetitions before the first that counts


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
    """Of each seed's network: milliseconds for one image, images a second in large batches, bytes of its file.

    One image is computed by one thread: threads that give their core away while they wait (`jobs.cluster.PATIENT`) take
    ten times as long to wake as it takes to compute.
    """
    images = normalise(lab.session.data.test.images[:BATCH_IMAGES])
    alone = [copy.deepcopy(network).eval() for network in cohort.networks]  # not a view of all seeds' weights
    with one_thread():
        one_image = [1000 * seconds_for(network, images[:1], ONE_IMAGE_TIMES) for network in alone]
    return {
        "one_image": one_image,
        "throughput": [len(images) / seconds_for(network, images, BATCH_TIMES) for network in alone],
        "file_bytes": [float(file_bytes(network)) for network in alone],
    }


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch computes with one thread meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@torch.inference_mode()
def seconds_for(
    network: nn.Module, images: Tensor, times: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Median time of a forward pass of normalised images (N, 1, 28, 28)."""
    seconds = []
    for number in range(WARM_UP + times):
        begun = clock()
        network(images)
        if images.is_cuda:
            torch.cuda.synchronize()  # the kernels that were only queued so far belong to this pass
        if number >= WARM_UP:
            seconds.append(clock() - begun)
    return statistics.median(seconds)


def file_bytes(network: nn.Module) -> int:
    """Size of the network's safetensors file in single precision: its weights and their names."""
    return len(save({name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}))
