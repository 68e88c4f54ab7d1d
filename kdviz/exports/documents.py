"""A bundle's documents before anything of them is taken: plain JSON, and no text in it but names and plain sentences.

A bundle comes from anywhere. What it holds ends on pages and in files.
"""

import json
import math
import re
from typing import Any

from kdviz.errors import PlainError

_NAME = re.compile(r"[\w .,:;%()/=+×·–-]{0,120}")  # what methods, stages, devices and versions are called
_SENTENCE = re.compile(r"[\w .,:;'’%()/=+×·–-]{0,300}")  # how something was measured
_LARGEST = 2**63


class BundleError(PlainError):
    """A bundle that is refused as a whole; the message is one plain sentence."""


def refuse(why: str) -> BundleError:
    """The error for a bundle that is not taken."""
    return BundleError(f"{why}; nothing of it was taken.")


def damaged() -> BundleError:
    """Its files are not what they were."""
    return refuse("The bundle is damaged")


def document(content: bytes) -> Any:
    """A JSON document without what JSON does not have: no words for infinity, no name twice. Raises BundleError."""
    try:
        return json.loads(
            content.decode(), parse_constant=_finite, parse_float=_finite, parse_int=_small, object_pairs_hook=_once
        )
    except (ValueError, RecursionError):
        raise refuse("The bundle holds a file that cannot be read") from None


def names_only(content: Any) -> None:
    """Raise BundleError for a text in a document that is more than a name."""
    _texts_are(_NAME, content)


def sentences_only(content: Any) -> None:
    """Raise BundleError for a text in a document that is more than a sentence without marks of a format."""
    _texts_are(_SENTENCE, content)


def _texts_are(allowed: re.Pattern[str], content: Any) -> None:
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if not allowed.fullmatch(value):
                raise refuse("The bundle holds text where a name belongs")
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _small(text: str) -> int:
    if len(text) > 20 or abs(number := int(text)) >= _LARGEST:
        raise ValueError(text)
    return number


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name comes twice")
    return members
