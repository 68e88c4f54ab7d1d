"""A lesson page: its text from Markdown, its checks, and its place in the course."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

import streamlit as st

from kdviz.texts import course
from kdviz.texts import lesson as lesson_text
from kdviz.texts.blocks import Check, LessonError, LessonText
from kdviz.widgets import course_progress as progress
from kdviz.widgets import page
from kdviz.widgets.literal import literal

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_RIGHT = "right"


def begin(slug: str) -> LessonPage:
    """The page's header: its place in the course, its question, its lead. Call it before anything else.

    A page that is no lesson, such as the start page, has a text file but no place. Where the text cannot be read, the
    page says why and ends.
    """
    page.enter()
    try:
        text, place = lesson_text.read(slug), course.lesson(slug) if slug in course.SLUGS else None
        here = LessonPage(text, place)
        page.add_own_styles(slug)
        here.header()
    except LessonError as error:
        page.refuse("The text of this page cannot be read.", str(error))
        st.stop()
    return here


def part(name: str) -> LessonPage:
    """A text of its own within a lesson, `studies/few-labels`, without a header. Raises LessonError."""
    return LessonPage(lesson_text.read(name), None)


def sentence(slug: str, key: str, **places: object) -> str:
    """The block `# say: key` of a page's text with its places filled, as Markdown. Raises LessonError."""
    return lesson_text.read(slug).say(key).filled(places)


