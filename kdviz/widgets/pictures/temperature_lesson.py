"""The pictures of the temperature lesson: one image's softmax at every T, and a race of several T."""

import math
from dataclasses import replace

import numpy as np

from kdviz.records.softmax import entropy
from kdviz.store.gallery import Gallery
from kdviz.widgets import link
from kdviz.widgets.components import component, keep_committed, within
from kdviz.widgets.pictures import chosen_image as state
from kdviz.widgets.pictures.soft_targets import ShownLogits, set_temperature, valid_temperature

DECIDED = 2.0  # times as likely as the second: at the slider's lower end, 0.1, the first then has all but 0.1 %
LANES = (0.5, 1.0, 2.0, 5.0, 20.0)

_temperature_lesson = component("temperature")
_race = component("race")


def bits(picture: ShownLogits, temperature: float) -> float:
    """The entropy of a picture's softmax at T."""
    return float(entropy(picture.logits, temperature)) / math.log(2)


def unsure_but_decided(shown: Gallery) -> list[int]:
    """Images the teacher is unsure of, whose likeliest class is yet ahead enough for both limits of T to be seen."""
    top = np.sort(shown.logits.astype(np.float64), axis=1)[:, ::-1]
    decided = top[:, 0] - top[:, 1] >= math.log(DECIDED)
    return [index for index in state.least_sure(shown, len(shown.labels)) if decided[index]][: state.LEAST_SURE]


def temperature_picture(*, key: str, picture: ShownLogits, temperature: float) -> None:
    """The classes sorted by logit, the share of each over T and the entropy over T."""
    commit = keep_committed(key, "T", valid_temperature, set_temperature)
    _temperature_lesson(key=key, data={**picture.packed(), "T": temperature}, on_T_change=commit)


def race(*, key: str, picture: ShownLogits, temperature: float) -> None:
    """Lanes of one temperature each, while the logits grow from 0 to what they are; the URL keeps how far.

    The last lane has the visitor's own temperature, and follows it.
    """
    commit = keep_committed(key, "grown", lambda sent: within(sent, 0.0, 1.0), _keep_grown)
    place = {"temperatures": list(LANES), "T": temperature, "grown": link.number("grown", 0.0, 1.0, 1.0)}
    _race(key=key, data={**replace(picture, pixels=None).packed(), **place}, on_grown_change=commit)


def _keep_grown(value: float) -> None:
    """Keep the race's place in the URL, unless it is over."""
    link.write("grown", "" if value >= 1 else f"{value:.2f}")
