"""What a visitor has chosen on the soft-target pages: read from the URL, checked, written back to it."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from kdviz.recipes.catalogue import ARCHITECTURES, SHIPPED_TEACHERS
from kdviz.store.gallery import Gallery, shipped_figures
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.link import number_in
from kdviz.widgets.pictures.soft_targets import LARGEST_LOGIT, T_MAX, T_MIN, ShownLogits

DEFAULT_TEMPERATURE = 1.0
LEAST_SURE = 40  # images among which a visitor leafs


def temperature() -> float:
    """T from the URL; what is no temperature is said and passed over."""
    text = st.query_params.get("T")
    if text is None:
        return DEFAULT_TEMPERATURE
    value = number_in(text)
    if value is None or not T_MIN <= value <= T_MAX:
        st.warning(f"T is {text}; it takes a number from {T_MIN:g} to {T_MAX:g}. Shown is T = {DEFAULT_TEMPERATURE:g}.")
        return DEFAULT_TEMPERATURE
    return value


def set_temperature(value: float) -> None:
    """Keep T in the URL, short enough to be read."""
    st.query_params["T"] = f"{value:.3g}"


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
    """The image of the first sentence: of the 2s that the teacher gets right, the one it is least sure of."""
    twos = set(of_class(shown, 2))
    return next((index for index in least_sure(shown, len(shown.labels)) if index in twos), 0)


def least_sure(shown: Gallery, count: int = LEAST_SURE) -> list[int]:
    """The images the teacher gets right but is least sure of, the least sure first."""
    right = shown.logits.argmax(axis=1) == shown.labels
    order = np.argsort(-np.where(right, shown.entropy, -1.0), kind="stable")
    return [int(index) for index in order[:count]]


def teacher_name(shown: Gallery) -> str:
    """The shipped teacher's architecture with its size."""
    architecture = ARCHITECTURES[SHIPPED_TEACHERS[shown.facts.name]]
    return f"{architecture.name} ({architecture.parameters:,} parameters)"


def of_class(shown: Gallery, label: int) -> list[int]:
    """The test images of one class in the order of the data set."""
    return [int(index) for index in np.flatnonzero(shown.labels == label)]


def leaf(candidates: Sequence[int], key: str) -> int:
    """Buttons to leaf through images; the position, from 1, is in the URL as `image`."""
    position = _position(len(candidates))
    previous, following = position - 1 or len(candidates), position % len(candidates) + 1
    with st.container(horizontal=True, width="content", gap="small", vertical_alignment="bottom"):
        st.button(
            "Previous image", icon=":material/chevron_left:", key=f"{key}-previous", on_click=_go, args=(previous,)
        )
        st.button("Next image", icon=":material/chevron_right:", key=f"{key}-next", on_click=_go, args=(following,))
    return candidates[position - 1]


def _go(position: int) -> None:
    st.query_params["image"] = str(position)
    forget_logits()


def first_image() -> None:
    """Another class, another view: its first image, with the teacher's own logits."""
    st.query_params.pop("image", None)
    forget_logits()


def forget_logits() -> None:
    """What was edited belongs to the image it was edited for."""
    st.query_params.pop("logits", None)


def _position(count: int) -> int:
    text = st.query_params.get("image", "1")
    if text.isdecimal() and 1 <= int(text) <= count:
        return int(text)
    st.warning(f"image is {text}; it takes a whole number from 1 to {count:,}. Shown is the first.")
    return 1


def edited_logits(start: Sequence[float]) -> tuple[float, ...]:
    """The visitor's logits from the URL, or those to start from."""
    text = st.query_params.get("logits")
    if text is None:
        return tuple(start)
    values = [number_in(part) for part in text.split(",")]
    known = [value for value in values if value is not None and abs(value) <= LARGEST_LOGIT]
    if len(known) != len(start) or len(values) != len(start):
        st.warning(
            f"logits is {text}; it takes {len(start)} numbers from {-LARGEST_LOGIT:g} to {LARGEST_LOGIT:g}, "
            "with commas between them. Shown are those to start from."
        )
        return tuple(start)
    return tuple(known)


def set_edited_logits(logits: Sequence[float], start: Sequence[float]) -> None:
    """Keep the visitor's logits in the URL, unless they are back where they started."""
    given, begun = (",".join(f"{value:.4g}" for value in values) for values in (logits, start))
    if given == begun:
        forget_logits()
    else:
        st.query_params["logits"] = given


def choose(label: str, options: Sequence[str], key: str, default: int = 0) -> str:
    """One of `options`, which the URL has as `key`; another choice begins at its first image."""
    return st.segmented_control(
        label,
        options,
        default=options[default],
        required=True,
        wrap=True,
        key=key,
        bind="query-params",
        on_change=first_image,
    )


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
            accuracy=f"{shipped_figures(shown.facts.name)['test_accuracy']:.2%}",
        )
    )
