"""After distillation: trained students that the browser prunes and quantises while a finger moves the slider.

Python says where their weights and the held-out images are and how the picture is set; accuracies are the browser's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import streamlit as st

from kdviz.store import shipped_students
from kdviz.widgets import link, media
from kdviz.widgets.components import component, is_number, keep_committed
from kdviz.widgets.pictures.playground import facts_of
from kdviz.widgets.pictures.soft_targets import set_temperature, temperature_of_link, valid_temperature
from kdviz.widgets.server import ServedPack

Way = Literal["weights", "units"]
WAYS: tuple[Way, ...] = get_args(Way)
BITS = (32, 8, 4, 3, 2)
MOST = 0.99  # of the weights or units that can be pruned

_compressed = component("compressed")


@dataclass(frozen=True)
class Setting:
    """How the student is compressed: first pruned, then quantised."""

    sparsity: float = 0.0  # the share that is pruned, in whole per cent
    bits: int = 32  # of each weight
    way: Way = "weights"  # what is pruned: single weights, or whole hidden units


USUAL = Setting()


def setting_of_link() -> Setting:
    """From the URL; what is no setting is said and passed over."""
    bits = link.choice("bits", [str(bits) for bits in BITS], str(USUAL.bits))
    ways: dict[str, Way] = {way: way for way in WAYS}
    way = link.read("pruned", ways.get, USUAL.way, f"one of {', '.join(WAYS)}")
    sparsity = link.number("sparsity", 0.0, MOST, USUAL.sparsity)
    return Setting(round(sparsity, 2), int(bits), way)


def checked(sent: Any) -> Setting | None:
    """The setting that a browser sent, [sparsity, bits, way]; None if it is none."""
    if not isinstance(sent, list) or len(sent) != len(("sparsity", "bits", "way")):
        return None
    sparsity, bits, way = sent
    if not is_number(sparsity) or not 0 <= sparsity <= MOST or not is_number(bits) or way not in WAYS:
        return None
    return Setting(round(float(sparsity), 2), int(bits), way) if bits in BITS else None


def keep(setting: Setting) -> None:
    """Let the URL say how the picture is set, as far as it differs from how it opens."""
    link.write_all(
        {
            "sparsity": f"{setting.sparsity:g}" if setting.sparsity != USUAL.sparsity else "",
            "bits": str(setting.bits) if setting.bits != USUAL.bits else "",
            "pruned": setting.way if setting.way != USUAL.way else "",
        }
    )


def compressed_picture(*, key: str, served: ServedPack, setting: Setting) -> None:
    """Accuracy over sparsity, what the student takes, what its weights lose, and its answer beside the teacher's."""
    data = {
        **facts_of(served),
        "students": _students(served.data),
        "sparsity": setting.sparsity,
        "bits": setting.bits,
        "way": setting.way,
        "T": temperature_of_link(),
        "group": "compressed",
    }
    _compressed(
        key=key,
        data=data,
        on_setting_change=keep_committed(key, "setting", checked, keep),
        on_T_change=keep_committed(key, "T", valid_temperature, set_temperature),
    )


@st.cache_resource(show_spinner=False)
def _students(data: str) -> str:
    """Where a browser fetches the students of a data set."""
    return media.serve(f"students-{data}", shipped_students.packed(data))
