"""The ways of teaching by the names of `methods.METHODS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType

from kdviz.distillers import (
    assistant,
    attention,
    born_again,
    decoupled,
    deep_to_shallow,
    earlier_self,
    fsp,
    hints,
    label_smoothing,
    mutual,
    offline,
    plain,
    rkd,
    several_teachers,
    similarity,
    standardised,
)
from kdviz.distillers.stage import Given, Stage
from kdviz.recipes.methods import CONTROL

Way = Callable[[Given], Iterator[Stage]]

WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "plain": plain.stages,
        "label-smoothing": label_smoothing.stages,
        "offline": offline.stages,
        "offline-soft-ce": partial(offline.stages, loss="soft-ce"),
        "offline-mse": partial(offline.stages, loss="mse"),
        "decoupled": decoupled.stages,
        "standardised": standardised.stages,
        "several-teachers": several_teachers.stages,
        "assistant": assistant.stages,
        "mutual": mutual.stages,
        "mutual-mixed": mutual.mixed,
        "mutual-three": partial(mutual.stages, peers=2),
        "born-again": born_again.stages,
        "deep-to-shallow": deep_to_shallow.stages,
        "earlier-self": earlier_self.stages,
        "earlier-average": earlier_self.averaged,
        "hints": hints.stages,
        "attention": attention.stages,
        "fsp": fsp.stages,
        "rkd": rkd.stages,
        "similarity": similarity.stages,
        CONTROL: offline.independent,
    }
)
