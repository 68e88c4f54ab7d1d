"""The course: its lessons in reading order, and the glossary that all of them share."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kdviz.texts import lesson as lesson_text
from kdviz.texts.blocks import LessonError, LessonText, Term

SLUGS = (
    "why_distil",
    "soft_targets",
    "watch_it_train",
    "temperature",
    "loss",
    "three_ways",
    "what_is_transferred",
    "after_distillation",
    "when_it_helps",
    "hintons_table",
    "mistakes",
    "next_letter",
    "gradient_noise",
    "words",
)
APPENDICES = ("gradient_noise", "words")  # the last ones, which have letters instead of numbers
LESSONS = len(SLUGS) - len(APPENDICES)
GLOSSARY = "words"
FURNITURE = "course"
START = "start"  # the first page, whose address has no name
STAGED = ("playground", *(slug for slug in SLUGS if slug != GLOSSARY), "explorer")  # pages with a picture, in order
TOGETHER = ("draw_together", "race_together")  # pages that a class fills; scenes of talks lead there

_TERM = re.compile(r"(?<!\\)\[([^\[\]]*[^\[\]\\])\]\(#([a-z0-9-]+)\)")  # a backslash takes the meaning from a bracket
_MARKUP = re.compile(r"\[([^\[\]]+)\]\([^()]*\)|[*`]")


@dataclass(frozen=True)
class Lesson:
    """A lesson's place in the course. Its slug is its address, its page's file name and its text's file name."""

    position: int  # from 1, the appendices included
    slug: str
    title: str
    question: str
    lead: str
    minutes: int
    checks: tuple[str, ...]  # their keys

    @property
    def appendix(self) -> bool:
        """Whether it is to be looked up rather than read on the way."""
        return self.slug in APPENDICES

    @property
    def number(self) -> str:
        """What it is called by: "1", "2" and so on; "A" and "B" for the appendices."""
        return "ABCDEFGH"[self.position - LESSONS - 1] if self.appendix else str(self.position)

    @property
    def page(self) -> str:
        """The page's file, as Streamlit names it."""
        return f"pages/{self.slug}.py"


def lesson(slug: str) -> Lesson:
    """One lesson; raises LessonError where its text cannot be read."""
    text = lesson_text.read(slug)
    title, question, lead = (text.fact(name) for name in ("title", "question", "lead"))
    return Lesson(SLUGS.index(slug) + 1, slug, title, question, lead, text.minutes(), tuple(text.checks))


def lessons() -> tuple[Lesson, ...]:
    """All lessons in reading order. One whose text cannot be read keeps its place: its own page tells what is wrong."""
    readable: list[Lesson] = []
    for position, slug in enumerate(SLUGS, 1):
        try:
            readable.append(lesson(slug))
        except LessonError:
            readable.append(Lesson(position, slug, slug.replace("_", " ").capitalize(), "", "", 0, ()))
    return tuple(readable)


def glossary() -> Mapping[str, Term]:
    """All terms by their keys."""
    return lesson_text.read(GLOSSARY).terms


def words() -> LessonText:
    """What the furniture of every lesson says: lesson, minutes, next, and so on."""
    return lesson_text.read(FURNITURE)


def with_terms(markdown: str, show: Callable[[str, str], str]) -> str:
    """Text whose mentions of terms, `[soft targets](#soft-targets)`, become `show(words, key)`."""
    return _TERM.sub(lambda mention: show(mention[1], mention[2]), markdown)


def plain(markdown: str) -> str:
    """The words alone: without emphasis, code marks and links, on one line."""
    return " ".join(_MARKUP.sub(lambda marked: marked[1] or "", markdown).split())
