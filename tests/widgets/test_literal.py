"""Text that is not ours is shown letter by letter where Streamlit reads Markdown, and names no folder of the server."""

import ast
import re

import pytest

from kdviz import settings
from kdviz.widgets.literal import literal, without_folders
from tests.samples.app_pages import read

HARMLESS = [
    "1:20:5",
    "test_seeds",
    "LOW:HIGH:COUNT",
    "it is: that",
    "12:30",
    "inf",
    "2,5",
    "784-128-10",
    "T is 1e400; it takes a number from 1 to 20.",
    "-1",
    "−0.5",
    "(a)",
    "日本",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_means_nothing_stays_as_it_is(text):
    assert literal(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://host/x.png)",
        "[a](javascript:alert(1))",
        "<img src=http://host/x.png>",
        "<http://host>",
        "&lt;b&gt;",
        "http://host/x",
        "www.host.example",
        "a@host.example",
        ":material/delete:",
        ":smile:",
        "1:100:3",
        ":red[x]",
        "$x^2$",
        "**b** _i_ ~s~ `c`",
        "# h",
        "- a",
        "+ a",
        "1. a",
        "1) a",
        "---",
        "a -- b -> c",
        "|a|b|",
        "back\\slash",
    ],
)
def test_what_means_something_is_shown_as_it_was_written(text):
    marked = literal(text)
    assert read(marked) == text
    unescaped = re.sub(r"\\[!-/:-@\[-`{-~]", "", marked)
    assert not re.search(r"[`*\[\]<>$~|]|:[a-z+-]+[:/]|:100:|\b_|_\b|:/|www\.|@\w|--|->|^[-+#] |^\d+[.)] ", unescaped)


def test_lines_are_one_line():
    assert literal("a\n\n# b\n\tc") == "a # b c"
    assert literal("99\u00a0kB") == "99\u00a0kB", "spaces of other kinds stay"


def test_files_are_called_by_their_names(monkeypatch, tmp_path):
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path / "data" / "state"))
    data, state = tmp_path / "data", tmp_path / "data" / "state"
    for said, shown in (
        (f"{data}/MNIST/raw lacks t10k-labels", "MNIST/raw lacks t10k-labels"),
        (f"There is nothing in {data}, and the network", "There is nothing in the data folder, and the network"),
        (f"The run store {state}/kdviz.sqlite is damaged", "The run store kdviz.sqlite is damaged"),
        (f"{state} cannot be written", "the state folder cannot be written"),
        ("“/srv/other/place/x.bin” is damaged", "“x.bin” is damaged"),
        ("C:\\Users\\me\\x.bin is damaged", "x.bin is damaged"),
        (f"{settings.ASSETS}/lessons/en/loss.md, line 3", "assets/lessons/en/loss.md, line 3"),
        ("and/or, 1/2, http://host/a/b.gz", "and/or, 1/2, http://host/a/b.gz"),
    ):
        assert without_folders(said) == shown


# What the lessons' own files say.
OURS = {"explanation", "prefix + explanation", "f\"{course.words().word('not-quite')} {explanation}\""}


def test_no_message_is_put_together_without_it():
    """What a page says in a box is a sentence of its own, a sentence of a lesson's file, or `literal`."""
    root, found = settings.ASSETS.parent, []
    for path in (root / "app.py", *root.glob("pages/*.py"), *root.glob("kdviz/widgets/**/*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) in {
                "st.warning",
                "st.info",
                "st.error",
                "st.success",
            }:
                said = call.args[0]
                by = ast.unparse(said.func).rpartition(".")[2] if isinstance(said, ast.Call) else ""
                if (
                    not isinstance(said, ast.Constant)
                    and by not in ("literal", "sentence")
                    and ast.unparse(said) not in OURS
                ):
                    found.append((path.name, ast.unparse(said)))
    assert not found
