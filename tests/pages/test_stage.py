"""The stage and talks on their pages: what the browser is told, and that every scene opens with nothing to wait for."""

import pytest

from kdviz.texts import course, lesson
from kdviz.texts import talk as talks
from tests.samples.app_pages import component, opened

SCENES = {
    scene.address(""): (talk.name, scene) for talk in map(talks.read, talks.names()) for scene in talk.scenes
}  # one of those that several talks have


def stage_of(at):
    return component(at, "sentence")


@pytest.mark.parametrize("slug", course.STAGED)
def test_each_page_with_a_picture_has_one_stage_and_ways_on(jobs, slug):
    at = opened(f"pages/{slug}.py", stage="1")
    told, place = stage_of(at), course.STAGED.index(slug)
    assert told["sentence"] == at.title[0].value
    assert told["previous"] == (course.STAGED[place - 1] if place else None)
    assert told["next"] == (None if slug == "explorer" else course.STAGED[place + 1])
    assert told["talk"] is None


def test_start_has_a_stage_too_which_leads_to_the_first_page_with_a_picture(jobs):
    told = stage_of(opened("pages/start.py", stage="1"))
    assert (told["page"], told["sentence"]) == (course.START, lesson.read("start").fact("question"))
    assert (told["previous"], told["next"]) == (None, course.STAGED[0])


@pytest.mark.parametrize("slug", course.TOGETHER)
def test_what_a_class_makes_together_has_a_stage_that_leads_nowhere_by_itself(jobs, slug):
    told = stage_of(opened(f"pages/{slug}.py", data="digits", stage="1"))
    assert told["sentence"] == lesson.read(slug).fact("question")
    assert told["previous"] is told["next"] is told["talk"] is None


@pytest.mark.parametrize(("name", "scene"), SCENES.values(), ids=lambda value: getattr(value, "title", value))
def test_a_scene_opens_as_it_is_written_with_nothing_to_wait_for(jobs, name, scene):
    settings = dict(scene.settings)
    at = opened(f"pages/{scene.page}.py", **settings, talk=name, scene=str(scene.number), stage="1")
    assert not at.warning, "the page objects to the scene's settings"
    assert not at.error
    assert not jobs.submitted, "a scene trains something"
    assert stage_of(at)["sentence"] == scene.sentence
    talk = stage_of(at)["talk"]
    assert (talk["name"], talk["scene"]) == (name, scene.number)
    told = stage_of(at)
    assert (told["page"], told["title"]) == (scene.page, lesson.read(scene.page).fact("title"))
    assert (told["poll"] or {}).get("question") == (scene.poll.question if scene.poll else None)
    assert any(file.startswith("PlotlyChart.") for file in talk["ahead"])


@pytest.mark.parametrize(("page", "scene"), [("pages/hintons_table.py", "9"), ("pages/loss.py", "5")])
def test_a_scene_on_the_stage_is_its_picture_alone_and_the_page_is_whole_elsewhere(jobs, page, scene):
    asked = {"talk": "20-minutes", "scene": scene}
    for address, whole in ((asked | {"stage": "1"}, False), (asked, True), ({"stage": "1"}, True)):
        at = opened(page, **address)
        assert ("Sources" in [heading.value for heading in at.header]) == whole
        assert stage_of(at)["title"]


def test_a_talk_leads_from_scene_to_scene_on_the_stage(jobs):
    talk = talks.read("5-minutes")
    at = opened("pages/soft_targets.py", talk="5-minutes", scene="2", stage="1")
    told = stage_of(at)
    assert told["place"] == "2/5"
    assert told["previous"] == talk.scenes[0].address("5-minutes", stage="1")
    assert told["next"] == talk.scenes[2].address("5-minutes", stage="1")
    assert stage_of(opened("pages/three_ways.py", talk="5-minutes", scene="5"))["next"] is None


def test_the_first_page_leads_to_the_talks_and_opens_the_scene_that_its_address_names(jobs):
    at = opened("pages/start.py")
    links = [link for link in at.get("page_link") if "talk=" in link.proto.query_string]
    assert [f"talk={name}" in link.proto.query_string for name, link in zip(talks.names(), links, strict=True)] == [
        True
    ] * 3
    at = opened("pages/start.py", talk="5-minutes", scene="3")
    assert stage_of(at)["talk"]["scene"] == 3


def test_what_an_address_says_of_a_talk_is_refused_in_a_sentence(jobs):
    at = opened("pages/loss.py", talk="six-hours")
    assert [error.value for error in at.error] == ["This talk cannot be shown."]
    assert any("the talks are 5-minutes" in text.value for text in at.text)
    at = opened("pages/loss.py", talk="5-minutes", scene="99")
    assert any("scene is 99; it takes a whole number from 1 to 5" in warning.value for warning in at.warning)


def test_the_speakers_window_has_what_to_say_in_every_scene(jobs):
    at = opened("pages/notes.py", talk="20-minutes", scene="4")
    told = component(at, "scenes")
    assert (told["name"], told["scene"], len(told["scenes"])) == ("20-minutes", 4, 9)
    assert all(scene["say"] for scene in told["scenes"])
