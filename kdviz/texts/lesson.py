"""The text of a lesson in the language of this server; what a translation leaves out is English."""

import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from kdviz import settings
from kdviz.texts.blocks import LessonError, LessonText, parse

ENGLISH = "en"
FOLDER = settings.ASSETS / "lessons"


def read(slug: str, language: str | None = None, folder: Path | None = None) -> LessonText:
    """The text called `slug`, in the language of `settings.language()` unless another is named.

    A file is read again when it has changed, so an edit shows at the next run of a page. Raises LessonError.
    """
    folder = FOLDER if folder is None else folder
    language = settings.language() if language is None else language
    english = _parsed(folder, ENGLISH, slug)
    if language == ENGLISH or not _place(folder, language, slug)[0].exists():
        return english
    return completed(_parsed(folder, language, slug), english)


def completed(translation: LessonText, english: LessonText) -> LessonText:
    """A translation with the English blocks that it leaves out; raises LessonError for blocks that cannot stand."""
    blocks: dict[str, Any] = {}
    for kind in ("texts", "formulas", "says", "checks", "terms", "facts", "words"):
        translated, complete = getattr(translation, kind), getattr(english, kind)
        unknown = translated.keys() - complete.keys()
        if unknown and kind not in ("facts", "words"):
            raise translation.where.error(f"the block “{min(unknown)}” has no counterpart in {english.where.file}.")
        blocks[kind] = {**complete, **translated}
    for key, check in translation.checks.items():
        keys, wanted = (sorted({answer.key for answer in of.answers}) for of in (check, english.checks[key]))
        if keys != wanted:
            raise check.question.where.error(
                f"the answers of the check {key} must be {', '.join(wanted)}, as in English, but are {', '.join(keys)}."
            )
    return replace(
        translation,
        **blocks,
        suggestions=translation.suggestions or english.suggestions,
        sources=translation.sources or english.sources,
    )


@lru_cache(maxsize=256)  # a page asks for texts a hundred times; to put a path together takes longer than to look at it
def _place(folder: Path, language: str, slug: str) -> tuple[Path, str, str]:
    """Where the text lies, the same for the system, and what messages call it."""
    path = folder / language / f"{slug}.md"
    return path, str(path), f"{path.parent.name}/{path.name}"


def _parsed(folder: Path, language: str, slug: str) -> LessonText:
    path, for_system, file = _place(folder, language, slug)
    try:
        return _kept(path, file, os.stat(for_system).st_mtime_ns)
    except OSError as error:
        raise LessonError(f"{file}, line 1: the file cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise LessonError(f"{file}, line 1: the file is no UTF-8 text.") from error


@lru_cache(maxsize=256)
def _kept(path: Path, file: str, _changed: int) -> LessonText:
    return parse(path.read_text(encoding="utf-8"), path.stem, file)
