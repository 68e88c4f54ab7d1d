"""A talk: a path of scenes through the pages, from `assets/talks`, whose README describes the format."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from kdviz import settings
from kdviz.texts.blocks import LessonError, Where
from kdviz.texts.course import STAGED, TOGETHER

ENGLISH = "en"
FOLDER = settings.ASSETS / "talks"
FACTS = ("title", "lead", "minutes")
OF_SCENE = ("page", "settings", "minutes", "sentence")
PARTS = ("Say", "Ask", "Poll")
# What a poll's truth is computed from, and the keys of the choices that it can name.
TRUTHS: Mapping[str, tuple[str, ...]] = {
    "second-digit": tuple("0123456789"),  # the teacher's logits for the image that is shown
    "taught-wins": ("yes", "no", "even"),  # the two students of the playground
    "best-teacher": ("offline", "online", "self", "none"),  # the verdict of the comparison that is shown
}
MOST_CHOICES = 6
LONGEST_CHOICE = 30  # characters
LONGEST = 90  # minutes of a scene or of a talk
LONGEST_SENTENCE = 110  # characters: two lines of a projector's screen

_FACT = re.compile(r"(\w+):\s*(.*)")
_CHOICE = re.compile(r"- `([^`]+)`\s*(\S.*)")
_NAME = re.compile("[a-z0-9]+(-[a-z0-9]+)*")

_Line = tuple[int, str]


@dataclass(frozen=True)
class Choice:
    """One answer to a poll."""

    key: str
    text: str


@dataclass(frozen=True)
class Poll:
    """A question to the class, and what its truth is computed from."""

    question: str
    choices: tuple[Choice, ...]
    truth: str  # one of TRUTHS


@dataclass(frozen=True)
class Scene:
    """One picture of a talk: where it is, and what is said about it."""

    number: int  # from 1
    title: str
    page: str  # slug
    settings: tuple[tuple[str, str], ...]  # of the page's address
    minutes: float
    sentence: str  # on the stage
    say: str  # Markdown, for whoever speaks
    ask: str  # the same; "" where nothing is asked
    poll: Poll | None  # what a class is asked, each seat for itself
    where: Where

    def address(self, talk: str, **more: str) -> str:
        """The page with the scene's settings, relative to the folder that all pages lie in."""
        return f"{self.page}?{urlencode([*self.settings, ('talk', talk), ('scene', str(self.number)), *more.items()])}"


@dataclass(frozen=True)
class Talk:
    """A path of scenes with the minutes that it takes."""

    name: str
    title: str
    lead: str
    minutes: float
    scenes: tuple[Scene, ...]


def names(folder: Path | None = None) -> tuple[str, ...]:
    """The talks that there are, the shortest first as far as their names begin with their minutes."""
    found = (path.stem for path in ((folder or FOLDER) / ENGLISH).glob("*.md"))
    return tuple(sorted(found, key=lambda name: (int(re.match(r"\d*", name)[0] or 999), name)))  # type: ignore[index]


