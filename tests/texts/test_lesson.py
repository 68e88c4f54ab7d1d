"""The texts of the lessons: the format, its error messages, translations, and the texts that ship."""

import os
import re
from pathlib import Path

import pytest

from kdviz import settings
from kdviz.recipes.methods import METHODS
from kdviz.texts import course
from kdviz.texts import lesson as lesson_text
from kdviz.texts.blocks import LessonError, parse

ROOT = Path(__file__).resolve().parents[2]
HEAD = "---\ntitle: Temperature\nquestion: What does it do?\nlead: It softens.\nminutes: 8\n---\n"
WHOLE = (
    HEAD
    + """
# text: what-you-see
## What you see
At T = {{temperature}} the [entropy](#entropy) is {{entropy}} bits.

Second paragraph.

# formula: softmax
$$
q_i = \\frac{e^{z_i/T}}{\\sum_j e^{z_j/T}}
$$
- `q_i` probability of class i,
  summed to 1
- `T` temperature

# say: second
At T = {{temperature}} it gets {{share}}.

# words
- `picture` Picture
- `least-sure` Least sure

# try
- first
- second

# check: order
Can the third overtake?
- `yes` Yes, at a
  high T
  > It catches up,
  > but never overtakes.
- `never` No
  > Right.

# check: find-t
Move T.
- `right`
  > Right.
- `low`
  > Not yet.

# sources
- [Hinton, Vinyals, Dean (2015): Distilling](https://arxiv.org/abs/1503.02531)

# term: soft-targets
Soft targets
What a teacher says.
$$ p_i $$
Lessons: soft_targets, loss
"""
)


def parsed(source=WHOLE, file="en/temperature.md"):
    return parse(source, "temperature", file)


def test_every_kind_of_block_is_read():
    text = parsed()
    assert (text.fact("title"), text.minutes()) == ("Temperature", 8)
    assert text.text("what-you-see").markdown.startswith("## What you see\n")
    assert text.text("what-you-see").places == {"temperature", "entropy"}
    assert text.text("what-you-see").markdown.endswith("Second paragraph.")
    assert text.formula("softmax").latex == r"q_i = \frac{e^{z_i/T}}{\sum_j e^{z_j/T}}"
    assert text.formula("softmax").symbols == (("q_i", "probability of class i, summed to 1"), ("T", "temperature"))
    assert text.word("least-sure") == "Least sure"
    assert [suggestion.markdown for suggestion in text.suggestions] == ["first", "second"]
    assert text.sources == (("Hinton, Vinyals, Dean (2015): Distilling", "https://arxiv.org/abs/1503.02531"),)
    order = text.check("order")
    assert order.question.markdown == "Can the third overtake?"
    assert [(answer.key, answer.text.markdown) for answer in order.answers] == [
        ("yes", "Yes, at a high T"),
        ("never", "No"),
    ]
    assert order.answer("yes").explanation.markdown == "It catches up,\nbut never overtakes."
    assert text.check("find-t").answer("low").text.markdown == ""
    term = text.terms["soft-targets"]
    assert (term.name, term.meaning, term.formulas) == ("Soft targets", "What a teacher says.", ("p_i",))
    assert term.lessons == ("soft_targets", "loss")


def test_places_are_filled_and_a_place_without_a_value_is_named():
    text = parsed()
    assert text.say("second").filled({"temperature": 4, "share": "10 %"}) == "At T = 4 it gets 10 %."
    with pytest.raises(LessonError, match=r"^en/temperature.md, line 23: nothing is known as \{\{share\}\} here"):
        text.say("second").filled({"temperature": 4})


def test_what_a_page_asks_for_in_vain_is_named():
    text = parsed()
    for ask in (text.text, text.formula, text.say, text.check):
        with pytest.raises(LessonError, match=r"^en/temperature.md, line 1: the file has no block # \w+: nowhere\.$"):
            ask("nowhere")
    with pytest.raises(LessonError, match="no `nowhere`"):
        text.word("nowhere")
    with pytest.raises(LessonError, match="line 34: the check order needs an answer called maybe; it has yes, never"):
        text.check("order").answer("maybe")


