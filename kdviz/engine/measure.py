"""What a trained network takes on this machine: sizes, multiply-adds, times, memory, energy; and how often it is right.

Times are medians of repetitions with their range, after a few that do not count, on one thread as a rule.
"""

from __future__ import annotations

import gzip
import io
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from kdviz.engine.compression.errors import CompressionError
from kdviz.engine.compression.quantisation import quantised
from kdviz.engine.data import Data, normalise
from kdviz.engine.memory import PeakMemory
from kdviz.engine.models import name_of
from kdviz.recipes.catalogue import NETWORKS
from kdviz.recipes.compression import Scheme
from kdviz.recipes.study_facts.sizes import BATCH_IMAGES
from kdviz.records.measurement import Energy, InRuntime, Measurement, Spread

ONE_IMAGE_TIMES, BATCH_TIMES = 300, 15  # repetitions
WARM_UP = 5  # repetitions before the first that counts
WATTS = 12.0  # of a core at work where no counter can be read
ESTIMATE = (
    f"{WATTS:g} W for each core at work, the value for any CPU of Lannelongue, Grealey, Inouye 2021 "
    "(Green Algorithms), times the processor time; memory and cooling are not counted"
)
COUNTER = "RAPL, the processor packages' own counter of energy, everything that ran meanwhile included"
_RAPL = Path("/sys/class/powercap")

Clock = Callable[[], float]
Answer = Callable[[Tensor], Tensor]  # logits (N, 10) of uint8 images (N, 28, 28)


@dataclass(frozen=True)
class Effort:
    """How often is measured."""

    one_image: int = ONE_IMAGE_TIMES
    batch: int = BATCH_TIMES


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch computes with one thread meanwhile.

    Threads that give their core away while they wait (`jobs.cluster.PATIENT`) take ten times as long to wake as one
    image takes to compute.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def seconds_of(work: Callable[[], object], times: int, clock: Clock = time.perf_counter) -> list[float]:
    """The time of each repetition, without the first few."""
    seconds = []
    for number in range(WARM_UP + times):
        begun = clock()
        work()
        if number >= WARM_UP:
            seconds.append(clock() - begun)
    return seconds


@torch.inference_mode()
def seconds_for(network: nn.Module, images: Tensor, times: int, clock: Clock = time.perf_counter) -> float:
    """Median time of a forward pass of normalised images (N, 1, 28, 28)."""

    def work() -> None:
        network(images)
        if images.is_cuda:
            torch.cuda.synchronize()  # the kernels that were only queued so far belong to this pass

    return statistics.median(seconds_of(work, times, clock))


def file_bytes(network: nn.Module) -> int:
    """Size of the network's safetensors file in single precision: its weights and their names."""
    return len(_file(network))


def _file(network: nn.Module) -> bytes:
    return save({name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()})


def nonzero(network: nn.Module) -> int:
    """How many weights and biases are not 0."""
    return sum(int(tensor.count_nonzero()) for tensor in network.state_dict().values())


def measured(
    name: str,
    network: nn.Sequential,
    data: Data,
    onnx: bytes | None = None,
    scheme: Scheme = "none",
    effort: Effort = Effort(),
) -> Measurement:
    """A network in PyTorch and, of its unquantised ONNX file, in ONNX Runtime, quantised with the scheme in each.

    A runtime that lacks the scheme is left out; CompressionError where none has it. The times are of the test images.
    """
    architecture = NETWORKS[name_of(network)]
    runtimes, problem = [], None
    for measure in (_in_pytorch, _in_onnx_runtime):
        try:
            runtimes += measure(network, onnx, scheme, data, effort)
        except CompressionError as error:
            problem = error
    if problem and not runtimes:
        raise problem
    return Measurement(
        name=name,
        architecture=architecture.name,
        quantize=scheme,
        parameters=architecture.parameters,
        nonzero=nonzero(network),
        multiply_adds=architecture.multiply_adds,
        runtimes=tuple(runtimes),
    )


