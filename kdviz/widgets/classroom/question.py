"""What a scene of a talk asks the class."""

from typing import Any

from kdviz.texts import talk as talks
from kdviz.texts.blocks import LessonError
from kdviz.widgets.classroom.messages import Show


def question_of(show: Show) -> dict[str, Any] | None:
    """The question that a scene asks, open and without an answer; None where it asks none."""
    if show.talk is None or show.scene is None:
        return None
    try:
        scenes = talks.read(show.talk).scenes
    except LessonError:  # its own page says what is wrong
        return None
    poll = scenes[show.scene - 1].poll if show.scene <= len(scenes) else None
    if poll is None:
        return None
    return {
        "scene": show.scene,
        "key": show.place,
        "question": poll.question,
        "choices": [choice.text for choice in poll.choices],
        "closed": False,
        "truth": None,
        "counts": None,
    }
