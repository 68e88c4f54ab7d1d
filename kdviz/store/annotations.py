"""Tags and notes of runs: what is allowed, and how it is tidied. Data: never run, shown as HTML or used as a path."""

import unicodedata
from collections.abc import Iterable

from kdviz.errors import PlainError

MOST_TAGS = 10
LONGEST_TAG = 40
LONGEST_NOTE = 4000


class AnnotationError(PlainError):
    """Tags or a note that are too much; the message says in one sentence what is allowed."""


def tidy_tags(given: Iterable[str]) -> tuple[str, ...]:
    """Different tags in their order, spaces tidied, without those that are empty. Raises AnnotationError."""
    tags: dict[str, str] = {}
    for tag in given:
        tidy = " ".join(_visible(tag).split())
        if tidy:
            tags.setdefault(tidy.casefold(), tidy)
    if len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags.values()):
        raise AnnotationError(f"A run takes up to {MOST_TAGS} tags of up to {LONGEST_TAG} characters each.")
    return tuple(tags.values())


def tidy_note(given: str) -> str:
    """The note without characters that cannot be seen. Raises AnnotationError."""
    note = _visible(given.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(note) > LONGEST_NOTE:
        raise AnnotationError(f"A note takes up to {LONGEST_NOTE:,} characters; this one has {len(note):,}.")
    return note


def _visible(text: str) -> str:
    """Without characters that databases refuse (controls, halves of characters), and without turns of the writing."""
    turns = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return "".join(c for c in text if c in "\n\t" or (unicodedata.category(c) not in ("Cc", "Cs") and c not in turns))
