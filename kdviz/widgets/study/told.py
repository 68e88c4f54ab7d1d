"""A study with its text on a page that has several: which one is looked at, what it says, and its questions."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from types import MappingProxyType

import streamlit as st

from kdviz.recipes.study import STUDIES, Study
from kdviz.texts import lesson as lesson_text
from kdviz.widgets import lesson, link, page, run_status, server
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.study import checks as study_checks
from kdviz.widgets.study import curves as study_curves
from kdviz.widgets.study import result as live_study
from kdviz.widgets.study import words as study_words
from kdviz.widgets.study.form import SETTINGS
from kdviz.widgets.study.result import Frame, Picture

Pictures = Mapping[str, Picture]  # by the study's name: draws a result with what else it needs, a slider for instance


def chosen(names: Sequence[str]) -> str:
    """The study that the link names, by itself or by its run; else the first of those that the page lists."""
    shown = f"Shown is {names[0]}."
    named = link.read("study", {name: name for name in ("", *STUDIES)}.get, "", f"one of {', '.join(names)}", shown)
    return named or _of_run() or names[0]


def _of_run() -> str | None:
    """The study of the run that a link names, where it names no study."""
    if st.query_params.get("study") or "run" not in st.query_params:
        return None
    study = run_status.recipe_of(run_status.found(server.jobs(), st.query_params["run"]), Study)
    return None if study is None else study.study


def choices(names: Sequence[str], looked_at: str) -> None:
    """A link to each of the studies, which asks its question."""
    for name in names:
        question = STUDIES[name].question
        st.button(
            f"**{question}**" if name == looked_at else question,
            key=f"choose_{name}",
            type="tertiary",
            icon=f":material/radio_button_{'checked' if name == looked_at else 'unchecked'}:",
            on_click=_go,
            args=(name,),
        )


def _go(name: str) -> None:
    """Another study: its run and its settings are not those of the one before."""
    link.replace({"study": name}, instead_of=("run", *SETTINGS))


def section(here: LessonPage, **places: str) -> tuple[str, Sequence[tuple[str, str]]]:
    """The studies of a lesson under a heading, of which one is looked at: its name, and its sources.

    `places` are those of the sentence that stands before them.
    """
    names = [name for name, facts in STUDIES.items() if facts.lesson == here.lesson.slug]
    looked_at = chosen(names)
    st.header(here.word("studies"), anchor=False)
    here.say("studies", **places)
    page.add_styles("studies")
    with st.container(key="studies", gap="small"):
        choices(names, looked_at)
    st.divider()
    return looked_at, show(here, looked_at)


def show(
    here: LessonPage, name: str, *, pictures: Pictures = MappingProxyType({}), frame: Frame = nullcontext
) -> Sequence[tuple[str, str]]:
    """A study with its text, its picture, within `frame`, and its questions; its sources."""
    text = lesson.part(f"studies/{name}") if has_text(name) else None
    with st.container(key="study_title"):
        st.header(STUDIES[name].title, anchor=False)
    st.markdown(STUDIES[name].question)
    if text is not None:
        text.text("idea")
    shown = live_study.show(name, picture=pictures.get(name), frame=frame)
    if text is None:
        return ()
    if shown is not None and name in study_curves.BESIDE:
        study_curves.BESIDE[name](shown, text)
    places = {} if shown is None else study_words.places(shown)
    for column, key in zip(st.columns(2, gap="large"), ("budget", "expect"), strict=True):
        with column:
            text.text(key, **places)
    if text.lesson.suggestions:
        text.try_this(**places)
    if shown is not None:
        for key, check in text.lesson.checks.items():
            right = study_checks.right(shown, key, [answer.key for answer in check.answers])
            if right is not None:
                text.choice(key, right=right, **places)
    here.asked += text.asked
    here.headed |= text.headed  # the heading stands once
    return text.lesson.sources


def has_text(name: str) -> bool:
    """Whether a text about this study exists."""
    return (lesson_text.FOLDER / "en" / "studies" / f"{name}.md").exists()
