"""Text of people leaves as text: no spreadsheet works out what a cell says, whatever stands between cells there."""

import pytest

from kdviz.exports.cells import INVISIBLE, VISIBLE, as_text

FORMULAS = [
    *(
        "=1+1",
        '=HYPERLINK("http://host","x")',
        "+1",
        "-1+1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
    ),
    *("a;=1+1", "a\t=1+1", "a\n=1+1", "a\r\n@x", "a, =1", "a|=1"),
]


@pytest.mark.parametrize("mark", [VISIBLE, INVISIBLE])
@pytest.mark.parametrize("cell", FORMULAS, ids=repr)
def test_a_formula_gets_a_mark(cell, mark):
    marked = as_text(cell, mark)
    assert marked.replace(mark, "") == cell.replace(mark, "")
    for part in marked.replace("\t", ";").replace("\n", ";").replace(",", ";").replace("|", ";").split(";"):
        assert not part.strip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert marked[0] not in "\t\r\n"


@pytest.mark.parametrize("cell", ["", "a note", "1 = 1", "a-b", "3.5", "x@host", "a = b; c = d", "−0.5"])
def test_other_text_stays_as_it_is(cell):
    assert as_text(cell, VISIBLE) == cell