def read(name: str, language: str | None = None, folder: Path | None = None) -> Talk:
    """The talk called `name`, in the language of `settings.language()` where it has one, else in English.

    A file is read again when it has changed. Raises LessonError where there is no such talk or it cannot be used.
    """
    folder, language = folder or FOLDER, language or settings.language()
    if not _NAME.fullmatch(name) or name not in names(folder):
        raise LessonError(f"There is no talk of this name; the talks are {', '.join(names(folder))}.")
    path = folder / language / f"{name}.md"
    if not path.exists():
        path = folder / ENGLISH / f"{name}.md"
    return _kept(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _kept(path: Path, _changed: int) -> Talk:
    file = f"{path.parent.name}/{path.name}"
    try:
        return parse(path.read_text(encoding="utf-8"), path.stem, file)
    except UnicodeDecodeError as error:
        raise LessonError(f"{file}, line 1: the file is no UTF-8 text.") from error


def parse(source: str, name: str, file: str) -> Talk:
    """One file's text as a talk; `file` is what messages call it. Raises LessonError."""
    lines = list(enumerate(source.lstrip("\ufeff").splitlines(), start=1))
    starts = [at for at, (_, text) in enumerate(lines) if text.startswith("# ")]
    if not starts:
        raise Where(file, 1).error("the talk has no scene; a scene begins with a line like # Guess.")
    facts = _front_matter(lines[: starts[0]], file)
    blocks = [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]
    scenes = tuple(_scene(number, block, file) for number, block in enumerate(blocks, 1))
    minutes, needed = _minutes(*facts["minutes"]), sum(scene.minutes for scene in scenes)
    if needed != minutes:
        raise facts["minutes"][1].error(f"the talk takes {minutes:g} minutes, but its scenes take {needed:g} together.")
    return Talk(name, facts["title"][0], facts["lead"][0], minutes, scenes)


def _front_matter(lines: Sequence[_Line], file: str) -> Mapping[str, tuple[str, Where]]:
    written = [(number, text) for number, text in lines if text.strip()]
    if len(written) < 2 or written[0][1].strip() != "---" or written[-1][1].strip() != "---":
        raise Where(file, 1).error("the file must begin with ---, then title, lead and minutes, then --- again.")
    return _facts(written[1:-1], FACTS, Where(file, 1))


def _facts(lines: Sequence[_Line], wanted: Sequence[str], where: Where) -> Mapping[str, tuple[str, Where]]:
    """Each `name: what` with its place; all of the wanted but settings must be there."""
    facts: dict[str, tuple[str, Where]] = {}
    for number, text in lines:
        at, fact = Where(where.file, number), _FACT.fullmatch(text.strip())
        if fact is None or fact[1] not in wanted:
            raise at.error(f"“{text.strip()}” is none of {', '.join(f'{name}: …' for name in wanted)}.")
        if fact[1] in facts:
            raise at.error(f"{fact[1]} stands twice.")
        facts[fact[1]] = fact[2], at
    for name in wanted:
        if name != "settings" and not facts.get(name, ("",))[0]:
            raise where.error(f"{name} is missing.")
    return facts


def _scene(number: int, block: Sequence[_Line], file: str) -> Scene:
    where = Where(file, block[0][0])
    heads = [at for at, (_, text) in enumerate(block) if text.startswith("## ")]
    end = heads[0] if heads else len(block)
    facts = _facts([(line, text) for line, text in block[1:end] if text.strip()], OF_SCENE, where)
    page, at = facts["page"]
    if page not in (pages := STAGED + TOGETHER):
        raise at.error(f"page is {page}; it takes one of {', '.join(pages)}.")
    sentence, at = facts["sentence"]
    if len(sentence) > LONGEST_SENTENCE:
        raise at.error(f"the sentence has {len(sentence)} characters; {LONGEST_SENTENCE} have room on the stage.")
    parts = {name: (lines, at) for name, lines, at in _parts(block[end:], file)}
    say, ask = (_joined(parts[name][0]) if name in parts else "" for name in ("Say", "Ask"))
    if not say:
        raise where.error("the scene has no ## Say: what to say about the picture.")
    given = facts.get("settings", ("", where))
    return Scene(
        number,
        block[0][1][2:].strip(),
        page,
        _settings(*given),
        _minutes(*facts["minutes"]),
        sentence,
        say,
        ask,
        _poll(*parts["Poll"]) if "Poll" in parts else None,
        where,
    )


def _parts(lines: Sequence[_Line], file: str) -> Iterator[tuple[str, Sequence[_Line], Where]]:
    heads = [at for at, (_, text) in enumerate(lines) if text.startswith("## ")]
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=False):
        number, text = lines[start]
        if text[3:].strip() not in PARTS:
            raise Where(file, number).error(f"“{text.strip()}” is none of {', '.join(f'## {part}' for part in PARTS)}.")
        yield text[3:].strip(), lines[start + 1 : end], Where(file, number)


def _joined(lines: Sequence[_Line]) -> str:
    return "\n".join(text for _, text in lines).strip()


def _poll(lines: Sequence[_Line], where: Where) -> Poll:
    """`truth: …`, then the question, then a line for each choice."""
    written = [(number, text.strip()) for number, text in lines if text.strip()]
    name, _, truth = written[0][1].partition(":") if written else ("", "", "")
    if name != "truth" or truth.strip() not in TRUTHS:
        raise where.error(f"a poll begins with a line truth: and one of {', '.join(TRUTHS)}.")
    allowed = TRUTHS[truth.strip()]
    question = " ".join(text for _, text in written[1:] if not text.startswith("-"))
    if not 0 < len(question) <= LONGEST_SENTENCE:
        raise where.error(f"the question has {len(question)} characters; it takes 1 to {LONGEST_SENTENCE}.")
    choices: dict[str, Choice] = {}
    for number, text in written[1:]:
        if text.startswith("-"):
            choice = _choice(text, allowed, Where(where.file, number))
            choices[choice.key] = choice
    if not 2 <= len(choices) <= MOST_CHOICES:
        raise where.error(f"the poll has {len(choices)} choices with different keys; it takes 2 to {MOST_CHOICES}.")
    return Poll(question, tuple(choices.values()), truth.strip())


def _choice(text: str, allowed: Sequence[str], where: Where) -> Choice:
    found = _CHOICE.fullmatch(text)
    if found is None or found[1] not in allowed:
        raise where.error(f"a choice is written - `key` its text; here its key is one of {', '.join(allowed)}.")
    if len(found[2]) > LONGEST_CHOICE:
        raise where.error(f"the choice has {len(found[2])} characters; {LONGEST_CHOICE} have room on the stage.")
    return Choice(found[1], found[2])


def _settings(text: str, where: Where) -> tuple[tuple[str, str], ...]:
    try:
        pairs = parse_qsl(text, strict_parsing=True) if text else []
    except ValueError as error:
        raise where.error(f"settings is {text}; it is written as in an address: T=4&class=7.") from error
    return tuple(pairs)


def _minutes(text: str, where: Where) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= LONGEST:
        raise where.error(f"minutes is {text}; it takes a number above 0, up to {LONGEST}.")
    return value
