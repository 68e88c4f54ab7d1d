"""How far a visitor has come in the course. The browser keeps it, in local storage; Python never hears of it."""

from typing import Any

import streamlit as st

from kdviz.texts import course
from kdviz.widgets.components import component

_MARKS = ("progress", "done", "opened", "not-yet", "here")
_LIST = ("begin", "go-on", "all-done", "reset", "reset-sure", "reset-yes", "reset-no", "blocked")

_course = component("course")
_solved = component("course_solved")


def header(place: course.Lesson) -> None:
    """The line above a lesson's question: its number, its minutes, and a mark for every lesson."""
    lessons = course.lessons()
    told = course.words().say("place")
    text = told.filled({"number": place.number, "lessons": len(course.SLUGS), "minutes": place.minutes})
    _course(
        key=f"course_{place.slug}", data={**_facts(lessons), "shape": "header", "lesson": place.slug, "place": text}
    )


def overview() -> None:
    """Every lesson with its question, its minutes and this browser's progress; begin, go on, reset."""
    _course(key="course_overview", data={**_facts(course.lessons()), "shape": "overview", "lesson": None, "place": ""})


def solved(slug: str, check: str) -> None:
    """Let the browser keep that this check was answered rightly."""
    _solved(key=f"course_solved_{slug}_{check}", data={"lesson": slug, "check": check})


def asked(slug: str, checks: list[str]) -> None:
    """Let the browser know which checks the lesson has just now: one about a run is there once the run is."""
    _solved(key=f"course_asked_{slug}", data={"lesson": slug, "asked": checks})


def ways_on(place: course.Lesson) -> None:
    """The lessons before and after this one; after the last, the overview and the explorer."""
    lessons = course.lessons()
    at = [lesson.slug for lesson in lessons].index(place.slug)
    words = course.words()
    with st.container(horizontal=True, horizontal_alignment="distribute", key="ways_on"):
        if at > 0:
            before = lessons[at - 1]
            st.page_link(
                before.page,
                label=f"{words.word('previous')}: {before.title}",
                icon=":material/arrow_back:",
                width="content",
            )
        if at + 1 < len(lessons):
            after = lessons[at + 1]
            st.page_link(
                after.page,
                label=f"{words.word('next')}: **{after.title}** · {after.question}",
                icon=":material/arrow_forward:",
                icon_position="right",
                width="content",
            )
        else:
            st.page_link("pages/start.py", label=words.word("to-overview"), icon=":material/list:", width="content")
            st.page_link(
                "pages/explorer.py", label=words.word("to-explorer"), icon=":material/arrow_forward:", width="content"
            )


def _facts(lessons: tuple[course.Lesson, ...]) -> dict[str, Any]:
    words = course.words()
    return {
        "lessons": [
            {
                "slug": lesson.slug,
                "number": lesson.number,
                "title": lesson.title,
                "question": lesson.question,
                "minutes": words.say("minutes").filled({"minutes": lesson.minutes}) if lesson.minutes else "",
                "checks": list(lesson.checks),
            }
            for lesson in lessons
        ],
        "words": {name: words.word(name) for name in (*_MARKS, *_LIST)},
        "summary": words.say("summary").markdown,
    }
