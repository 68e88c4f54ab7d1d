"""One file of a lesson's text, read into frozen models. `assets/lessons/README.md` describes the format."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from kdviz.errors import PlainError

FACTS = ("title", "question", "lead", "minutes")
KEYED = ("text", "formula", "say", "check", "term")  # the other kinds of block stand once in a file
SINGLE = ("words", "try", "sources")
LONGEST_LESSON = 90  # minutes

_FACT = re.compile(r"(\w+):\s*(.*)")
_HEADING = re.compile(r"([a-z]+)(?::\s*(\S.*))?")
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NAMED = re.compile(r"`([^`]+)`\s*(.*)")
_LINK = re.compile(r"\[(.+)\]\((https?://[^\s)]+)\)")
_PLACE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_MATH = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)

Line = tuple[int, str]  # the line's number in the file, from 1, and its text
_Block = TypeVar("_Block")


class LessonError(PlainError):
    """A text that cannot be read or used; the message names file and line."""


@dataclass(frozen=True)
class Where:
    """A line of a file, for messages."""

    file: str
    line: int

    def error(self, problem: str) -> LessonError:
        """The one sentence about what is wrong here."""
        return LessonError(f"{self.file}, line {self.line}: {problem}")


@dataclass(frozen=True)
class Words:
    """Markdown with named places, `{{temperature}}`, that the page fills in."""

    markdown: str
    where: Where

    @property
    def places(self) -> frozenset[str]:
        """The names of the places."""
        return frozenset(_PLACE.findall(self.markdown))

    def filled(self, places: Mapping[str, object]) -> str:
        """The text with a value in each place; raises LessonError for a place without one."""
        for name in sorted(self.places - places.keys()):
            names = ", ".join(f"{{{{{place}}}}}" for place in sorted(places)) or "none"
            raise self.where.error(f"nothing is known as {{{{{name}}}}} here; the places of this text are {names}.")
        return _PLACE.sub(lambda place: str(places[place[1]]), self.markdown)


@dataclass(frozen=True)
class Formula:
    """A formula in LaTeX and what its symbols mean."""

    latex: str
    symbols: tuple[tuple[str, str], ...]  # (symbol in LaTeX, meaning in Markdown)


@dataclass(frozen=True)
class Answer:
    """One answer to a check. Where a number or a control gives the answer, it has no text of its own."""

    key: str
    text: Words
    explanation: Words


@dataclass(frozen=True)
class Check:
    """A question with an explanation for each answer."""

    key: str
    question: Words
    answers: tuple[Answer, ...]

    def answer(self, key: str) -> Answer:
        """The answer called `key`; raises LessonError where there is none."""
        answers = {answer.key: answer for answer in self.answers}
        if key not in answers:
            raise self.question.where.error(
                f"the check {self.key} needs an answer called {key}; it has {', '.join(answers)}."
            )
        return answers[key]


@dataclass(frozen=True)
class Term:
    """An entry of the glossary."""

    key: str
    name: str
    meaning: str  # Markdown without its formulas
    formulas: tuple[str, ...] = ()  # LaTeX
    lessons: tuple[str, ...] = ()  # slugs of the lessons that teach it


@dataclass(frozen=True)
class LessonText:
    """All that a page says, in the order of its file."""

    slug: str
    where: Where
    facts: Mapping[str, str]
    texts: Mapping[str, Words] = field(default_factory=dict)
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    says: Mapping[str, Words] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    suggestions: tuple[Words, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    sources: tuple[tuple[str, str], ...] = ()  # (author, year and title; address)
    terms: Mapping[str, Term] = field(default_factory=dict)

    def fact(self, name: str) -> str:
        """A line of the front matter; raises LessonError where there is none."""
        if name not in self.facts:
            raise self.where.error(f"the lines between --- and --- give no {name}.")
        return self.facts[name]

    def minutes(self) -> int:
        """How long the lesson takes."""
        return int(self.fact("minutes"))

    def text(self, key: str) -> Words:
        """The block `# text: key`."""
        return self._found(self.texts, "text", key)

    def formula(self, key: str) -> Formula:
        """The block `# formula: key`."""
        return self._found(self.formulas, "formula", key)

    def say(self, key: str) -> Words:
        """The block `# say: key`."""
        return self._found(self.says, "say", key)

    def word(self, key: str) -> str:
        """A label of the block `# words`."""
        if key not in self.words:
            raise self.where.error(f"the block # words has no `{key}`.")
        return self.words[key]

    def check(self, key: str) -> Check:
        """The block `# check: key`."""
        return self._found(self.checks, "check", key)

    def _found(self, blocks: Mapping[str, _Block], kind: str, key: str) -> _Block:
        if key not in blocks:
            raise self.where.error(f"the file has no block # {kind}: {key}.")
        return blocks[key]


def parse(source: str, slug: str, file: str) -> LessonText:
    """One file's text as a model; `file` is what messages call it. Raises LessonError."""
    lines = list(enumerate(source.lstrip("\ufeff").splitlines(), start=1))
    facts, rest = _front_matter(lines, file)
    blocks: dict[tuple[str, str], tuple[Where, Sequence[Line]]] = {}
    for kind, key, where, body in _blocks(rest, file):
        if (kind, key) in blocks:
            raise where.error(f"the block # {kind}{f': {key}' if key else ''} stands twice in this file.")
        blocks[kind, key] = where, body

    def all_of(kind: str, read: Callable[[str, Where, Sequence[Line]], _Block]) -> dict[str, _Block]:
        return {key: read(key, where, body) for (of, key), (where, body) in blocks.items() if of == kind}

    return LessonText(
        slug,
        Where(file, 1),
        facts,
        texts=all_of("text", _text),
        formulas=all_of("formula", _formula),
        says=all_of("say", _text),
        words=all_of("words", _words).get("", {}),
        suggestions=all_of("try", lambda _key, _where, body: tuple(_items(file, body))).get("", ()),
        checks=all_of("check", _check),
        sources=all_of("sources", _sources).get("", ()),
        terms=all_of("term", _term),
    )


