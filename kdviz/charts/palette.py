"""The one palette, read from the theme in `.streamlit/config.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Theme = Literal["light", "dark"]
Role = Literal["teacher", "student", "label"]  # of a study's arm

_CONFIG = Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml"


@dataclass(frozen=True)
class Palette:
    """One colour for each thing, the same on every page; safe for colour-blind eyes."""

    teacher: str  # and the soft term
    student: str  # distilled
    label: str  # and the hard term
    plain: str  # the student without a teacher, dashed
    text: str
    paper: str  # behind everything; also what stands on a filled button

    @property
    def roles(self) -> dict[Role, str]:
        """The colour of a study's arm by its role; one that learns from labels alone is plain."""
        return {"teacher": self.teacher, "student": self.student, "label": self.plain}


@cache
def colours(theme: Theme) -> Mapping[str, Any]:
    """What the light or the dark theme says, as it stands in the configuration."""
    told: dict[str, Any] = tomllib.loads(_CONFIG.read_text(encoding="utf-8"))["theme"][theme]
    return told


@cache
def palette(theme: Theme) -> Palette:
    """The colours of the light or the dark theme."""
    told = colours(theme)
    teacher, student, label, plain = told["chartCategoricalColors"]
    return Palette(teacher, student, label, plain, told["textColor"], told["backgroundColor"])
