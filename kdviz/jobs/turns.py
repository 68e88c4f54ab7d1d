"""Whose turn it is: visitors take turns, so that one who asked for 25 runs does not keep the others waiting."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")
_NEVER = -1


def in_turns(waiting: Iterable[tuple[str, T]], served: Mapping[str, int]) -> list[T]:
    """What waits, in the order in which it will begin; `waiting` has who asked for each, the oldest first.

    `served` has a number for each visitor whose run has begun, the larger the later. First come everybody's oldest
    runs, then everybody's second ones; in a round, whoever has waited longest since a run of theirs began comes first.
    """
    rounds: Counter[str] = Counter()
    places = []
    for number, (visitor, what) in enumerate(waiting):
        places.append(((rounds[visitor], served.get(visitor, _NEVER), number), what))
        rounds[visitor] += 1
    return [what for _, what in sorted(places, key=lambda place: place[0])]