@pytest.mark.parametrize(
    ("source", "line", "problem"),
    [
        ("", 1, "must begin with a line ---"),
        ("# text: a\nb", 1, "must begin with a line ---"),
        ("---\ntitle: a\n", 1, "that ends the front matter is missing"),
        ("---\ntitel: a\n---\n", 2, "“titel: a” is none of title: …"),
        ("---\ntitle: a\ntitle: b\n---\n", 3, "title stands twice"),
        ("---\ntitle:\n---\n", 2, "title is empty"),
        ("---\nminutes: ten\n---\n", 2, "minutes is ten; it takes a whole number from 1 to 90"),
        ("---\nminutes: 0\n---\n", 2, "minutes is 0"),
        (HEAD + "Hello\n", 7, "belongs to no block"),
        (HEAD + "# story: a\nb\n", 7, "“# story: a” begins no block"),
        (HEAD + "# text\nb\n", 7, "# text needs a key"),
        (HEAD + "# text: A B\nb\n", 7, "# text needs a key"),
        (HEAD + "# try: a\n- b\n", 7, "# try takes no key, but has a"),
        (HEAD + "# text: a\n\n# text: b\nc\n", 7, "this block is empty"),
        (HEAD + "# text: a\nb\n# text: a\nc\n", 9, "# text: a stands twice"),
        (HEAD + "# formula: a\nq\n- `q` b\n", 7, "between $$ and $$"),
        (HEAD + "# formula: a\n$$ q $$\n- q b\n", 9, "this line is written - `symbol` its meaning"),
        (HEAD + "# words\n- `a` b\n- `a` c\n", 9, "`a` stands twice"),
        (HEAD + "# words\n- `a`\n", 8, "this line is written - `name` the label"),
        (HEAD + "# try\nno hyphen\n", 8, "“no hyphen” is no item of a list"),
        (HEAD + "# sources\n- Hinton 2015\n", 8, "a source is written - [Author (year)"),
        (HEAD + "# check: a\nWhy?\n", 7, "the check a has no answers"),
        (HEAD + "# check: a\n- `b` c\n  > d\n", 7, "this block is empty"),
        (HEAD + "# check: a\nWhy?\n- `b` c\n", 9, "the answer `b` has no explanation"),
        (HEAD + "# check: a\nWhy?\n- b c\n  > d\n", 9, "an answer is written"),
        (HEAD + "# check: a\nWhy?\n- `b` c\n  > d\n- `b` e\n  > f\n", 12, "`b` stands twice in the check a"),
        (HEAD + "# term: a\n", 7, "this block is empty"),
        (HEAD + "# term: a\nName\n$$ x $$\n", 7, "has a name, but no meaning"),
        (HEAD + "# term: a\nName\nIt is $x$.\n", 7, "has a formula inside a sentence"),
    ],
)
def test_an_error_is_one_sentence_with_file_and_line(source, line, problem):
    with pytest.raises(LessonError) as error:
        parsed(source, "de/temperature.md")
    message = str(error.value)
    assert message.startswith(f"de/temperature.md, line {line}: ")
    assert problem in message
    assert message.endswith(".")
    assert "\n" not in message


@pytest.fixture
def translated(tmp_path):
    """A folder with an English lesson; returns what writes its translation, and what reads it."""

    def write(language, source, slug="temperature"):
        (tmp_path / language).mkdir(exist_ok=True)
        (tmp_path / language / f"{slug}.md").write_text(source, encoding="utf-8")

    write("en", WHOLE)
    return write, lambda language="de", slug="temperature": lesson_text.read(slug, language, tmp_path)