def _in_pytorch(
    network: nn.Sequential, _onnx: bytes | None, scheme: Scheme, data: Data, effort: Effort
) -> list[InRuntime]:
    made = quantised(network, scheme)
    stored = state_file(made)
    memory = PeakMemory()
    memory.hold(part for tensor in made.state_dict().values() for part in _parts(tensor))

    def answer(images: Tensor) -> Tensor:
        logits: Tensor = made(normalise(images))
        return logits

    with torch.inference_mode(), one_thread():
        with memory:
            answer(data.test.images[:BATCH_IMAGES])
        return [_figures(f"PyTorch {torch.__version__}", stored, answer, memory.peak, data, effort)]


def _parts(tensor: Tensor) -> Iterator[Tensor]:
    """The plain tensors of which it is made: of one of torchao's, whole numbers, scales and zero points."""
    inside: Any = tensor
    if not is_traceable_wrapper_subclass(inside):
        yield tensor
        return
    names, _ = inside.__tensor_flatten__()
    for name in names:
        yield from _parts(getattr(tensor, name))


def _in_onnx_runtime(
    _network: nn.Sequential, onnx: bytes | None, scheme: Scheme, data: Data, effort: Effort
) -> list[InRuntime]:
    if onnx is None:
        return []
    import onnxruntime

    from kdviz.engine.compression.onnx_quantisation import quantised_file

    content = quantised_file(onnx, scheme, data.training.images[:BATCH_IMAGES])
    answer = onnx_answer(content)
    return [_figures(f"ONNX Runtime {onnxruntime.__version__}", content, answer, None, data, effort)]


def onnx_answer(content: bytes) -> Answer:
    """What an ONNX file that takes grey levels answers in ONNX Runtime, on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return lambda images: torch.from_numpy(session.run(None, {"images": images.numpy()})[0])


def state_file(network: nn.Module) -> bytes:
    """A PyTorch state file: of a quantised network, with torchao's tensors as they are in memory."""
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    return buffer.getvalue()


def _figures(runtime: str, stored: bytes, answer: Answer, peak: int | None, data: Data, effort: Effort) -> InRuntime:
    """Of the CPU, whatever trained the network."""
    images, labels = data.test.images.cpu(), data.test.labels.cpu()
    batch = images[:BATCH_IMAGES]
    one = seconds_of(lambda: answer(images[:1]), effort.one_image)
    before, begun = energy_counter(), time.process_time()
    seconds = seconds_of(lambda: answer(batch), effort.batch)
    busy, after = time.process_time() - begun, energy_counter()
    predicted = torch.cat([answer(part).argmax(dim=1) for part in images.split(BATCH_IMAGES)])
    return InRuntime(
        runtime=runtime,
        threads=1,
        stored_bytes=len(stored),
        compressed_bytes=len(gzip.compress(stored, mtime=0)),
        one_image=_spread([1000 * value for value in one]),
        throughput=_spread([len(batch) / value for value in seconds]),
        peak_memory=peak,
        energy=_energy(before, after, busy, len(batch) * (WARM_UP + effort.batch)),
        test_errors=int((predicted != labels).sum()),
        test_images=len(labels),
    )


def _spread(values: Sequence[float]) -> Spread:
    return Spread(median=statistics.median(values), low=min(values), high=max(values))


def energy_counter(folder: Path = _RAPL) -> float | None:
    """Joules that the processor packages have used since some moment, as Linux' powercap shows; None where it does not.

    No library of the field is needed to read a number from a file; CodeCarbon 3.3 reads the same one, brings fifteen
    packages, and estimates from a table of watts where it is missing.
    """
    try:
        packages = sorted(folder.glob("intel-rapl:[0-9]*/energy_uj"))
        joules = [int(path.read_text()) / 1e6 for path in packages if path.parent.name.count(":") == 1]
    except (OSError, ValueError):  # only root may read it, on many machines
        return None
    return math.fsum(joules) if joules else None


def _energy(before: float | None, after: float | None, busy: float, images: int) -> Energy:
    """Of so many images, for which this process kept its processors busy for so many seconds."""
    if before is not None and after is not None and after > before:  # the counter begins anew when it is full
        return Energy(joules=(after - before) / images, kind="measured", how=COUNTER)
    return Energy(joules=WATTS * busy / images, kind="estimate", how=ESTIMATE)
