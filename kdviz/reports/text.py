"""Plain-text tables and ranges of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MOST_LISTED = 8  # values of a list in a line


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
