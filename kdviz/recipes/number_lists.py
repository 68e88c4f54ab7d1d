"""Numbers and lists as people write them: 2.5 or 2,5; "a,b"; "0-4" or "0,2,7"; "1:20:5" for five values from 1 to 20.

A comma between two numbers is a decimal comma where one number is wanted, and parts two where a list is: "2,5" is 2.5
as a temperature, and 2 and 5 as temperatures. A list with semicolons, "0,5;2", may have decimal commas.
"""

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from kdviz.recipes.catalogue import CLASSES

LARGEST_SEED = 2**31 - 1
MOST_SEEDS = 20
MOST_VALUES = 30  # of one parameter of a sweep
FINEST = 16  # digits of a float

_DECIMAL_COMMA = re.compile(r"\s*([+-]?[0-9]+),([0-9]+)\s*")
_THOUSANDS = re.compile(r"\s*[+-]?[1-9][0-9]{0,2},[0-9]{3}\s*")  # or one and a decimal comma: nobody can tell


def with_point(given: Any) -> Any:
    """A number with a decimal comma, 2,5, as a text with a point, 2.5; whatever else as it is.

    So is 1,000, which is a thousand to some and one to others: it is no number, and refused where one is wanted.
    """
    comma = isinstance(given, str) and not _THOUSANDS.fullmatch(given) and _DECIMAL_COMMA.fullmatch(given)
    return f"{comma[1]}.{comma[2]}" if comma else given


def items_in(given: Any) -> list[str]:
    """The items of "a,b", of a sequence, or a single value, as texts without spaces around them."""
    items = given.split(",") if isinstance(given, str) else given if isinstance(given, tuple | list) else [given]
    return [str(item).strip() for item in items]


def seeds_in(given: Any) -> tuple[int, ...]:
    """Different seeds in order, from "0-4", "0,2,7" or a sequence. The ValueError of a validator otherwise."""
    seeds = sorted(set(_whole_numbers(given)))
    if not 1 <= len(seeds) <= MOST_SEEDS or seeds[0] < 0 or seeds[-1] > LARGEST_SEED:
        raise ValueError(f"it takes 1 to {MOST_SEEDS} whole numbers from 0 to {LARGEST_SEED:,}, as 0-4 or 0,2,7.")
    return tuple(seeds)


def classes_in(given: Any) -> tuple[int, ...]:
    """Different classes in order, from "0-5", "7,8" or a sequence; () for all of them and for nothing.

    The ValueError of a validator otherwise.
    """
    if given in ("", (), []):
        return ()
    classes = sorted(set(_whole_numbers(given)))
    if len(classes) < 2 or classes[0] < 0 or classes[-1] >= CLASSES:
        raise ValueError(f"it takes at least two of the classes 0 to {CLASSES - 1}, as 0-5 or 7,8.")
    return () if len(classes) == CLASSES else tuple(classes)


def _whole_numbers(given: Any) -> Sequence[int]:
    """Whole numbers from "0-4", "0,2,7" or a sequence; nothing where it is neither."""
    if not isinstance(given, str):
        sequence = list(given) if isinstance(given, tuple | list) else []
        return sequence if all(type(number) is int for number in sequence) else []
    numbers: list[int] = []
    for part in given.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            return []
        if max(len(first), len(last)) > len(str(LARGEST_SEED)):
            return []
        low, high = int(first), int(last or first)
        if not 0 <= high - low < MOST_SEEDS:
            return []
        numbers += range(low, high + 1)
    return numbers


def values_in(given: Any, low: float, high: float, *, geometric: bool) -> tuple[float, ...]:
    """Different numbers from `low` to `high`, in order, from "1,2,4", "0,5;1", "1:20:5" or a sequence.

    LOW:HIGH:COUNT are values of equal ratio where `geometric` (rounded to two digits, or as many as keep them apart),
    else of equal distance. The ValueError of a validator otherwise.
    """
    allowed = f"it takes 1 to {MOST_VALUES} numbers from {low:g} to {high:g}, as 1,2,4 or LOW:HIGH:COUNT."
    if isinstance(given, str) and ":" in given:
        numbers = _spaced(given, allowed, geometric)
    else:
        listed = given.split(";" if ";" in given else ",") if isinstance(given, str) else given
        numbers = [_number(part, allowed) for part in (listed if isinstance(listed, tuple | list) else [listed])]
    values = sorted({number + 0.0 for number in numbers})  # -0.0 equals 0.0, and equal recipes have one id
    if not 1 <= len(values) <= MOST_VALUES or values[0] < low or values[-1] > high:
        raise ValueError(allowed)
    return tuple(values)


def _number(text: Any, allowed: str) -> float:
    if isinstance(text, bool):
        raise ValueError(allowed)
    try:
        number = float(with_point(text))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(allowed) from None
    if not math.isfinite(number):
        raise ValueError(allowed)
    return number


def _spaced(text: str, allowed: str, geometric: bool) -> list[float]:
    parts = text.split(":")
    if len(parts) != 3 or not parts[2].strip().isdecimal() or len(parts[2].strip()) > 4:
        raise ValueError(allowed)
    first, last, count = _number(parts[0], allowed), _number(parts[1], allowed), int(parts[2])
    if not 1 <= count <= MOST_VALUES or (geometric and min(first, last) <= 0):
        raise ValueError(allowed)
    if first > last:
        raise ValueError(f"the range is reversed: write {last:g}:{first:g}:{count}.")
    if first == last or count == 1:
        return [first]
    shares = [number / (count - 1) for number in range(1, count - 1)]
    if geometric:
        exact, digits = [first * (last / first) ** share for share in shares], 2
    else:
        exact, digits = [first + (last - first) * share for share in shares], 4
    while digits < FINEST:
        values = [first, *(float(f"{value:.{digits}g}") for value in exact), last]
        if all(low < high for low, high in pairwise(values)):
            return values
        digits += 1  # values that lie this close together would be one
    raise ValueError(allowed)
