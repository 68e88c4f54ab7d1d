"""Numbers, lists, durations and sizes as words."""

import math
from collections.abc import Sequence
from datetime import date, datetime

from kdviz.records.base import Mean

FIRST_SECONDS = 2.0  # of a training: most of them go into what comes before it
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def plural(number: int, noun: str) -> str:
    """A noun that goes with this number."""
    return noun if number == 1 else f"{noun}s"


def count(number: int, noun: str) -> str:
    """Small numbers in words: "five seeds", "one seed"."""
    return f"{in_words(number)} {plural(number, noun)}"


def counted(number: int, noun: str) -> str:
    """A number in figures: "1,200 students", "1 student"."""
    return f"{number:,} {plural(number, noun)}"


def in_words(number: int) -> str:
    """Small numbers in words."""
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def signed(value: float, digits: int) -> str:
    """A difference with its sign; what rounds to nothing has none."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return f"{'−' if value < 0 else '+'}{text}"


def difference(
    value: float, low: float | None, high: float | None, digits: int, unit: str = "", found: float | None = None
) -> str:
    """A difference with its interval: "+0.05 points (−0.10 to +0.20)"; alone where it has none.

    `found` is what would have been found: "+0.05 points (−0.10 to +0.20; 0.22 would have been found)".
    """
    text = f"{signed(value, digits)}{unit}"
    if low is None or high is None:
        return text
    more = "" if found is None else f"; {found:,.{digits}f} would have been found"
    return f"{text} ({signed(low, digits)} to {signed(high, digits)}{more})"


def listed(names: Sequence[str]) -> str:
    """Names with commas and a last "and"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def with_prefix(value: float, unit: str = "") -> str:
    """A large number with two or three digits that matter, and its prefix: "0.9 T", "2.1 MB"."""
    if not math.isfinite(value):
        return "?"
    prefixes = ("", "k", "M", "G", "T", "P")
    at = 0
    while value >= 999.5 and at < len(prefixes) - 1:
        value, at = value / 1000, at + 1
    digits = 0 if value >= 99.5 or (at == 0 and value == int(value)) else 1
    return f"{value:.{digits}f}\u00a0{prefixes[at]}{unit}".rstrip("\u00a0")


def day(moment: date) -> str:
    """A day, of a moment in this machine's time zone: "26 November 2026"."""
    local = moment.astimezone() if isinstance(moment, datetime) else moment
    return f"{local.day} {local:%B %Y}"


def percent(share: float, digits: int = 0) -> str:
    """A share in per cent; number and sign stay on one line. What is not quite all is not rounded to all."""
    least = 10.0 ** -(digits + 2)
    if 1 - least / 2 <= share < 1:
        return f"over {100 * (1 - least):.{digits}f}\u00a0%"
    return f"{100 * share:.{digits}f}\u00a0%"


def percent_over_seeds(mean: Mean, digits: int) -> str:
    """A mean share with half its interval: "97.5 % ± 0.3"; alone where it has none, with both ends where one is cut."""
    if mean.interval is None:
        return percent(mean.mean, digits)
    low, high = mean.interval
    if low <= 0 or high >= 1:  # cut at what is possible: no ± to both sides
        return f"{percent(mean.mean, digits)} ({100 * low:.{digits}f} to {100 * high:.{digits}f})"
    return f"{percent(mean.mean, digits)} ±\u00a0{100 * mean.half_width:.{digits}f}"


def percent_of_images(share: float, interval: tuple[float, float]) -> str:
    """A share of the test images with the interval that their choice gives it: "97.52 % (97.2–97.8)"."""
    low, high = interval
    return f"{percent(share, 2)} ({100 * low:.1f}–{100 * high:.1f})"


def three_figures(value: float) -> str:
    """A large number with the three figures that matter: "39,200", "2,330,000"."""
    return f"{float(f'{value:.3g}'):,.0f}"


def storage(count: float) -> str:
    """Bytes as people say them."""
    return f"{count / 1e6:.1f}\u00a0MB" if count >= 1e6 else f"{count / 1e3:.0f}\u00a0kB"


def milliseconds(value: float) -> str:
    """A time for one image; two of them are mostly of one unit."""
    return f"{1000 * value:.0f}\u00a0µs" if value < 0.9995 else f"{value:.2f}\u00a0ms"


def duration(seconds: float) -> str:
    """How long something took: "48 s", "12 min", "2.5 h"."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def time_left(seconds: float, left: float) -> str:
    """ "12 s left"; "" in the first seconds of a training, from which that cannot be told."""
    return f"{max(0.0, left):.0f} s left" if seconds >= FIRST_SECONDS else ""


def expected_duration(seconds: float) -> str:
    """How long something will take, as far as it can be known: "about 40 s", "about 12 min", "about 2.5 h"."""
    if seconds < 1:
        return "less than 1\u00a0s"
    if seconds < 90:
        return f"about {float(f'{seconds:.2g}'):.0f}\u00a0s"
    if seconds < 5400:
        return f"about {seconds / 60:.0f}\u00a0min"
    hours = seconds / 3600
    return f"about {hours:.1f}\u00a0h" if hours < 9.95 else f"about {hours:,.0f}\u00a0h"
