"""The stage: a page's picture and its controls on the whole screen, for whoever shows it to others."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from kdviz.texts import course
from kdviz.texts import talk as talks
from kdviz.texts.blocks import LessonError
from kdviz.texts.talk import Scene, Talk
from kdviz.widgets import link, page
from kdviz.widgets.components import component, keep_committed
from kdviz.widgets.first_page import modules_of
from kdviz.widgets.lesson import LessonPage

KEY = "kdviz_stage"
_AHEAD = ("PlotlyChart", "ArrowVegaLiteChart", "loadVegaEmbed")  # what scenes to come draw with: megabytes

_stage = component("stage")
_notes = component("notes")


@contextmanager
def picture(here: LessonPage) -> Iterator[None]:
    """What is drawn in this context is what the stage shows of the page; once on a page.

    Off the stage it stands where it stands. `stage=1` in the address puts it onto the stage; so do the button and the
    keys of the component `stage`, which lists them. Of a scene of a talk only the picture is made: the
    page ends with it.
    """
    page.add_styles("stage")
    commit = keep_committed(KEY, "on", lambda sent: sent if isinstance(sent, bool) else None, _keep)
    with st.container(key="stage_place"):  # takes no room, also while the browser still fetches the component
        _stage(key=KEY, data=_facts(here), on_on_change=commit)
    with st.container(key="stage"):
        yield
    if alone():
        st.stop()


def alone() -> bool:
    """Whether only the picture of a page is made: in a scene of a talk on the stage, which opens in less time so."""
    return link.on_stage() and "talk" in st.query_params


def _keep(on: bool) -> None:
    link.write("stage", "1" if on else "")


def scene() -> tuple[Talk, Scene] | None:
    """The talk and the scene that the address names; None where it names none. What cannot be read is said."""
    name = st.query_params.get("talk")
    if name is None:
        return None
    try:
        talk = talks.read(name)
    except LessonError as error:
        page.refuse("This talk cannot be shown.", str(error))
        return None
    return talk, talk.scenes[link.whole("scene", len(talk.scenes)) - 1]


def _facts(here: LessonPage) -> dict[str, Any]:
    told = scene()
    shown = _of_scene(*told) if told is not None and told[1].page == here.lesson.slug else _of_page(here)
    together = here.lesson.slug in course.TOGETHER
    return {"page": here.lesson.slug, "title": here.lesson.fact("title"), "together": together, **shown}


def _of_page(here: LessonPage) -> dict[str, Any]:
    """The stage of a page by itself, which leads to its neighbours."""
    previous, following = _beside(here.lesson.slug)
    return {
        "sentence": here.lesson.fact("question"),
        "place": "",
        "previous": previous,
        "next": following,
        "talk": None,
        "poll": None,
    }


def _of_scene(talk: Talk, now: Scene) -> dict[str, Any]:
    """The stage of a scene, which leads to those beside it."""
    previous, following = (
        talk.scenes[place - 1].address(talk.name, stage="1") if 0 < place <= len(talk.scenes) else None
        for place in (now.number - 1, now.number + 1)
    )
    return {
        "sentence": now.sentence,
        "place": f"{now.number}/{len(talk.scenes)}",
        "previous": previous,
        "next": following,
        "talk": {"name": talk.name, "scene": now.number, "ahead": modules_of(_AHEAD)},
        "poll": _asked(talk, now),
    }


def _beside(slug: str) -> list[str | None]:
    """The pages before and after one, of those with a picture; none where it is not among them."""
    if slug not in course.STAGED:
        return [None, course.STAGED[0] if slug == course.START else None]
    at = course.STAGED.index(slug)
    return [course.STAGED[place] if 0 <= place < len(course.STAGED) else None for place in (at - 1, at + 1)]


def _asked(talk: Talk, now: Scene) -> dict[str, Any] | None:
    """What the scene asks a class."""
    poll = now.poll
    if poll is None:
        return None
    keys, texts = ([getattr(choice, part) for choice in poll.choices] for part in ("key", "text"))
    name = f"{talk.name}/{now.number}"
    return {"name": name, "question": poll.question, "choices": texts, "keys": keys, "truth": poll.truth}


def open_talk() -> None:
    """Where the address of Start names a talk, go to its scene, on the stage."""
    told = scene()
    if told is not None:
        talk, now = told
        st.switch_page(f"pages/{now.page}.py", query_params={**link.taken_along(), **_query(talk, now)})


def list_talks() -> None:
    """A link to the first scene of each talk, on the stage."""
    with st.container(key="talks", gap="small"):
        for name in talks.names():
            try:
                talk = talks.read(name)
            except LessonError as error:
                page.refuse("This talk cannot be read.", str(error))
                continue
            first = talk.scenes[0]
            label = f"**{talk.title}:** {talk.lead}"
            icon = ":material/co_present:"
            st.page_link(f"pages/{first.page}.py", label=label, icon=icon, query_params=_query(talk, first))
        for slug in course.TOGETHER:
            label, icon = course.words().word(f"{slug}-link"), ":material/groups:"
            st.page_link(f"pages/{slug}.py", label=label, icon=icon, query_params={"stage": "1"})


def _query(talk: Talk, now: Scene) -> dict[str, str]:
    return {**dict(now.settings), "talk": talk.name, "scene": str(now.number), "stage": "1"}


def notes(here: LessonPage) -> None:
    """What to say in the scene that the address names; in the browser they follow the stage of the same talk."""
    told = scene()
    if told is None:
        here.say("no-talk")
        return
    talk, now = told
    st.page_link(
        f"pages/{now.page}.py", label=here.word("begin"), icon=":material/co_present:", query_params=_query(talk, now)
    )
    scenes = [
        {"title": one.title, "sentence": one.sentence, "minutes": one.minutes, "say": one.say, "ask": one.ask}
        for one in talk.scenes
    ]
    data = {"name": talk.name, "title": talk.title, "minutes": talk.minutes, "scenes": scenes, "scene": now.number}
    _notes(key="notes", data=data)
