"""Cells with text of people: what a spreadsheet would work out stays text, wherever it takes a cell to begin.

For a program that expects semicolons or tabs between cells, a cell begins within ours.
"""

import re

VISIBLE = "'"  # a spreadsheet shows what is behind it, and works nothing out
INVISIBLE = "\u200b"  # the same without a sign, for text that is looked at
_FORMULA = re.compile(
    r"(?:^|(?<=[;,|\t\r\n]))(?=\s*[=+\-@＝＋－＠])|^(?=[\t\r\n])"
)  # some read wide signs as narrow ones


def as_text(cell: str, mark: str) -> str:
    """The cell with a mark before whatever would be a formula."""
    return _FORMULA.sub(mark, cell)
