"""What is printed where a terminal or a file knows fewer characters than our sentences: read, not replaced by "?"."""

import codecs
import sys
import unicodedata

_HANDLER = "kdviz-spelled-out"
_SPELLED = {
    **{"α": "alpha", "Δ": "Delta", "Σ": "Sum", "μ": "u", "σ": "sigma", "τ": "tau", "∞": "infinity", "√": "sqrt"},
    **{"²": "^2", "³": "^3", "±": "+/-", "×": "x", "÷": "/", "·": "-", "°": " degrees", "≈": "~", "≤": "<=", "≥": ">="},
    **{"‖": "||", "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "…": "...", "→": "->", "←": "<-", "↑": "^"},
    **{"↓": "v", "“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "‹": "<", "›": ">", "«": '"', "»": '"'},
    **{"★": "*", "☆": "*", "ß": "ss", "æ": "ae", "ø": "o", "ł": "l"},
}


def spelled_out() -> None:
    """Let standard output and standard error spell out what their encoding lacks: α as alpha, ² as ^2.

    Python would end the program with a UnicodeEncodeError instead.
    """
    codecs.register_error(_HANDLER, _spell)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a stream that a program has put there may have none
        if reconfigure is not None:
            reconfigure(errors=_HANDLER)


def spelling(text: str) -> str:
    """A text in ASCII, which every encoding has: characters as they are spelled, letters without their accents."""
    return "".join(map(_spelling, text))


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return spelling(error.object[error.start : error.end]), error.end


def _spelling(character: str) -> str:
    if character.isascii():
        return character
    spelled = _SPELLED.get(character) or unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return spelled or ("" if unicodedata.combining(character) else "?")
