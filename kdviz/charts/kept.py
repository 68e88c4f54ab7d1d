"""Figures and tables that are made once for all visitors who look at the same result: to make one takes up to 50 ms."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

MOST = 256  # of all kinds together

P = ParamSpec("P")
F = TypeVar("F")

_kept: OrderedDict[Hashable, tuple[Any, Any]] = OrderedDict()  # by function and facts: the facts, and what was made
_lock = Lock()


def kept(make: Callable[P, F]) -> Callable[P, F]:
    """A function whose last results are kept; whoever gets one must not change it, as others get it too.

    Records are known by being the same object, not by what is in them, and must not change.
    """

    @wraps(make)
    def once(*facts: P.args, **named: P.kwargs) -> F:
        key = make, _key(facts), _key(named)
        with _lock:
            if key in _kept:
                _kept.move_to_end(key)
                found: F = _kept[key][1]
                return found
        made = make(*facts, **named)
        with _lock:
            _kept[key] = (facts, named), made  # with the facts: as long as they are there, no others have their ids
            while len(_kept) > MOST:
                _kept.popitem(last=False)
        return made

    return once


def _key(fact: object) -> Hashable:
    if isinstance(fact, Mapping):
        return tuple((name, _key(value)) for name, value in fact.items())
    if isinstance(fact, list | tuple):
        return tuple(map(_key, fact))
    try:
        hash(fact)
    except TypeError:
        return id(fact)
    return fact