def test_a_translation_is_a_folder_and_what_it_leaves_out_is_english(translated):
    write, read = translated
    assert read().fact("title") == "Temperature"  # no file at all
    write("de", "---\ntitle: Temperatur\n---\n# say: second\nBei T = {{temperature}}.\n# words\n- `picture` Bild\n")
    text = read()
    assert (text.fact("title"), text.fact("question"), text.minutes()) == ("Temperatur", "What does it do?", 8)
    assert text.say("second").filled({"temperature": 4, "share": 1}) == "Bei T = 4."
    assert (text.word("picture"), text.word("least-sure")) == ("Bild", "Least sure")
    assert text.check("order").question.markdown == "Can the third overtake?"
    assert read("en").fact("title") == "Temperature"


def test_an_edited_file_is_read_again(translated, tmp_path):
    write, read = translated
    assert read().say("second").markdown.startswith("At T")
    write("en", WHOLE.replace("At T = {{temperature}} it gets", "With T = {{temperature}} it gets"))
    os.utime(tmp_path / "en" / "temperature.md", ns=(1, 1))  # a clock may be too coarse to tell the two apart
    assert read().say("second").markdown.startswith("With T")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (HEAD + "# text: elsewhere\na\n", "de/temperature.md, line 1: the block “elsewhere” has no counterpart in en/"),
        (
            HEAD + "# check: order\nWas?\n- `yes` Ja\n  > Nein.\n",
            "de/temperature.md, line 8: the answers of the check order must be never, yes, as in English, but are yes.",
        ),
    ],
)
def test_a_translation_that_does_not_fit_is_refused(translated, source, problem):
    write, read = translated
    write("de", source)
    with pytest.raises(LessonError, match=re.escape(problem)):
        read()


def test_a_missing_file_and_one_that_is_no_text_are_told(translated, tmp_path):
    _, read = translated
    with pytest.raises(LessonError, match=r"^en/nowhere.md, line 1: the file cannot be read"):
        read(slug="nowhere")
    (tmp_path / "en" / "bytes.md").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(LessonError, match=r"^en/bytes.md, line 1: the file is no UTF-8 text"):
        read(slug="bytes")


def test_the_language_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("KDVIZ_LANGUAGE", raising=False)
    assert settings.language() == "en"
    monkeypatch.setenv("KDVIZ_LANGUAGE", "de")
    assert settings.language() == "de"
    assert course.lesson("soft_targets").position == 2  # there is no such folder: English


ENGLISH = ROOT / "assets" / "lessons" / "en"
FILES = sorted(ENGLISH.rglob("*.md"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_texts_that_ship_are_whole(path):
    text = lesson_text.read(path.relative_to(ENGLISH).with_suffix("").as_posix(), "en")
    if path.stem in course.SLUGS:
        assert text.fact("title")
        assert text.fact("lead")
        assert text.fact("question").endswith("?")
        assert text.minutes() > 0
    for key in re.findall(r"\]\(#([^)]+)\)", path.read_text(encoding="utf-8")):
        assert key in course.glossary(), f"{path.name} links to {key}, which the glossary lacks"
    for check in text.checks.values():
        assert len(check.answers) >= 2, check.key
    for _, address in text.sources:
        assert address.startswith("https://")


def test_a_work_is_cited_with_one_year_wherever_it_is_cited():
    years = {}
    for path in FILES:
        for title, address in lesson_text.read(path.relative_to(ENGLISH).with_suffix("").as_posix(), "en").sources:
            years.setdefault(address, set()).add(re.search(r"\((\d{4})\)", title).group(1))
    for method in METHODS.values():
        years.setdefault(method.address, set()).add(re.search(r"\((\d{4})\)", method.source).group(1))
    assert len(years) > 50
    assert {address: of_work for address, of_work in years.items() if len(of_work) > 1} == {}


def test_terms_in_a_text_are_found_and_taken_out():
    marked = "a [soft target](#soft-targets) and a [link](https://x.org)"
    assert course.with_terms(marked, lambda words, key: f"<{words}|{key}>") == (
        "a <soft target|soft-targets> and a [link](https://x.org)"
    )
    assert course.plain("a **bold** [soft target](#soft-targets) `q`\n*and* more") == "a bold soft target q and more"
