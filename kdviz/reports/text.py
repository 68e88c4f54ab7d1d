"""Tables, ranges, means and verdicts for the command line, in plain characters."""

import math
from collections.abc import Iterable, Sequence

from kdviz.records.base import Mean, Verdict
from kdviz.reports.findable import usual
from kdviz.reports.phrases import plural

SHARE = 100  # percentage points of a share
MOST_LISTED = 8  # values of a list in a line
DIVERGED = "diverged"


def numbers(values: Sequence[float]) -> str:
    """Values as the command line takes them, `1,2,4`; of many the ends and how many there are, `0 to 1 (21)`."""
    if len(values) > MOST_LISTED:
        return f"{values[0]:g} to {values[-1]:g} ({len(values)})"
    return ",".join(f"{value:g}" for value in values)


def ranges(whole: Sequence[int]) -> str:
    """Rising whole numbers as the command line takes them: `0-4,7`."""
    runs: list[list[int]] = []
    for number in whole:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def seeds(numbers: Sequence[int]) -> str:
    """ "seed 3", "seeds 0-4"."""
    return f"{plural(len(numbers), 'seed')} {ranges(numbers)}"


def shown(classes: Sequence[int]) -> str:
    """ ", students shown 0-5 alone"; nothing where they are shown all classes."""
    return f", students shown {ranges(classes)} alone" if classes else ""


def share(mean: Mean) -> str:
    """A mean share in percent with its interval: "97.12% (96.80 to 97.44)"."""
    ends = " to ".join(f"{100 * end:.2f}" for end in mean.interval or ())
    return f"{mean.mean:.2%} ({ends})" if ends else f"{mean.mean:.2%}"


def difference(
    verdict: Verdict,
    scale: float = SHARE,
    digits: str = ".2f",
    unit: str = " percentage points",
    found: float | None = None,
) -> str:
    """A difference, `scale` times as large, with its interval: "+0.10 percentage points, -0.05 to +0.25".

    `found` is what would have been found: "…, -0.05 to +0.25; 0.30 would have been found".
    """
    possible = verdict if scale != SHARE else verdict.of_shares
    ends = " to ".join(f"{scale * end:+{digits}}" for end in possible.interval or ())
    more = "" if found is None else f"; {scale * found:{digits}} would have been found"
    return f"{scale * verdict.difference:+{digits}}{unit}{ends and f', {ends}'}{more}"


def judged(
    verdict: Verdict,
    scale: float = SHARE,
    digits: str = ".2f",
    unit: str = " percentage points",
    found: float | None = None,
) -> str:
    """A verdict in a word, with the `difference`: "better (+0.10 percentage points, +0.05 to +0.15)"."""
    if not math.isfinite(verdict.difference):
        return f"{verdict.word}, as a training diverged"
    return f"{verdict.word} ({difference(verdict, scale, digits, unit, found)})"


def one_seed(comparisons: int = 1) -> str:
    """That one seed has no verdict, and what several would find."""
    advice = "; ".join(
        f"{each.seeds} seeds find {100 * each.low:.1f} to {100 * each.high:.1f}" for each in usual(comparisons)
    )
    of_points = f" With all labels of MNIST, 4 times in 5, {advice} percentage points." if advice else ""
    return f"One seed: no verdicts; a difference may be chance. Try --seeds 0-4.{of_points}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns under their headings: the first to the left, figures to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
