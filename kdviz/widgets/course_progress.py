"""How far a visitor has come in the course. The browser keeps it, in local storage; Python never hears of it."""

from typing import Any, Literal

import streamlit as st

from kdviz.texts import course
from kdviz.widgets.components import component

_MARKS = ("progress", "done", "opened", "not-yet", "here")
_LIST = ("begin", "go-on", "all-done", "reset", "reset-sure", "reset-yes", "reset-no", "blocked")

_course = component("course")
_solved = component("course_solved")


def header(place: course.Lesson) -> None:
    """The line above a lesson's question: its number, its minutes, and a mark for every lesson."""
    facts = {"number": place.number, "lessons": course.LESSONS, "minutes": place.minutes}
    text = course.words().say("appendix" if place.appendix else "place").filled(facts)
    _course(key=f"course_{place.slug}", data={**_facts(), "shape": "header", "lesson": place.slug, "place": text})


def overview() -> None:
    """Every lesson with its question, its minutes and this browser's progress; begin, go on, reset."""
    _course(key="course_overview", data={**_facts(), "shape": "overview", "lesson": None, "place": ""})


def solved(slug: str, check: str) -> None:
    """Let the browser keep that this check was answered rightly."""
    _solved(key=f"course_solved_{slug}_{check}", data={"lesson": slug, "check": check})


def asked(slug: str, checks: list[str]) -> None:
    """Let the browser know which checks the lesson has just now: one about a run is there once the run is."""
    _solved(key=f"course_asked_{slug}", data={"lesson": slug, "asked": checks})


def ways_on(place: course.Lesson) -> None:
    """The lessons before and after this one; after the last, the overview and the explorer."""
    lessons, words = course.lessons(), course.words()
    at = place.position - 1
    links = []  # page, label, icon
    if at > 0:
        links.append((lessons[at - 1].page, f"{words.word('previous')}: {lessons[at - 1].title}", "arrow_back"))
    if at + 1 < len(lessons):
        after = lessons[at + 1]
        links.append((after.page, f"{words.word('next')}: **{after.title}** · {after.question}", "arrow_forward"))
    else:
        links.append(("pages/start.py", words.word("to-overview"), "list"))
        links.append(("pages/explorer.py", words.word("to-explorer"), "arrow_forward"))
    with st.container(horizontal=True, horizontal_alignment="distribute", key="ways_on"):
        for page, label, icon in links:
            side: Literal["left", "right"] = "right" if at + 1 < len(lessons) and icon == "arrow_forward" else "left"
            st.page_link(page, label=label, icon=f":material/{icon}:", icon_position=side, width="content")


def _facts() -> dict[str, Any]:
    words = course.words()
    return {
        "lessons": [
            {
                "slug": lesson.slug,
                "number": lesson.number,
                "appendix": lesson.appendix,
                "title": lesson.title,
                "question": lesson.question,
                "minutes": words.say("minutes").filled({"minutes": lesson.minutes}) if lesson.minutes else "",
                "checks": list(lesson.checks),
            }
            for lesson in course.lessons()
        ],
        "words": {name: words.word(name) for name in (*_MARKS, *_LIST)},
        "summary": words.say("summary").markdown,
    }