@dataclass
class LessonPage:
    """The lesson that is being shown. Places are values for the text's `{{names}}`, as the page wants them shown."""

    lesson: LessonText
    place: course.Lesson | None
    asked: list[str] = field(default_factory=list)  # the checks that this page has shown so far
    headed: bool = False  # whether the heading of the questions at the page's end was shown

    def header(self) -> None:
        """Place in the course, question and lead."""
        if self.place is not None:
            progress.header(self.place)
        page.heading(self.lesson.fact("question"), self.lesson.fact("lead"))

    def text(self, key: str, **places: object) -> None:
        """A text block; its terms link to the glossary and show their meaning on hover and focus."""
        for heading, markdown in _sections(self.lesson.text(key).filled(_literal(places))):
            if heading:
                st.header(heading, anchor=False)
            if markdown:
                st.markdown(_linked(markdown), unsafe_allow_html=True)

    def formula(self, key: str) -> None:
        """A formula with its symbols explained where they stand."""
        formula = self.lesson.formula(key)
        st.latex(formula.latex)
        symbols = (f"${symbol}$ {meaning}" for symbol, meaning in formula.symbols)
        st.markdown(_linked(" · ".join(symbols)), unsafe_allow_html=True)

    def explain(self, *texts: str, formulas: Sequence[str], **places: object) -> None:
        """Text blocks, and beside them the block `formulas` with these formulas."""
        left, right = st.columns([5, 4], gap="large")
        with left:
            for key in texts:
                self.text(key, **places)
        with right:
            self.text("formulas")
            for key in formulas:
                self.formula(key)

    def sentence(self, key: str, **places: object) -> str:
        """The sentence `# say: key` with its places filled, as plain text."""
        return course.plain(self.lesson.say(key).filled(places))

    def open_sentence(self, key: str) -> str:
        """The same with its places open, for a picture that fills them in the browser."""
        return course.plain(self.lesson.say(key).markdown)

    def say(self, key: str, **places: object) -> None:
        """One sentence or two about what the picture now shows."""
        markup = _BOLD.sub(r"<b>\1</b>", escape(self.lesson.say(key).filled(places), quote=False))
        st.html(f'<p class="kd-say">{_linked(markup)}</p>')

    def word(self, key: str) -> str:
        """A label of the block `# words`."""
        return self.lesson.word(key)

    def try_this(self, **places: object) -> None:
        """What to do with the picture next."""
        st.header(course.words().word("try-this"), anchor=False)
        items = (f"- {suggestion.filled(_literal(places))}" for suggestion in self.lesson.suggestions)
        st.markdown(_linked("\n".join(items)), unsafe_allow_html=True)

    def choice(self, key: str, right: str, **places: object) -> None:
        """A question with answers to choose from; `right` is the key of the right one."""
        self._heading()
        check = self._ask(key, places)
        check.answer(right)
        texts = {answer.key: _without_links(answer.text.filled(_literal(places))) for answer in check.answers}
        given = st.radio(
            _without_links(check.question.filled(_literal(places))),
            list(texts),
            index=None,
            format_func=texts.__getitem__,
            key=f"check_{self.lesson.slug}_{key}",
            label_visibility="collapsed",
        )
        if given is not None:
            self._answered(check, given, given == right, places)

    def number(self, key: str, answer: float, tolerance: float, unit: str = "", **places: object) -> None:
        """A question answered by a number; what was given is the place `{{given}}` of `right`, `low` and `high`."""
        self._heading()
        check = self._ask(key, places)
        label = course.words().word("your-answer")
        given = st.number_input(
            f"{label} ({unit})" if unit else label,
            value=None,
            step=None,
            format="%g",
            key=f"check_{self.lesson.slug}_{key}",
            width=220,
        )
        if given is not None:
            near = abs(given - answer) <= tolerance + 1e-9 * abs(answer)  # 3.37 is within 0.05 of 3.32
            state = _RIGHT if near else "low" if given < answer else "high"
            self._answered(check, state, state == _RIGHT, {**places, "given": f"{given:g}"})

    def moved(self, key: str, state: str | None, **places: object) -> None:
        """A question answered by moving a control, which it stands beside.

        `state` is the answer that holds now, None as long as none does.
        """
        with st.container(key=f"asked_{self.lesson.slug}_{key}"):
            check = self._ask(key, places)
            if state is None:
                st.caption(f":material/pan_tool_alt: {course.words().word('answer-shows-here')}")
            else:
                self._answered(check, state, state == _RIGHT, places, lead_in=False)

    def end(self, works: Sequence[tuple[str, str]] = ()) -> None:
        """Sources, the page's own `works` (what, address) first, and the ways to the lessons before and after."""
        listed = dict.fromkeys([*works, *self.lesson.sources])
        if listed:
            st.header(course.words().word("sources"), anchor=False)
            st.markdown("\n".join(f"- [{work}]({address})" for work, address in listed))
        if self.place is not None:
            progress.asked(self.place.slug, self.asked)
            progress.ways_on(self.place)

    def _heading(self) -> None:
        if not self.headed:
            st.header(course.words().word("checks"), anchor=False)
        self.headed = True

    def _ask(self, key: str, places: dict[str, object]) -> Check:
        check = self.lesson.check(key)
        self.asked.append(key)
        st.markdown(_linked(f"**{check.question.filled(_literal(places))}**"), unsafe_allow_html=True)
        return check

    def _answered(
        self, check: Check, answer: str, right: bool, places: dict[str, object], lead_in: bool = True
    ) -> None:
        explanation = _without_links(check.answer(answer).explanation.filled(_literal(places)))
        with st.container(key=f"told_{self.lesson.slug}_{check.key}"):
            if right:
                st.success(explanation, icon=":material/check:")
                if self.place is not None:
                    progress.solved(self.lesson.slug, check.key)
            else:
                prefix = f"{course.words().word('not-quite')} " if lead_in else ""
                st.info(prefix + explanation, icon=":material/arrow_back:")


def _literal(places: dict[str, object]) -> dict[str, str]:
    """Values that Markdown shows letter by letter."""
    return {name: literal(value) for name, value in places.items()}


def _sections(markdown: str) -> Iterator[tuple[str, str]]:
    """Each `## heading`, "" before the first, with the text below it."""
    first, *others = re.split(r"^## +", markdown, flags=re.MULTILINE)
    yield "", first.strip()
    for section in others:
        heading, _, text = section.partition("\n")
        yield heading.strip(), text.strip()


def _linked(markdown: str) -> str:
    """Text whose terms are links to the glossary, with the meaning for course.js to show."""

    def link(words: str, key: str) -> str:
        glossary = course.glossary()
        if key not in glossary:
            return words
        meaning = escape(course.plain(glossary[key].meaning))
        address = f"{course.GLOSSARY}?term={key}"
        return f'<a class="kd-term" href="{address}" target="_self" data-meaning="{meaning}">{words}</a>'

    return course.with_terms(markdown, link)


def _without_links(markdown: str) -> str:
    """Text where no links are possible."""
    return course.with_terms(markdown, lambda words, _: words)
