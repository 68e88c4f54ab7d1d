"""Text that is not ours, for places where Streamlit reads Markdown: what a link, a bundle, a file or an error says.

Markdown is read in captions, notes, labels and tooltips alike; it would fetch pictures from anywhere.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from kdviz import settings

JOINER = "\u2060"  # a sign without width, between two that would mean something side by side
_MARKS = re.compile(r"([\\`*\[\]<>$~&|]|(?<![^\W_])_|_(?![^\W_]))")
# Within --, ->, :name:, :material/name:, http://, a@b, www.host
_PAIRS = re.compile(r"(?<=[-<>~])(?=[-=>])|(?<=:)(?=[a-z0-9_+-]*[a-z_+][\w+-]*[:/]|100:|/)|(?<=@)|(?<=[wW]{3})(?=\.)")
_START = re.compile(r"^(\d*)([-+=.)]|#+)(?=\s|$)")  # of a list, a line, a heading
_SPACES = re.compile(r"[ \t-\r]+")
_PATH = re.compile(r"(?:(?<![\w./])/|\b[A-Za-z]:[\\/])(?:[^\s/\\,;:'\"“”’()]+[\\/])+(?=[^\s/\\])")


def literal(text: object) -> str:
    """Markdown that shows the text letter by letter, in one line."""
    return _literal(str(text))


@lru_cache(maxsize=4096)  # a lesson fills all its places at each of its texts
def _literal(text: str) -> str:
    line = _PAIRS.sub(JOINER, _SPACES.sub(" ", text).strip())
    return _START.sub(r"\1\\\2", _MARKS.sub(r"\\\1", line))


def without_folders(text: object) -> str:
    """The text with files called as a visitor needs them: below the folders that they are in, or by their names."""
    said = str(text)
    for folder, name in _folders().items():
        said = said.replace(f"{folder}/", "").replace(folder, name)
    return _PATH.sub("", said)


def _folders() -> Mapping[str, str]:
    """What the folders of this server are called on pages, the innermost first."""
    state, data = str(settings.state_dir()), str(settings.data_dir())
    named = {str(settings.ASSETS.parent): "the program’s folder", state: "the state folder", data: "the data folder"}
    return dict(sorted(named.items(), key=lambda item: -len(item[0])))
