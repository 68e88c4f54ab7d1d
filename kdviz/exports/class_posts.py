"""What a class has answered, drawn and trained, as a table: nothing in it says who sat where."""

import base64
import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from kdviz.exports.cells import VISIBLE, as_text
from kdviz.store.classes import Post
from kdviz.texts import talk as talks
from kdviz.texts.blocks import LessonError

COLUMNS = (
    *("time", "seat", "page", "talk", "scene", "kind"),
    *("question", "choice"),  # of answers
    *("T", "alpha", "accuracy", "plain", "updates"),  # of students: taught and plain, right on so many held-out images
    "pixels",  # of drawings: 784 grey levels, two hexadecimal digits each
)


def as_csv(posts: Iterable[Post]) -> str:
    """A row for each answer, drawing and trained student; times in UTC."""
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    for post in posts:
        table.writerows({**_origin(post), **row} for row in _ROWS[post.kind](post))
    return text.getvalue()


def _origin(post: Post) -> dict[str, Any]:
    talk, _, scene = post.place.rpartition("/")
    at = {"talk": talk, "scene": scene} if talk else {"page": post.place}
    time = datetime.fromtimestamp(post.at, UTC).isoformat(timespec="seconds")
    return {"time": time, "seat": post.seat, "kind": post.kind, **at}


def _answer(post: Post) -> Iterator[dict[str, Any]]:
    choice = int(json.loads(post.body))
    talk, _, scene = post.place.rpartition("/")
    said = {"choice": str(choice + 1)}
    with suppress(LessonError, IndexError):  # where the talk's text is another by now
        poll = talks.read(talk).scenes[int(scene) - 1].poll
        said = {"question": poll.question, "choice": poll.choices[choice].text} if poll else said
    yield {name: as_text(text, VISIBLE) for name, text in said.items()}


def _drawing(post: Post) -> Iterator[dict[str, Any]]:
    pixels = json.loads(post.body)["pixels"]
    if pixels is not None:
        yield {"pixels": base64.b64decode(pixels).hex()}


def _point(post: Post) -> Iterator[dict[str, Any]]:
    yield from json.loads(post.body)["points"]


_ROWS = {"answer": _answer, "drawing": _drawing, "point": _point}
