"""What a lesson page is made of, run by Streamlit's AppTest on a text of its own; and the course that ships."""

import json
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from kdviz import settings
from kdviz.texts import course
from kdviz.texts import lesson as lesson_text
from kdviz.widgets import course_progress as progress

TEXT = """---
title: Hard labels
question: What is it?
lead: This.
minutes: 7
---
# text: what-you-see
## What you see
T = {{temperature}}, of a [soft target](#soft-targets) and an [unknown](#nowhere) one.
## More
Below.

# say: now
Now {{share}} of **all**; see [logits](#logits).

# formula: f
$$ q $$
- `q` the [student](#student)

# try
- Set T to {{temperature}}.

# check: choice
Which [logits](#logits) at {{temperature}}?
- `a` The first
  > No: {{temperature}}.
- `b` The second
  > Right.

# check: number
How many bits?
- `right`
  > Right: {{given}}.
- `low`
  > More than {{given}}.
- `high`
  > Less than {{given}}.

# check: moved
Move T.
- `right`
  > Right at {{temperature}}.
- `low`
  > Higher.

# sources
- [Somebody (2000): Something](https://example.org/b)
"""


def script():
    import streamlit as st

    from kdviz.widgets import lesson

    here = lesson.begin("soft_targets")
    value = st.session_state.get("value", "5")
    here.text("what-you-see", temperature=value)
    here.say("now", share=value)
    st.caption(here.sentence("now", share=value))
    here.formula("f")
    here.try_this(temperature=value)
    here.choice("choice", right="b", temperature=value)
    here.number("number", answer=3.32, tolerance=0.05, unit="bits")
    here.moved("moved", state=st.session_state.get("state"), temperature=value)
    here.end([("Somebody (1999): Before", "https://example.org/a")])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of texts in which the lesson on soft targets is the one above."""
    shutil.copytree(settings.ASSETS / "lessons", tmp_path / "lessons")
    (tmp_path / "lessons" / "en" / "soft_targets.md").write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr(lesson_text, "FOLDER", tmp_path / "lessons")
    monkeypatch.setattr(progress, "ways_on", lambda place: None)  # it links to pages, which a lone script has not
    return tmp_path / "lessons"


@pytest.fixture
def at(folder):
    return opened()


def opened(**state):
    at = AppTest.from_function(script, default_timeout=30)
    at.session_state["routed"] = True
    for name, value in state.items():
        at.session_state[name] = value
    at.run()
    assert not at.exception, at.exception
    return at


def said(at):
    return [element.value for kind in (at.success, at.info) for element in kind]


def components(at):
    found = [json.loads(element.proto.json) for element in at.get("bidi_component")]
    return {data.get("shape") or ("asked" if "asked" in data else f"solved {data['check']}"): data for data in found}


def markdown(at):
    return "\n".join(element.value for element in at.markdown)


def test_the_header_tells_the_lessons_place_and_the_browser_what_there_is(at):
    assert at.title[0].value == "What is it?"
    header = components(at)["header"]
    assert header["place"] == "Lesson 2 of 12 · about 7 minutes"
    assert header["lesson"] == "soft_targets"
    mine = next(lesson for lesson in header["lessons"] if lesson["slug"] == "soft_targets")
    assert (mine["number"], mine["title"], mine["question"]) == ("2", "Hard labels", "What is it?")
    assert mine["checks"] == ["choice", "number", "moved"]
    assert set(components(at)) == {"header", "asked"}  # nothing is solved yet
    assert components(at)["asked"] == {"lesson": "soft_targets", "asked": ["choice", "number", "moved"]}


def test_headings_terms_and_places_of_a_text(at):
    assert [header.value for header in at.header] == [
        "What you see", "More", "Try this", "Did it sink in?", "Sources",
    ]  # fmt: skip
    text = at.markdown[0].value
    assert text.startswith('T = 5, of a <a class="kd-term" href="words?term=soft-targets" target="_self" data-meaning=')
    assert "which other classes the image resembles" in text
    assert text.endswith("</a> and an unknown one.")
    assert "Set T to 5." in markdown(at)
    assert at.caption[0].value == "Now 5 of all; see logits."
    sentence = next(element.proto.body for element in at.get("html") if "kd-say" in element.proto.body)
    assert '<p class="kd-say">Now 5 of <b>all</b>; see <a class="kd-term" href="words?term=logits"' in sentence


def test_a_value_is_shown_letter_by_letter(folder):
    at = opened(value="<b>*1*</b> [x](#logits) $q$")
    assert at.markdown[0].value.startswith(r"T = \<b\>\*1\*\</b\> \[x\](#logits) \$q\$, of a <a")
    sentence = next(element.proto.body for element in at.get("html") if "kd-say" in element.proto.body)
    assert "&lt;b&gt;*1*" in sentence


def test_a_choice_explains_each_answer_and_tells_the_browser_of_the_right_one(at):
    radio = at.radio(key="check_soft_targets_choice")
    assert radio.options == ["The first", "The second"]
    radio.set_value("a").run()
    assert "Not quite. No: 5." in said(at)
    assert "solved choice" not in components(at)
    at.radio(key="check_soft_targets_choice").set_value("b").run()
    assert [success.value for success in at.success] == ["Right."]
    assert components(at)["solved choice"] == {"lesson": "soft_targets", "check": "choice"}


@pytest.mark.parametrize(
    ("given", "told", "solved"),
    [(3.3, "Right: 3.3.", True), (3.37, "Right: 3.37.", True), (3.2, "Not quite. More than 3.2.", False),
     (3.5, "Not quite. Less than 3.5.", False)],
)  # fmt: skip
def test_a_number_is_right_low_or_high(at, given, told, solved):
    assert not said(at)
    at.number_input(key="check_soft_targets_number").set_value(given).run()
    assert told in said(at)
    assert ("solved number" in components(at)) == solved


def test_a_check_answered_by_a_control_shows_nothing_as_wrong_before_it_was_moved(folder):
    at = opened()
    assert not said(at)
    assert at.caption[-1].value.endswith("Move the control; whether it holds is said here.")
    at = opened(state="low")
    assert said(at) == ["Higher."]
    assert "solved moved" not in components(at)
    at = opened(state="right")
    assert said(at) == ["Right at 5."]
    assert "solved moved" in components(at)


def test_sources_of_the_page_come_before_those_of_the_text(at):
    listed = next(element.value for element in at.markdown if "example.org" in element.value)
    assert (
        listed
        == "- [Somebody (1999): Before](https://example.org/a)\n- [Somebody (2000): Something](https://example.org/b)"
    )


def test_a_broken_text_is_told_in_a_sentence_and_the_page_ends(folder):
    (folder / "en" / "soft_targets.md").write_text(TEXT.replace("# try", "# trie"), encoding="utf-8")
    at = opened()
    assert [error.value for error in at.error] == ["The text of this page cannot be read."]
    assert at.text[0].value.startswith("en/soft_targets.md, line 20: “# trie” begins no block")
    assert not at.radio


def test_a_translation_is_shown_and_its_gaps_are_english(folder, monkeypatch):
    (folder / "de").mkdir()
    (folder / "de" / "soft_targets.md").write_text(
        "---\nquestion: Was ist das?\n---\n# text: what-you-see\n## Zu sehen\nBei T = {{temperature}}.\n",
        encoding="utf-8",
    )
    (folder / "de" / "course.md").write_text(
        "---\ntitle: Alles\n---\n# words\n- `try-this` Zum Probieren\n", encoding="utf-8"
    )
    monkeypatch.setenv("KDVIZ_LANGUAGE", "de")
    at = opened()
    assert at.title[0].value == "Was ist das?"
    assert [header.value for header in at.header] == ["Zu sehen", "Zum Probieren", "Did it sink in?", "Sources"]
    assert at.markdown[0].value == "Bei T = 5."
    assert components(at)["header"]["place"] == "Lesson 2 of 12 · about 7 minutes"


def test_the_course_is_whole():
    lessons = course.lessons()
    assert " ".join(lesson.number for lesson in lessons) == "1 2 3 4 5 6 7 8 9 10 11 12 A B"
    assert course.lesson("watch_it_train").number == "3", "a student learns before the theory of it"
    for lesson in lessons:
        assert (settings.ASSETS.parent / lesson.page).exists()
        assert lesson.checks, f"{lesson.slug} asks nothing"
        assert len(lesson.title) <= 30, f"{lesson.title} does not fit into the sidebar"


def test_a_lesson_that_cannot_be_read_keeps_its_place_and_spoils_no_other(folder):
    (folder / "en" / "loss.md").write_text("no front matter", encoding="utf-8")
    lessons = course.lessons()
    assert [lesson.slug for lesson in lessons] == list(course.SLUGS)
    assert (lessons[4].title, lessons[4].checks) == ("Loss", ())
    assert components(opened())["header"]["lessons"][4]["minutes"] == ""


def test_every_term_of_the_glossary_is_taught_in_a_lesson_that_exists():
    for term in course.glossary().values():
        assert term.lessons, term.key
        assert set(term.lessons) <= set(course.SLUGS), term.key
        assert len(course.plain(term.meaning)) <= 400, f"{term.key} is too long to be read on hover"
