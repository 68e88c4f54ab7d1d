"""Numbers and lists made small for the browser: few digits, few points, None for what is no number (JSON has none)."""

import base64
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from statistics import fmean
from typing import TypeVar

T = TypeVar("T")


def short(value: float | None, digits: int = 4) -> float | None:
    """A number with so many digits that count; None for what is not finite."""
    return float(f"{value:.{digits}g}") if value is not None and math.isfinite(value) else None


def rounded(values: Iterable[float], places: int) -> list[float | None]:
    """Numbers with so many digits behind the point; None for what is not finite."""
    return [round(value, places) if math.isfinite(value) else None for value in values]


def thinned(items: Sequence[T], most: int) -> list[T]:
    """At most `most` items, evenly spread and with the last."""
    stride = -(-len(items) // max(1, most)) or 1
    return list(items[::-1][::stride][::-1])


def finite_mean(values: Iterable[float]) -> float | None:
    """The mean of what is finite, None where nothing is."""
    known = [value for value in values if math.isfinite(value)]
    return fmean(known) if known else None


def rounded_up(value: float, steps: Sequence[float] = (1, 1.5, 2, 3, 5, 7, 10)) -> float:
    """The next round number: one of `steps` times a power of ten; 1 for what is not above 0."""
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(float(f"{step * power:.3g}") for step in steps if step * power >= value * (1 - 1e-9))


@lru_cache(maxsize=256)
def pixels(image: tuple[int, ...]) -> str:
    """The bytes of an image as Base64."""
    return base64.b64encode(bytes(image)).decode("ascii")
