"""The text of a lesson in the language of this server; what a translation leaves out is English."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from kdviz import settings
from kdviz.texts.blocks import Check, LessonError, LessonText, parse

ENGLISH = "en"
FOLDER = settings.ASSETS / "lessons"


def read(slug: str, language: str | None = None, folder: Path | None = None) -> LessonText:
    """The text called `slug`, in the language of `settings.language()` unless another is named.

    A file is read again when it has changed, so an edit shows at the next run of a page. Raises LessonError.
    """
    folder = FOLDER if folder is None else folder
    language = settings.language() if language is None else language
    english = _parsed(folder / ENGLISH / f"{slug}.md")
    path = folder / language / f"{slug}.md"
    if language == ENGLISH or not path.exists():
        return english
    return completed(_parsed(path), english)


def completed(translation: LessonText, english: LessonText) -> LessonText:
    """A translation with the English blocks that it leaves out; raises LessonError for blocks that cannot stand."""
    for kind in ("texts", "formulas", "says", "checks", "terms"):
        unknown = getattr(translation, kind).keys() - getattr(english, kind).keys()
        if unknown:
            key = min(unknown)
            raise translation.where.error(f"the block “{key}” has no counterpart in {english.where.file}.")
    for key, check in translation.checks.items():
        _same_answers(check, english.checks[key])
    return replace(
        translation,
        facts=MappingProxyType({**english.facts, **translation.facts}),
        texts=MappingProxyType({**english.texts, **translation.texts}),
        formulas=MappingProxyType({**english.formulas, **translation.formulas}),
        says=MappingProxyType({**english.says, **translation.says}),
        words=MappingProxyType({**english.words, **translation.words}),
        suggestions=translation.suggestions or english.suggestions,
        checks=MappingProxyType({**english.checks, **translation.checks}),
        sources=translation.sources or english.sources,
        terms=MappingProxyType({**english.terms, **translation.terms}),
    )


def _same_answers(check: Check, english: Check) -> None:
    given, wanted = ({answer.key for answer in one.answers} for one in (check, english))
    if given != wanted:
        raise check.question.where.error(
            f"the answers of the check {check.key} must be {', '.join(sorted(wanted))}, as in English, "
            f"but are {', '.join(sorted(given))}."
        )


def _parsed(path: Path) -> LessonText:
    file = f"{path.parent.name}/{path.name}"
    try:
        return _kept(path, file, path.stat().st_mtime_ns)
    except OSError as error:
        raise LessonError(f"{file}, line 1: the file cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise LessonError(f"{file}, line 1: the file is no UTF-8 text.") from error


@lru_cache(maxsize=256)
def _kept(path: Path, file: str, _changed: int) -> LessonText:
    return parse(path.read_text(encoding="utf-8"), path.stem, file)
