"""The sentences that widgets ask for by name are there, with the places that they fill; nothing in a text is unused."""

import ast
from pathlib import Path

import pytest

from kdviz.texts import lesson as lesson_text

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {  # the text that a room's own `say` reads
    "kdviz/widgets/single": "watch_it_train",
    "kdviz/widgets/comparison": "three_ways",
    "kdviz/widgets/sweep": "explorer",
    "kdviz/widgets/study": "runs",
}


def asked():
    """(text, key, names of the places) of each sentence that is asked for by a literal key."""
    for path in sorted((ROOT / "kdviz" / "widgets").rglob("*.py")):
        room = ROOMS.get(path.parent.relative_to(ROOT).as_posix())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if name not in ("say", "words.say", "sentence", "lesson.sentence"):
                continue
            literals = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            places = {keyword.arg for keyword in node.keywords}
            if name.endswith("say") and room and literals:
                yield room, literals[0], places
            elif len(literals) == 2:
                yield *literals, places


@pytest.mark.parametrize(
    ("text", "key", "places"), list(asked()), ids=lambda value: str(value)[:40] if isinstance(value, str) else ""
)
def test_a_sentence_that_is_asked_for_is_there_with_its_places(text, key, places):
    words = lesson_text.read(text, "en").say(key)
    assert None in places or words.places <= places, f"{text}: {key} needs {words.places - places}"


@pytest.mark.parametrize("text", ["explorer", "runs"])
def test_no_sentence_is_left_that_nothing_says(text):
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "kdviz" / "widgets").rglob("*.py"))
    sources += (ROOT / "pages" / f"{text}.py").read_text(encoding="utf-8")
    assert [key for key in lesson_text.read(text, "en").says if f'"{key}"' not in sources] == []
