"""What was measured of networks, as text and as JSON."""

from collections.abc import Sequence
from typing import Any

from kdviz.recipes.methods import METHODS
from kdviz.recipes.study_facts.sizes import BATCH_IMAGES
from kdviz.records.compressed import CompressedStudent, MeasuredRun
from kdviz.records.measurement import InRuntime, Measurement, Spread
from kdviz.reports.text import table

HEADER = [
    "network", "runtime", "right (95 %)", "parameters", "not 0", "multiply-adds", "kB", "kB, gzip",
    "ms an image", "images a second", "MB a batch", "µJ an image",
]  # fmt: skip

_TAUGHT = ("offline", "distilled")  # as comparisons and single runs name the student of a trained teacher


def text(networks: Sequence[Measurement]) -> str:
    """A row for each network and runtime, and below what the figures are."""
    return "\n".join([table(HEADER, rows(networks)), "", *notes(networks)])


def rows(networks: Sequence[Measurement]) -> list[list[str]]:
    """The figures of each network in each runtime, in the order of `HEADER`."""
    return [_row(network, found) for network in networks for found in network.runtimes]


def notes(networks: Sequence[Measurement]) -> list[str]:
    """How the times were taken, and where the energy is from: a sentence each."""
    sources = dict.fromkeys((found.energy.kind, found.energy.how) for one in networks for found in one.runtimes)
    threads = {found.threads for network in networks for found in network.runtimes}
    batch = min([BATCH_IMAGES, *(found.test_images for one in networks for found in one.runtimes)])
    return [
        f"Times: median (least to most) on {'one thread' if threads == {1} else 'several threads'} of this machine, "
        f"after a warm-up; images a second in batches of {batch:,}.",
        f"Memory: the most bytes that all tensors of a batch of {batch:,} take at once, weights included, and what "
        "PyTorch turns back to floats; –: not counted, as in ONNX Runtime.",
        *(f"Energy: {'measured' if kind == 'measured' else 'an estimate'}: {how}." for kind, how in sources),
    ]


def called(network: Measurement) -> str:
    """A network's name in a picture: what compressed it, "75 % of units gone in int8", or how it was trained."""
    made = network.compression
    if made is None:
        if network.name in _TAUGHT:
            return "Taught by the teacher"
        return METHODS[network.name].title if network.name in METHODS else network.name.capitalize()
    what = "units gone" if made.structured else "weights 0"
    parts = [f"{100 * made.prune:g} % of {what}"] if made.prune else []
    parts += [f"rank {made.rank}"] if made.rank else []
    changed = ", ".join(parts)
    if made.quantize == "none":
        return changed or "learnt again"
    return f"{changed} in {made.quantize}" if changed else made.quantize


def _row(network: Measurement, found: InRuntime) -> list[str]:
    low, high = found.test_accuracy_interval
    return [
        network.name,
        found.runtime.partition("+")[0],
        f"{found.test_accuracy:.2%} ({100 * low:.2f} to {100 * high:.2f})",
        f"{network.parameters:,}",
        f"{network.nonzero:,}",
        f"{network.multiply_adds:,}",
        f"{found.stored_bytes / 1000:,.1f}",
        f"{found.compressed_bytes / 1000:,.1f}",
        _spread(found.one_image, ".3f"),
        _spread(found.throughput, ",.0f"),
        "–" if found.peak_memory is None else f"{found.peak_memory / 1e6:.1f}",
        f"{1e6 * found.energy.joules:.1f}",
    ]


def _spread(spread: Spread, digits: str) -> str:
    return f"{spread.median:{digits}} ({spread.low:{digits}} to {spread.high:{digits}})"


def document(measured: MeasuredRun) -> dict[str, Any]:
    """The measured networks of a run, as JSON has them."""
    return {
        "run_id": measured.run_id,
        "data": measured.data,
        "day": measured.day,
        "machine": measured.machine,
        "networks": [_facts(network) for network in measured.networks],
        "missing": list(measured.missing),
    }


def compressed_document(run_id: str, student: CompressedStudent) -> dict[str, Any]:
    """A compressed student: how it was made, and what it takes and gives, beside the one it is made of."""
    return {
        "run_id": run_id,
        "of": student.of,
        "student": student.learnt.name,
        "compression": student.compression.model_dump(mode="json"),
        "before": _facts(student.before),
        "after": _facts(student.measured),
    }


def _facts(network: Measurement) -> dict[str, Any]:
    document = network.model_dump(mode="json")
    for figures, found in zip(document["runtimes"], network.runtimes, strict=True):
        figures["test_accuracy"] = found.test_accuracy
        figures["test_accuracy_interval"] = list(found.test_accuracy_interval)
    return document
