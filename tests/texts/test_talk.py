"""Talks: what is read from their files, mistakes told by file and line, and the three that ship."""

import pytest

from kdviz.texts import talk as talks
from kdviz.texts.blocks import LessonError
from kdviz.texts.course import STAGED, TOGETHER

GOOD = """---
title: Two minutes
lead: Short.
minutes: 2
---

# Guess
page: soft_targets
settings: view=Least+sure&T=1
minutes: 0.5
sentence: What is it?

## Say
Look at it.

## Ask
- Which?

# Play
page: playground
minutes: 1.5
sentence: Press play.

## Say
Go.
"""


def test_a_talk_is_read_with_its_addresses():
    talk = talks.parse(GOOD, "two", "en/two.md")
    assert (talk.title, talk.minutes, [scene.title for scene in talk.scenes]) == ("Two minutes", 2, ["Guess", "Play"])
    guess, play = talk.scenes
    assert (guess.say, guess.ask, play.ask) == ("Look at it.", "- Which?", "")
    assert guess.address("two", stage="1") == "soft_targets?view=Least+sure&T=1&talk=two&scene=1&stage=1"
    assert play.address("two") == "playground?talk=two&scene=2"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "page: playground",
            "page: elsewhere",
            r"en/two\.md, line 20: page is elsewhere; it takes one of play",
        ),
        ("minutes: 1.5", "minutes: soon", r"line 21: minutes is soon; it takes a number above 0"),
        ("minutes: 1.5", "minutes: 9", r"line 4: the talk takes 2 minutes, but its scenes take 9\.5 together"),
        ("settings: view=Least+sure&T=1", "settings: T", r"line 9: settings is T; it is written as in an address"),
        ("settings:", "setings:", r"line 9: “setings: view=Least\+sure&T=1” is none of page: …, settings: …"),
        ("sentence: Press play.", "", r"line 19: sentence is missing"),
        ("Press play.", "Press play. " * 20, r"line 22: the sentence has \d+ characters; 110 have room"),
        ("## Say\nGo.", "", r"line 19: the scene has no ## Say"),
        ("## Ask", "## Answer", r"line 16: “## Answer” is none of ## Say, ## Ask"),
        ("title: Two minutes\n", "", r"line 1: title is missing"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(old, new, message):
    with pytest.raises(LessonError, match=message):
        talks.parse(GOOD.replace(old, new, 1), "two", "en/two.md")


POLL = """## Poll
truth: taught-wins
Will it win?
- `yes` yes
- `no` no
"""


def test_a_scene_may_ask_the_class():
    scene = talks.parse(f"{GOOD}\n{POLL}", "two", "en/two.md").scenes[1]
    assert (scene.poll.question, scene.poll.truth) == ("Will it win?", "taught-wins")
    assert [(choice.key, choice.text) for choice in scene.poll.choices] == [("yes", "yes"), ("no", "no")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("truth: taught-wins", "truth: a-coin", r"line 27: a poll begins with a line truth: and one of second-digit"),
        ("Will it win?\n", "", r"line 27: the question has 0 characters"),
        ("Will it win?", "Will it win? " * 20, r"line 27: the question has \d+ characters; it takes 1 to 110"),
        (
            "- `no` no",
            "- `perhaps` no",
            r"line 31: a choice is written - `key` its text; here its key is one of yes, no",
        ),
        ("- `no` no", "- `no` " + "no " * 20, r"line 31: the choice has \d+ characters; 30 have room"),
        ("- `no` no", "", r"line 27: the poll has 1 choices with different keys; it takes 2 to 6"),
    ],
)
def test_a_mistake_in_a_poll_is_told_with_its_line(old, new, message):
    with pytest.raises(LessonError, match=message):
        talks.parse(f"{GOOD}\n{POLL.replace(old, new, 1)}", "two", "en/two.md")


def test_the_talks_that_ship_ask_what_the_page_of_the_scene_can_answer():
    answered = {"second-digit": "soft_targets", "taught-wins": "playground", "best-teacher": "three_ways"}
    for name in talks.names():
        asked = [scene for scene in talks.read(name).scenes if scene.poll is not None]
        assert len(asked) == 3, name
        assert all(answered[scene.poll.truth] == scene.page for scene in asked), name


def test_three_talks_ship_and_take_their_minutes():
    found = [talks.read(name) for name in talks.names()]
    assert [talk.minutes for talk in found] == [5, 20, 45]
    for talk in found:
        assert {scene.page for scene in talk.scenes} <= {*STAGED, *TOGETHER}
        assert all(scene.say for scene in talk.scenes), talk.name


def test_a_name_that_is_no_talk_is_refused_without_touching_a_file():
    for name in ("six-hours", "../en/5-minutes", "*", ""):
        with pytest.raises(LessonError, match="the talks are 5-minutes, 20-minutes, 45-minutes"):
            talks.read(name)