def _front_matter(lines: Sequence[Line], file: str) -> tuple[dict[str, str], Sequence[Line]]:
    """What stands between the first two `---`, and the lines after it."""
    dashes = [at for at, (_, text) in enumerate(lines) if text.strip() == "---"]
    if dashes[:1] != [0]:
        raise Where(file, 1).error(
            "the file must begin with a line ---, then title, question and lead, then --- again."
        )
    if len(dashes) < 2:
        raise Where(file, 1).error("the line --- that ends the front matter is missing.")
    facts: dict[str, str] = {}
    for number, text in lines[1 : dashes[1]]:
        if not text.strip():
            continue
        where, fact = Where(file, number), _FACT.fullmatch(text.strip())
        if fact is None or fact[1] not in FACTS:
            raise where.error(f"“{text.strip()}” is none of {', '.join(f'{name}: …' for name in FACTS)}.")
        if fact[1] in facts:
            raise where.error(f"{fact[1]} stands twice.")
        if not fact[2]:
            raise where.error(f"{fact[1]} is empty.")
        if fact[1] == "minutes" and not (fact[2].isdecimal() and 1 <= int(fact[2]) <= LONGEST_LESSON):
            raise where.error(f"minutes is {fact[2]}; it takes a whole number from 1 to {LONGEST_LESSON}.")
        facts[fact[1]] = fact[2]
    return facts, lines[dashes[1] + 1 :]


def _blocks(lines: Sequence[Line], file: str) -> Iterator[tuple[str, str, Where, Sequence[Line]]]:
    """Kind, key ("" where the kind has none), place and lines of each block."""
    above, blocks = _split(lines, "# ")
    for number, text in above:
        if text.strip():
            raise Where(file, number).error(
                "this text belongs to no block; a block begins with a line like # text: what-you-see."
            )
    for (number, text), *body in blocks:
        where = Where(file, number)
        yield *_heading(text[2:].strip(), where), where, body


def _split(lines: Sequence[Line], sign: str) -> tuple[Sequence[Line], list[Sequence[Line]]]:
    """The lines above the first that begins with the sign, and from each such line those up to the next."""
    ends = [*(at for at, (_, text) in enumerate(lines) if text.startswith(sign)), len(lines)]
    return lines[: ends[0]], [lines[start:end] for start, end in pairwise(ends)]


def _heading(text: str, where: Where) -> tuple[str, str]:
    match = _HEADING.fullmatch(text)
    if match is None or match[1] not in (*KEYED, *SINGLE):
        kinds = [*(f"# {kind}: key" for kind in KEYED), *(f"# {kind}" for kind in SINGLE)]
        raise where.error(f"“# {text}” begins no block; a block is one of {', '.join(kinds)}.")
    kind, key = match[1], (match[2] or "").strip()
    if kind in SINGLE and key:
        raise where.error(f"the block # {kind} takes no key, but has {key}.")
    if kind in KEYED and not _KEY.fullmatch(key):
        raise where.error(
            f"the block # {kind} needs a key of small letters, digits and hyphens, like # {kind}: my-key."
        )
    return kind, key


