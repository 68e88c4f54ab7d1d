"""Numbers, lists, durations and sizes as words."""

from __future__ import annotations

import math
from collections.abc import Sequence

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def count(number: int, noun: str) -> str:
    """Small numbers in words: "five seeds", "one seed"."""
    return f"{in_words(number)} {noun}" if number == 1 else f"{in_words(number)} {noun}s"


def in_words(number: int) -> str:
    """Small numbers in words."""
    return NUMBERS[number] if number < len(NUMBERS) else str(number)


def signed(value: float, digits: int) -> str:
    """A difference with its sign; what rounds to nothing has none."""
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return f"{'−' if value < 0 else '+'}{text}"


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


def percent(share: float, digits: int = 0) -> str:
    """A share in per cent; number and sign stay on one line. What is not quite all is not rounded to all."""
    least = 10.0 ** -(digits + 2)
    if 1 - least / 2 <= share < 1:
        return f"over {100 * (1 - least):.{digits}f}\u00a0%"
    return f"{100 * share:.{digits}f}\u00a0%"


def storage(count: float) -> str:
    """Bytes as people say them."""
    return f"{count / 1e6:.1f}\u00a0MB" if count >= 1e6 else f"{count / 1e3:.0f}\u00a0kB"


def milliseconds(value: float) -> str:
    """A time for one image."""
    return f"{1000 * value:.0f}\u00a0µs" if value < 0.1 else f"{value:.2f}\u00a0ms"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
