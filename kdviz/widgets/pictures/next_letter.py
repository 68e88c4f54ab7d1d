"""The next letter: two networks that the browser has read a visitor's text.

Python says where the networks are and how the picture is set; what they say of a text is the browser's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from kdviz.store import shipped_letters
from kdviz.widgets import link, media
from kdviz.widgets.components import component, is_number, keep_committed
from kdviz.widgets.pictures.soft_targets import set_temperature, temperature_of_link, valid_temperature

OPENS_WITH = 'It was impossible to think of anything else. "My dear Mr. Bennet," said th'
MOST = 400  # letters that are read
SAMPLING = (0.1, 2.0)

_next_letter = component("next_letter")


@dataclass(frozen=True)
class Setting:
    """What is read, and how."""

    text: str = OPENS_WITH
    at: int = 0  # letters before the place that is looked at; 0: all of them
    sampling: float = 1.0  # T


USUAL = Setting()


def setting_of_link() -> Setting:
    """From the URL; what is no setting is said and passed over."""
    text = st.query_params.get("text", OPENS_WITH)[-MOST:]
    at = link.read("at", lambda given: link.whole_in(given, 0, MOST), 0, f"a whole number from 0 to {MOST}")
    return Setting(text, at, link.number("sampling", *SAMPLING, USUAL.sampling))


def checked(sent: Any) -> Setting | None:
    """The setting that a browser sent, [text, at, sampling]; None if it is none."""
    if not isinstance(sent, list) or len(sent) != len(("text", "at", "sampling")):
        return None
    text, at, sampling = sent
    if not isinstance(text, str) or len(text) > MOST or not is_number(at) or not is_number(sampling):
        return None
    if not 0 <= at <= MOST or not SAMPLING[0] <= sampling <= SAMPLING[1]:
        return None
    return Setting(text, int(at), round(float(sampling), 2))


def keep(setting: Setting) -> None:
    """Let the URL say how the picture is set, as far as it differs from how it opens."""
    link.write_all(
        {
            "text": setting.text if setting.text != USUAL.text else "",
            "at": str(setting.at) if setting.at else "",
            "sampling": f"{setting.sampling:g}" if setting.sampling != USUAL.sampling else "",
        }
    )


def next_letter_picture(*, key: str, setting: Setting) -> None:
    """What comes next in a text that a visitor types, by teacher and student; and what they write."""
    data = {
        "teacher": _served("teacher"),
        "student": _served("student"),
        "text": setting.text,
        "at": setting.at,
        "sampling": setting.sampling,
        "T": temperature_of_link(),
        "group": "next_letter",
    }
    _next_letter(
        key=key,
        data=data,
        on_setting_change=keep_committed(key, "setting", checked, keep),
        on_T_change=keep_committed(key, "T", valid_temperature, set_temperature),
    )


@st.cache_resource(show_spinner=False)
def _served(role: str) -> str:
    """Where a browser fetches a network."""
    return media.serve(f"letters-{role}", shipped_letters.packed(role))
