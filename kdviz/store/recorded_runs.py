"""The finished runs with which pages open before anything was started here: made by this program, kept as it said them.

A file is gzipped JSON: format, engine, recipe, result and events. What the curves and pictures do without is left out:
students, the reports that a finished part repeats, digits of figures beyond the sixth. Images of MNIST are not in it;
their rows in its training file are, and they are read from the data folder.
"""

import gzip
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kdviz import settings
from kdviz.recipes.base import ENGINE
from kdviz.recipes.catalogue import DATA_SETS, PIXELS
from kdviz.records.base import Watched
from kdviz.records.comparison import FinishedMethod
from kdviz.records.kinds import ENDINGS, EVENT_TYPES, RECIPES, STORED_NAMES, Event
from kdviz.records.sweep import FinishedStack
from kdviz.store import data_files
from kdviz.store.run import Run

FOLDER = settings.ASSETS / "runs"
FORMAT = "kdviz-recorded-run-1"
TAG = "recorded"  # of such a run, which is in no store
_NAMES = ("stack", "cell")  # what tells students apart, to the last digit
_ELSEWHERE = ("mnist",)  # whose training images are not ours to pass on: they are in the data folder


@dataclass(frozen=True)
class RecordedRun:
    """A finished run and what it said."""

    run: Run
    events: tuple[Event, ...]


def recorded(page: str, data: str) -> RecordedRun | None:
    """The recorded run with which a page opens on a data set.

    None where there is none, where it is of another engine, or where its images are not on this machine.
    """
    path = path_of(page, data)
    if not path.exists():
        return None
    images = _images_of(data)
    if images is None and data in _ELSEWHERE:
        return None
    return _read(path, path.stat().st_mtime_ns, images, ENGINE)


def record(page: str, run: Run, events: Iterable[Event]) -> Path:
    """Keep a finished run as the one with which a page opens on its data set; where it is. Raises OSError."""
    assert run.result is not None
    kept = [_short(event) for event in events]
    document = {
        "format": FORMAT,
        "engine": ENGINE,
        "recipe": run.recipe.model_dump(mode="json"),
        "finished": run.model_dump(mode="json")["finished"],
        "result": run.result.model_dump(mode="json"),
        "events": [{"kind": STORED_NAMES[type(event)], "event": _document(run.recipe.data, event)} for event in kept],
    }
    path = path_of(page, run.recipe.data)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps(document, separators=(",", ":")).encode(), 9, mtime=0))
    return path


def path_of(page: str, data: str) -> Path:
    """Where the recorded run of a page and a data set lies."""
    return FOLDER / f"{page}-{data}.json.gz"


@lru_cache(maxsize=16)  # a page is drawn again and again
def _read(path: Path, _changed: int, images: Path | None, engine: int) -> RecordedRun | None:
    document: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    if document["format"] != FORMAT or document["engine"] != engine:
        return None
    recipe = RECIPES.validate_python(document["recipe"])
    known = None if images is None else _read_images(images)  # once for all events: it is a large file
    events = tuple(_event(named, known) for named in document["events"])
    finished = datetime.fromisoformat(document["finished"])
    run = Run(
        id=recipe.id,
        recipe=recipe,
        status="finished",
        attempt=1,
        created=finished,
        started=finished,
        finished=finished,
        result=ENDINGS.validate_python(document["result"]),
        tags=(TAG,),
    )
    return RecordedRun(run, events)


def _short(event: Event) -> Event:
    """The event without what others say as well: a part's reports, and its students' answers, which the result has."""
    if isinstance(event, FinishedMethod):
        return event.model_copy(update={"moments": [], "looks": []})
    if isinstance(event, FinishedStack):
        trials = [trial.model_copy(update={"watched_logits": []}) for trial in event.trials]
        return event.model_copy(update={"moments": [], "trials": trials})
    return event


def _document(data: str, event: Event) -> Any:
    """The event as JSON, a watched image that is not ours as a list of its row alone."""
    document = _rounded(event.model_dump(mode="json"))
    watched = document if isinstance(event, Watched) else document.get("watched")
    images = _images_of(data)
    if watched is not None and images is not None:
        watched["images"] = [[row] for row in _rows(_read_images(images), watched["images"])]
    return document


def _event(named: dict[str, Any], known: NDArray[np.uint8] | None) -> Event:
    kind = EVENT_TYPES[named["kind"]]
    event: Event = kind.model_validate(named["event"])
    watched = event if isinstance(event, Watched) else event.watched if isinstance(event, FinishedStack) else None
    if watched is None or known is None:
        return event
    filled = watched.model_copy(update={"images": [known[image[0]].tolist() for image in watched.images]})
    return filled if isinstance(event, Watched) else event.model_copy(update={"watched": filled})


def _images_of(data: str) -> Path | None:
    """The training file that has the images of a data set; None where it is not here, or the recorded run has them."""
    return data_files.published_file(data, 0) if data in _ELSEWHERE else None


def _read_images(path: Path) -> NDArray[np.uint8]:
    """All images of MNIST's training file, (N, 784)."""
    facts = DATA_SETS["mnist"]
    return data_files.read_idx(path, facts, facts.files[0]).reshape(-1, PIXELS)


def _rows(known: NDArray[np.uint8], images: Sequence[Sequence[int]]) -> list[int]:
    """Where each image stands in the training file."""
    return [int(np.flatnonzero((known == np.array(image, np.uint8)).all(axis=1))[0]) for image in images]


def _rounded(value: Any) -> Any:
    """Figures to six digits, more than any chart or sentence shows."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else value
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    if isinstance(value, dict):
        return {name: each if name in _NAMES else _rounded(each) for name, each in value.items()}
    return value
