"""The glossary: all terms in alphabetical order, searched in the browser by what they are called and what they mean."""

from collections.abc import Iterable
from functools import partial
from html import escape

import streamlit as st

from kdviz.recipes.base import shortened
from kdviz.texts import course
from kdviz.texts.blocks import Term
from kdviz.widgets import link
from kdviz.widgets.components import component, keep_committed
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.literal import literal

_SEARCH, _TERM = "search", "term"  # in the URL
_KEY = "glossary_search"
_LONGEST = 60  # characters of a search

_glossary = component("glossary")


def show(here: LessonPage) -> None:
    """The term that a link names, a search field, and all terms."""
    glossary, by_slug = course.glossary(), {lesson.slug: lesson for lesson in course.lessons()}
    named = st.query_params.get(_TERM)
    if named is not None and named in glossary:
        with st.container(key="term_shown", gap=None):
            _entry(here, glossary[named], by_slug.values())
    elif named is not None:
        st.warning(literal(here.lesson.say("unknown").filled({"term": shortened(named)})))
    terms = sorted(glossary.values(), key=lambda term: term.name.casefold())
    _glossary(
        key=_KEY,
        data={
            "search": st.query_params.get(_SEARCH, "")[:_LONGEST],
            "terms": [{"key": term.key, "text": f"{term.name} {course.plain(term.meaning)}".lower()} for term in terms],
            "label": here.word("search"),
            "placeholder": here.word("placeholder"),
            "found": here.open_sentence("found"),
            "none": here.word("none"),
        },
        on_search_change=keep_committed(_KEY, "search", _searched, partial(link.write, _SEARCH)),
    )
    with st.container(gap=None, key="terms"):  # a hidden term leaves no gap
        for term in terms:
            with st.container(key=f"term_{term.key}", gap=None):
                _entry(here, term, by_slug.values())


def _entry(here: LessonPage, term: Term, lessons: Iterable[course.Lesson]) -> None:
    """Name, meaning, formulas, and the lessons that teach it."""
    link = f'<a class="kd-link" href="words?term={term.key}" target="_self" aria-label="{here.word("link")}">#</a>'
    parts = [f"## {term.name} {link}", term.meaning, *(f"$$\n{latex}\n$$" for latex in term.formulas)]
    taught = [
        f'<a class="kd-link" href="{lesson.slug}" target="_self">{lesson.number} {escape(lesson.title)}</a>'
        for lesson in lessons
        if lesson.slug in term.lessons
    ]
    if taught:
        parts.append(f"<small>{here.word('taught-in')} {' · '.join(taught)}</small>")
    st.markdown("\n\n".join(parts), unsafe_allow_html=True)


def _searched(sent: object) -> str:
    return sent.strip()[:_LONGEST] if isinstance(sent, str) else ""