def _text(_key: str, where: Where, body: Sequence[Line]) -> Words:
    markdown = "\n".join(text for _, text in body).strip()
    if not markdown:
        raise where.error("this block is empty.")
    return Words(markdown, Where(where.file, next(number for number, text in body if text.strip())))


def _formula(_key: str, where: Where, body: Sequence[Line]) -> Formula:
    above, _ = _split(body, "- ")
    latex = _MATH.fullmatch("\n".join(text for _, text in above).strip())
    if latex is None:
        raise where.error(
            "a formula begins with LaTeX between $$ and $$, and then explains each symbol in a line of its own."
        )
    symbols = _items(where.file, body[len(above) :])
    return Formula(latex[1].strip(), tuple(_named(item, "`symbol` its meaning") for item in symbols))


def _words(_key: str, where: Where, body: Sequence[Line]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for item in _items(where.file, body):
        name, label = _named(item, "`name` the label")
        if name in labels:
            raise item.where.error(f"`{name}` stands twice.")
        labels[name] = label
    return labels


def _sources(_key: str, where: Where, body: Sequence[Line]) -> tuple[tuple[str, str], ...]:
    works = []
    for item in _items(where.file, body):
        link = _LINK.fullmatch(item.markdown)
        if link is None:
            raise item.where.error("a source is written - [Author (year): Title](https://address).")
        works.append((link[1], link[2]))
    return tuple(works)


def _check(key: str, where: Where, body: Sequence[Line]) -> Check:
    above, items = _split(body, "- ")
    if not items:
        raise where.error(f"the check {key} has no answers; each is a line like - `yes` Yes, it does.")
    question = _text(key, where, above)
    answers: dict[str, Answer] = {}
    for item in items:
        answer = _answer(item, where.file)
        if answer.key in answers:
            raise answer.explanation.where.error(f"the answer `{answer.key}` stands twice in the check {key}.")
        answers[answer.key] = answer
    return Check(key, question, tuple(answers.values()))


def _answer(body: Sequence[Line], file: str) -> Answer:
    """`- `key` text`, perhaps more lines of it, and then `> explanation`."""
    where = Where(file, body[0][0])
    quoted = [(number, text.strip()[1:].strip()) for number, text in body if text.strip().startswith(">")]
    answer = [text.strip() for _, text in body if text.strip() and not text.strip().startswith(">")]
    match = _NAMED.fullmatch(" ".join(answer)[2:])
    if match is None or not _KEY.fullmatch(match[1]):
        raise where.error("an answer is written - `key` its text, with the explanation below it after >.")
    if not any(text for _, text in quoted):
        raise where.error(f"the answer `{match[1]}` has no explanation; write it below, after >.")
    explanation = Words("\n".join(text for _, text in quoted).strip(), Where(file, quoted[0][0]))
    return Answer(match[1], Words(match[2].strip(), where), explanation)


def _term(key: str, where: Where, body: Sequence[Line]) -> Term:
    """Its name in the first line; then its meaning, formulas between $$, and `Lessons: slug, slug`."""
    name, *rest = _text(key, where, body).markdown.splitlines()
    taught = [text.partition(":")[2] for text in rest if text.startswith("Lessons:")]
    prose = "\n".join(text for text in rest if text.strip() and not text.startswith("Lessons:"))
    meaning = _MATH.sub("", prose).strip()
    if not meaning:
        raise where.error(f"the term {key} has a name, but no meaning below it.")
    if "$" in meaning:  # the meaning is shown on hover as well, where there is no LaTeX
        raise where.error(f"the meaning of {key} has a formula inside a sentence; formulas stand between $$ and $$.")
    lessons = tuple(slug.strip() for text in taught for slug in text.split(",") if slug.strip())
    return Term(key, name.strip(), meaning, tuple(latex.strip() for latex in _MATH.findall(prose)), lessons)


def _items(file: str, body: Sequence[Line]) -> Iterator[Words]:
    """The items of a list; a line that is indented goes on with the item above it."""
    items: list[tuple[int, list[str]]] = []
    for number, text in body:
        if text.startswith("- "):
            items.append((number, [text[2:].strip()]))
        elif text.startswith("  ") and items:
            items[-1][1].append(text.strip())
        elif text.strip():
            raise Where(file, number).error(
                f"“{text.strip()}” is no item of a list; an item begins with a hyphen and a space."
            )
    for number, parts in items:
        yield Words(" ".join(part for part in parts if part), Where(file, number))


def _named(item: Words, form: str) -> tuple[str, str]:
    match = _NAMED.fullmatch(item.markdown)
    if match is None or not match[2].strip():
        raise item.where.error(f"this line is written - {form}.")
    return match[1], match[2].strip()
