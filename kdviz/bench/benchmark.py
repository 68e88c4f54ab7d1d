"""All benchmarks one after the other, and what they measured as text."""

import statistics
from contextlib import nullcontext
from itertools import zip_longest

from kdviz.bench import comparison, playground, server, sweep, training
from kdviz.bench.comparison import ComparisonSpeed
from kdviz.bench.playground import PlaygroundSpeed
from kdviz.bench.server import PageServer
from kdviz.bench.sweep import SweepSpeed
from kdviz.bench.timing import Effort, Measurement, Ratio, Say, empty_state, fewer_images
from kdviz.bench.training import TrainingSpeed
from kdviz.reports.text import table


class Benchmark(Measurement):
    """What all benchmarks measured."""

    page_server: PageServer
    training: TrainingSpeed
    comparison: ComparisonSpeed
    sweep: SweepSpeed
    playground: PlaygroundSpeed | None  # where a browser and TensorFlow.js are installed


def measure(effort: Effort, say: Say) -> Benchmark:
    """Time everything; a line to `say` after each step. Needs MNIST; raises DataError."""
    page_server = server.measure()
    say(f"page server ready after {page_server.seconds:.2f} s")
    in_browser = playground.measure(effort, say)
    with empty_state(), fewer_images(effort.images) if effort.images > 1 else nullcontext():
        return Benchmark(
            page_server=page_server,
            training=training.measure(effort, say),
            comparison=comparison.measure(effort, say),
            sweep=sweep.measure(effort, say),
            playground=in_browser,
        )


def text(measured: Benchmark, effort: Effort) -> str:
    """The ratios, a line each, with their medians and ranges."""
    training, comparing, sweeping = measured.training, measured.comparison, measured.sweep
    page_server = measured.page_server
    quick = f"Quick: one in {effort.images} images and {effort.usual_loops} of 25 usual loops, so ranges are wider.\n"
    of_sizes = zip_longest(
        map(str, sweeping.sizes),
        (f"{seconds:.3f} s" for seconds in sweeping.seconds_of_student),
        (f"{peak / 1e6:.1f} MB" for peak in sweeping.memory),
        fillvalue="",
    )
    return "\n".join(
        [
            f"{quick if effort.images > 1 else ''}An epoch of the reference recipe, {training.images:,} images, "
            f"{training.machine}, {training.repetitions} times in turns",
            _ratios(
                ("faster than the usual loop, teacher's logits cached", training.faster_than_usual_cached),
                ("faster than the usual loop, with 1/5 of the teacher's pass", training.faster_than_usual),
                ("part of the machine's matrix-product limit", training.of_machine_limit),
            ),
            f"\nAn epoch of the default comparison, {len(comparison.COMPARISON.methods)} methods, one seed, "
            f"its teachers' training included: {statistics.median(comparing.whole_seconds):.1f} s",
            _ratios(
                ("in turns, against one method after the other", comparing.turns_cost),
                (f"{comparison.SEEDS} students stacked, faster than one by one", comparing.stacked_gain),
            ),
            "\nAn epoch of sweeps, the teacher being there",
            _ratios(
                ("5 x 5 grid with alpha = 0, 21 students, faster than 25 usual loops", sweeping.grid_faster),
                ("5 x 5 grid without alpha = 0, 26 students, faster than 25 usual loops", sweeping.different_faster),
                ("time of a student among 64, against one alone", sweeping.size_ratio),
            ),
            table([f"students ({sweep.IMAGES // effort.images:,} images)", "each", "memory"], of_sizes),
            *([] if measured.playground is None else _of_playground(measured.playground)),
            f"\nPage server: ready after {page_server.seconds:.2f} s, {page_server.megabytes:.0f} MB before the first "
            f"job ({page_server.beside_megabytes:.0f} MB in {page_server.beside_processes} processes beside it)",
        ]
    )


def _of_playground(measured: PlaygroundSpeed) -> list[str]:
    faster = zip(measured.units, measured.faster_than_tensorflow, strict=True)
    return [
        f"\nAn update of a student in the browser, batch {playground.BATCH}, {measured.browser}, one thread",
        _ratios(
            *((f"784-{units}-10, faster than TensorFlow.js' faster CPU backend", ratio) for units, ratio in faster),
            ("updates a second of taught and plain student together, 784-32-10", measured.pairs_per_second),
        ),
    ]


def _ratios(*rows: tuple[str, Ratio]) -> str:
    cells = [[name, *(f"{value:.2f}" for value in (ratio.median, ratio.low, ratio.high))] for name, ratio in rows]
    return table(["", "median", "lowest", "highest"], cells)
