"""What a visitor has chosen on the soft-target pages: read from the URL, checked, written back to it."""

import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from kdviz.recipes.catalogue import ARCHITECTURES, SHIPPED_TEACHERS
from kdviz.records.softmax import entropy
from kdviz.reports.phrases import percent, three_figures
from kdviz.store.gallery import Gallery, shipped_figures
from kdviz.widgets import link
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.pictures.soft_targets import ShownLogits

LEAST_SURE = 40  # images among which a visitor leafs
DOUBT = 0.5  # bits of entropy at T = 1: the likeliest of two classes then has less than nine tenths
DECIDED = 2.0  # times as likely as the second: at the slider's lower end, 0.1, the first then has all but 0.1 %


def picture(shown: Gallery, index: int) -> ShownLogits:
    """One test image with the teacher's logits."""
    label = int(shown.labels[index])
    return ShownLogits(
        class_names=shown.facts.class_names,
        logits=tuple(float(z) for z in shown.logits[index]),
        label=label,
        pixels=shown.images[index],
        caption=f"{shown.facts.title}, test image {index} · label {shown.facts.class_names[label]}",
    )


def opening(shown: Gallery) -> int:
    """The image of the first picture: one that the teacher doubts, a 2 where it doubts one.

    Of the 2s that the teacher gets right, the one it is least sure of; where it is sure of all 2s, the image it is
    least sure of.
    """
    unsure = shown.least_sure
    twos = (index for index in unsure if shown.labels[index] == 2 and shown.entropy[index] > DOUBT)
    return next(twos, unsure[0])


def least_sure(shown: Gallery, count: int = LEAST_SURE) -> list[int]:
    """The images the teacher gets right but is least sure of, the least sure first."""
    return list(shown.least_sure[:count])


def unsure_but_decided(shown: Gallery) -> list[int]:
    """Images the teacher is unsure of, whose likeliest class is yet ahead enough for both limits of T to be seen."""
    top = np.sort(shown.logits.astype(np.float64), axis=1)[:, ::-1]
    decided = top[:, 0] - top[:, 1] >= math.log(DECIDED)
    return [index for index in shown.least_sure if decided[index]][:LEAST_SURE]


def bits(picture: ShownLogits, temperature: float) -> float:
    """The entropy of a picture's softmax at T."""
    return float(entropy(picture.logits, temperature)) / math.log(2)


def teacher_name(shown: Gallery) -> str:
    """The shipped teacher's architecture with its size, in three figures."""
    architecture = ARCHITECTURES[SHIPPED_TEACHERS[shown.facts.name]]
    return f"{architecture.name} ({three_figures(architecture.parameters)} parameters)"


def of_class(shown: Gallery, label: int) -> list[int]:
    """The test images of one class in the order of the data set."""
    return [int(index) for index in np.flatnonzero(shown.labels == label)]


def leaf(candidates: Sequence[int], key: str) -> int:
    """Buttons to leaf through images; the position, from 1, is in the URL as `image`."""
    position = link.whole("image", len(candidates))
    ways = {"previous": ("left", position - 1 or len(candidates)), "next": ("right", position % len(candidates) + 1)}
    with st.container(horizontal=True, width="content", gap="small", vertical_alignment="bottom"):
        for way, (side, to) in ways.items():
            icon = f":material/chevron_{side}:"
            st.button(f"{way.capitalize()} image", icon=icon, key=f"{key}-{way}", on_click=show_image, args=(str(to),))
    return candidates[position - 1]


def show_image(position: str = "") -> None:
    """Another image, by default the first of another class or view, with the teacher's own logits."""
    link.write("image", position)
    link.write("logits", "")  # what was edited belongs to the image it was edited for


def choose(label: str, options: Sequence[str], key: str, default: int = 0) -> str:
    """One of `options`, which the URL has as `key`; another choice begins at its first image."""
    chosen = st.segmented_control(
        label,
        options,
        default=options[default],
        required=True,
        wrap=True,
        key=key,
        bind="query-params",
        on_change=show_image,
    )
    return chosen or options[default]  # a link may say that nothing is chosen


def choose_class(here: LessonPage, shown: Gallery) -> list[int]:
    """The test images of the class that the visitor chooses, at first of the third."""
    names = shown.facts.class_names
    return of_class(shown, names.index(choose(here.word("class"), names, "class", default=2)))


def teacher_caption(here: LessonPage, shown: Gallery) -> None:
    """Which teacher gave the logits, and how good it is."""
    st.caption(
        here.sentence(
            "teacher",
            teacher=teacher_name(shown),
            data=shown.facts.title,
            training_images=f"{shown.facts.training_images:,}",
            test_images=f"{len(shown.labels):,}",
            accuracy=percent(shipped_figures(shown.facts.name)["test_accuracy"], 2),
        )
    )
