"""A class in real browsers: a stage, three phones and thirty more seats go through a talk; what may break on the way
breaks, and nobody's loss stops the class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from kdviz.store.classes import ClassStore
from kdviz.texts import talk as talks
from tests.browser.app_server import AppServer
from tests.browser.visitor import stays
from tests.samples.pupils import Pupils
from tests.samples.relay import Relay

PROJECTOR, PHONE = {"width": 1024, "height": 768}, {"width": 390, "height": 844}
PUPILS = 30
ALL = PUPILS + 3


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ClassStore]:
    state = tmp_path / "state"
    state.mkdir()
    made = ClassStore(f"sqlite:///{state / 'kdviz.sqlite'}")
    yield made
    made.close()


def choose(phone: Page, text: str) -> None:
    phone.locator(".choice", has_text=text).click()


def answered(stage: Page) -> None:
    expect(stage.locator(".poll .answered")).to_have_text(f"{ALL} of {ALL} have answered")


def shows(seats: list[Page], pupils: Pupils, scene: int, sentence: str) -> None:
    """Everybody is in that scene of the talk."""
    pupils.wait(lambda told: told["show"] is not None and told["show"]["scene"] == scene)
    for seat in seats:
        expect(seat.locator(".sentence")).to_have_text(sentence)


def test_a_class_goes_through_a_talk_whatever_breaks(browser: Browser, tmp_path: Path, store: ClassStore) -> None:
    code = store.begin()
    server = AppServer(tmp_path / "state")
    relay = Relay(server.port)
    contexts = [browser.new_context(viewport=size) for size in (PROJECTOR, PHONE, PHONE, PHONE)]
    stage, *seats = (context.new_page() for context in contexts)
    try:
        with Pupils(f"ws://127.0.0.1:{server.port}/class/live", PUPILS) as pupils:
            for seat, port in zip(seats, (server.port, server.port, relay.port), strict=True):
                seat.goto(f"http://127.0.0.1:{port}/seat?class={code}")
            first = talks.read("5-minutes").scenes[0].address("5-minutes", stage="1", data="digits")
            stage.goto(f"{server.url}/{first}")
            server = _hold(stage, seats, pupils, relay, server)
        expect(seats[0].locator(".standing")).to_have_text("The class has ended")
        assert store.open_code() is None, "nothing of it is kept"
        assert psutil.Process(server.pid).memory_info().rss < 350e6, "a page server stays small"
    finally:
        for context in contexts:
            context.close()
        relay.close()
        server.stop()


def _hold(stage: Page, seats: list[Page], pupils: Pupils, relay: Relay, server: AppServer) -> AppServer:
    """The talk, its three questions, and the race; the server that is there in the end."""
    shows(seats, pupils, 1, "The network names one digit. What else could this be?")
    for seat, digit in zip(seats, ("a 1", "a 3", "a 3"), strict=True):
        choose(seat, digit)
    pupils.say(lambda number: {"answer": {"scene": 1, "choice": number % 4}})
    answered(stage)
    stage.keyboard.press("a")
    expect(stage.locator(".poll .choice.true")).to_contain_text("a 3")  # the teacher's second for this image
    expect(stage.locator(".poll .says")).to_have_text(re.compile("the teacher gives 3 the second largest share"))
    expect(seats[1].locator(".poll .says")).to_contain_text("Your answer, a 3, is right.")
    pupils.wait(lambda told: (told["ask"]["truth"] or {}).get("choice") == 1 and sum(told["ask"]["counts"]) == ALL)

    stage.keyboard.press("ArrowRight")
    shows(seats, pupils, 2, "Warmed up, the network shows what it knows of the other digits.")
    stage.keyboard.press("T")
    pupils.wait(lambda told: told["show"]["T"] == "8.00")
    for seat in seats:
        expect(seat.locator(".of-t b")).to_have_text("8.00")
    expect(stage).to_have_url(re.compile("[?&]T=8"))  # the page of this scene has heard of it as well

    relay.cut()
    expect(seats[2].locator(".standing")).to_have_text("Looking for the class …")
    stage.keyboard.press("ArrowRight")
    shows(seats[:2], pupils, 3, "Two students, few labels. One also hears a teacher.")
    stays(stage, server.work, seconds=2)  # a worker that still loads PyTorch from a disk would end later than others
    assert not server.kill()
    expect(seats[0].locator(".standing")).to_have_text("Looking for the class …")
    server = AppServer(server.state, port=server.port)
    relay.mend()
    for seat in seats:
        expect(seat.locator(".standing")).to_have_text("Follows the class")
    shows(seats, pupils, 3, "Two students, few labels. One also hears a teacher.")

    expect(stage.locator(".on-stage .seats:not([data-away])")).to_be_visible()
    for seat in seats:
        choose(seat, "yes")
    pupils.say(lambda number: {"answer": {"scene": 3, "choice": number % 3}})
    answered(stage)
    stage.keyboard.press("a")
    expect(stage.locator(".poll .says")).to_contain_text("The picture does not know it yet")  # nobody has pressed play
    play = stage.locator(".playground .play")  # the picture is there again, though its server was killed
    play.press("Enter")
    pupils.wait(lambda told: told["ask"]["truth"] is not None)  # computed from the run, as soon as it tells
    expect(stage.locator(".poll .choice.true")).to_have_count(1)
    expect(seats[1].locator(".poll .says")).to_have_text(re.compile("^Your answer.*held-out"))
    play.press("Enter")

    stage.keyboard.press("ArrowRight")
    shows(seats, pupils, 4, "With all labels, there is little left to gain.")
    stage.keyboard.press("ArrowRight")
    shows(seats, pupils, 5, "Who teaches best? Look at the seeds before you say so.")
    expect(stage.locator(".poll")).to_contain_text("Who teaches best?")  # before, nobody hears a key
    stage.keyboard.press("a")
    pupils.wait(lambda told: told["ask"]["truth"] is not None)  # from the verdicts of the comparison that is shown
    expect(stage.locator(".poll .choice.true")).to_have_count(1)
    _race(stage, seats[0], pupils, f"{server.url}/race_together?data=digits&stage=1")
    return server


def _race(stage: Page, seat: Page, pupils: Pupils, address: str) -> None:
    """Everybody trains a student; then the class ends."""
    stage.goto(address)
    pupils.wait(lambda told: told["show"]["page"] == "race_together")
    seat.locator(".race .train").click()  # once the seat has followed
    trained = {"accuracy": 0.8, "plain": 0.7, "updates": 300}
    pupils.say(lambda number: {"point": {"points": [{"T": 1 + number, "alpha": 0.5, **trained}]}})
    expect(stage.locator(".dot")).to_have_count(PUPILS + 1, timeout=60_000)  # the seat trains beside other tests

    stage.keyboard.press("q")
    expect(stage.locator(".class .count")).to_have_text(f"{ALL} seats are here")
    stage.get_by_role("button", name="End the class").click()
    stage.get_by_role("button", name="End it for all?").click()
