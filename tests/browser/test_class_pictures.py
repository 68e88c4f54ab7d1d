"""What the stage shows of a class: the bars of its poll, the way to its seats, the wall of its drawings, its race."""

from __future__ import annotations

import io
import itertools
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import segno
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, ViewportSize, expect

from kdviz.store import gallery
from kdviz.store.classes import ClassStore
from tests.browser.app_server import AppServer
from tests.browser.picture import draw
from tests.browser.staged import SMALL, staged
from tests.browser.visitor import Seen, until, watch
from tests.samples.pupils import Pupils

PHONE: ViewportSize = {"width": 390, "height": 844}
KEY = "chalk-and-sponge"
SEATS = 3
FIRST = f"?presenter={KEY}&data=digits&talk=5-minutes&scene=1&stage=1"
DRAWINGS = (  # the teacher doubts the second most, then the first
    [[(0.5, 0.15), (0.5, 0.85)]],
    [[(0.2, 0.2), (0.8, 0.8)]],
    [[(0.5, 0.15), (0.3, 0.35), (0.3, 0.65), (0.5, 0.85), (0.7, 0.65), (0.7, 0.35), (0.5, 0.15)]],
)
TRAINED = (  # what two seats have trained
    [
        {"T": 1, "alpha": 0, "accuracy": 0.35, "plain": 0.5, "updates": 300},
        {"T": 20, "alpha": 0.5, "accuracy": 0.99, "plain": 0.5, "updates": 300},
    ],
    [{"T": 7.5, "alpha": 0.9, "accuracy": 0.6, "plain": 0.5, "updates": 300}],
)


@dataclass
class Held:
    """A class that is held: whoever has its stage has shown the key, whoever has a seat has none."""

    url: str
    seat_address: str
    stage: Page
    seats: list[Page]
    store: ClassStore
    code: str
    shown: str = ""

    def show(self, rest: str) -> Page:
        """The stage, with that page on it."""
        if self.shown != rest:
            self.shown = rest
            staged(self.stage, f"{self.url}/{rest}")
        return self.stage


def watched(page: Any, seen: Seen) -> Page:
    page.seen = seen
    watch(page)
    found: Page = page
    return found


@pytest.fixture(scope="module")
def held(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """One class for all tests of this file."""
    state = tmp_path_factory.mktemp("class") / "state"
    server = AppServer(state, environment={"KDVIZ_PRESENTER_KEY": KEY})
    store = ClassStore(f"sqlite:///{state / 'kdviz.sqlite'}")
    code = store.begin()
    contexts, seen = list[BrowserContext](), Seen()
    try:
        contexts.append(browser.new_context(viewport=SMALL, color_scheme="light"))
        contexts += [browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True) for _ in range(SEATS)]
        pages = [watched(context.new_page(), seen) for context in contexts]
        contexts[0].request.get(f"{server.url}/?presenter={KEY}")  # its cookie is the stage's
        seat_address = f"{server.url}/seat?class={code}"
        for seat in pages[1:]:
            seat.goto(seat_address)
        yield Held(server.url, seat_address, pages[0], pages[1:], store, code)
    finally:
        for context in contexts:
            context.close()
        store.close()
        left = server.stop()
    assert not seen.errors, seen.errors
    assert not left, f"processes that outlived the server: {left}"
    trouble = server.log.read_text(errors="replace")
    assert "Traceback" not in trouble, trouble[-4000:]


# How much of its choice each bar covers; its height is the choice's.
BARS = """(bars) => bars.map((bar) => {
    const [box, all] = [bar.getBoundingClientRect(), bar.parentElement];
    return Math.abs(box.height - all.clientHeight) < 1 ? box.width / all.clientWidth : -1;
})"""


def stands(stage: Page, *counts: int) -> None:
    """The poll on the stage has these answers, in figures and in bars."""
    answered = sum(counts)
    poll = stage.locator(".on-stage .poll")
    expect(poll.locator(".answered")).to_have_text(f"{answered} of {SEATS} have answered")
    expect(poll.locator("em")).to_have_text([f"{count} · {100 * count / answered:.0f} %" for count in counts])
    shares = [pytest.approx(count / answered, abs=0.01) for count in counts]
    until(stage, lambda: poll.locator(".bar").evaluate_all(BARS) == shares)


def answer(seat: Page, text: str) -> None:
    seat.locator(".poll .choice", has_text=text).tap()


def test_bars_of_a_poll_follow_each_answer_and_the_truth_is_shown_over_them(held: Held) -> None:
    stage, (anna, ben, carl) = held.show(FIRST), held.seats
    poll = stage.locator(".on-stage .poll")
    expect(poll.locator(".question")).to_have_text("Which digit comes second?")
    expect(poll.locator(".answered")).to_have_text(f"0 of {SEATS} have answered")
    assert poll.locator(".bar").evaluate_all(BARS) == [0, 0, 0, 0]
    answer(anna, "a 1")
    stands(stage, 1, 0, 0, 0)
    answer(ben, "a 3")
    stands(stage, 1, 1, 0, 0)
    stage.keyboard.press("p")
    expect(poll).to_be_hidden()
    answer(carl, "a 3")
    stage.keyboard.press("p")
    stands(stage, 1, 2, 0, 0)
    answer(anna, "an 8")  # a change of mind
    stands(stage, 0, 2, 0, 1)

    truth = poll.locator(".choice.true")
    expect(truth).to_have_count(0)
    stage.keyboard.press("a")
    expect(truth).to_have_text(re.compile("^a 3"))
    expect(truth).to_have_css("outline-style", "solid")
    expect(poll.locator(".says")).to_contain_text("the teacher gives 3 the second largest share")
    stands(stage, 0, 2, 0, 1)
    for seat in (anna, ben, carl):
        expect(seat.locator(".poll .choice em")).to_have_text(["0 %", "67 %", "0 %", "33 %"])
        expect(seat.locator(".poll .choice.true")).to_have_text(re.compile("^a 3"))
        expect(seat.locator(".poll .choice:enabled")).to_have_count(0)


def modules(picture: Locator) -> NDArray[np.bool_]:
    """The dark pixels of a QR code as it is drawn, from its first to its last row and column."""
    dark = np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("L")) < 128
    rows, columns = (np.flatnonzero(dark.any(axis=axis)) for axis in (1, 0))
    return dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def test_the_dialog_of_the_seats_shows_their_address_and_its_code_and_keeps_the_key(held: Held) -> None:
    stage = held.show(FIRST)
    dialog = stage.locator("dialog.class")
    expect(stage.locator(".on-stage .seats b")).to_have_text(str(SEATS))
    stage.keyboard.press("q")
    expect(dialog).to_be_visible()
    expect(dialog.locator(".count")).to_have_text(f"{SEATS} seats are here")
    expect(dialog.locator(".class-address")).to_have_text(held.seat_address.removeprefix("http://"))
    seen = modules(dialog.locator(".qr"))
    meant = np.array(segno.make(held.seat_address, micro=False, error="m").matrix, dtype=bool)
    middles = [((np.arange(len(meant)) + 0.5) * length / len(meant)).astype(int) for length in seen.shape]
    assert (seen[np.ix_(*middles)] == meant).all(), "it encodes something else"
    stage.keyboard.press("q")
    expect(dialog).to_be_hidden()
    assert KEY not in stage.url
    assert KEY not in dialog.evaluate("(node) => node.outerHTML")


PEN = "(pad) => pad.getContext('2d').lineWidth"
GREY = "(node) => [...node.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)"


@dataclass(frozen=True)
class Read:
    """What the teacher sees in a drawing."""

    pixels: list[int]
    text: str  # its likeliest digit, and the share of that
    bits: float  # of doubt


def read(pixels: list[int]) -> Read:
    """What the shipped teacher sees in a drawing."""
    layers = gallery.shipped_weights("digits")
    x = np.array(pixels, np.float64) / 255 * 2 - 1
    for number, (weight, bias) in enumerate(layers, 1):
        x = weight.astype(np.float64) @ x + bias
        x = np.maximum(x, 0) if number < len(layers) else x
    p = np.exp(x - x.max())
    p /= p.sum()
    return Read(pixels, f"{p.argmax()} {100 * p.max():.0f} %", float(-(p * np.log2(p)).sum()))


def take_pen(seat: Page) -> None:
    """The seat's pad is there, and with it the pen of the digits."""
    pad = seat.locator(".draw .pad")
    pad.scroll_into_view_if_needed()
    assert pad.evaluate(PEN) == 34


def hung(tiles: Locator) -> list[list[int]]:
    """The drawings as they hang on the wall."""
    return [drawing.evaluate(GREY) for drawing in tiles.locator("canvas").all()]


def test_the_wall_hangs_what_each_seat_draws_the_most_doubted_first(held: Held) -> None:
    away = list[Route]()
    late = held.seats[0]
    late.route("**/class/data/**", lambda route: away.append(route))  # noqa: PLW0108  # Playwright takes no method of a list
    stage = held.show("draw_together?data=digits&stage=1")
    until(late, lambda: away)
    expect(late.locator(".draw .pad")).to_be_hidden()  # before the data of the wall say of which images it is
    for data in away:
        data.continue_()
    late.unroute("**/class/data/**")
    wall, tiles = stage.locator(".wall"), stage.locator(".wall .tiles li")
    expect(wall.locator(".empty")).to_be_visible()
    for number, (seat, strokes) in enumerate(zip(held.seats, DRAWINGS, strict=True), 1):
        take_pen(seat)
        draw(seat, *strokes)
        expect(tiles).to_have_count(number)
    one, other, third = (read(seat.locator(".draw .seen").evaluate(GREY)) for seat in held.seats)
    assert other.bits > one.bits + 0.2 > third.bits + 0.4
    expect(tiles.locator(".of-teacher")).to_have_text([other.text, one.text, third.text])
    until(stage, lambda: hung(tiles) == [other.pixels, one.pixels, third.pixels])
    answers = tiles.locator(".of-student")
    expect(answers).to_have_text([re.compile(r"^\d \d+\s%$")] * SEATS, timeout=60_000)  # it is taught meanwhile
    students, teachers = answers.all_inner_texts(), tiles.locator(".of-teacher").all_inner_texts()
    assert students != teachers
    differ = sum(student[0] != teacher[0] for student, teacher in zip(students, teachers, strict=True))
    expect(wall.locator(".tiles .differ")).to_have_count(differ)
    told = f"Drawings: {SEATS}, the most doubted first. Answered differently: {differ}"
    expect(wall.locator(".told")).to_have_text(told)
    held.seats[1].locator(".clear").tap()
    expect(tiles).to_have_count(SEATS - 1)
    assert hung(tiles) == [one.pixels, third.pixels]


# The lines of the map with what is written at them, and its dots, by their places on the screen.
MAP = """(map) => {
    const middle = (node) => {
        const box = node.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2];
    };
    const grid = [...map.querySelectorAll(".grid")];
    const read = (lines) => lines.map((line) => [Number(line.nextElementSibling.textContent), ...middle(line)]);
    const isUpright = (line) => line.x1.baseVal.value === line.x2.baseVal.value;
    const dots = [...map.querySelectorAll(".dot")].map((dot) => {
        const circle = dot.querySelector("circle");
        return [...middle(circle), getComputedStyle(circle).fill, dot.textContent];
    });
    return { T: read(grid.filter(isUpright)), alpha: read(grid.filter((line) => !isUpright(line))), dots };
}"""

SCALE = """async () => {
    const { shadesFor } = await import("/_stcore/bidi-components/kdviz.shared/shades.js");
    return shadesFor(false).map(({ colour }) => colour);
}"""


def rounded(value: float) -> int:
    """As a browser rounds."""
    return math.floor(value + 0.5)


def rgb(colour: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", colour)]


def dots_are_right(held: Held) -> None:
    """Each dot lies between the lines of its T and α, and has the colour of its accuracy on the scale of them all."""
    posts = held.store.posts(held.code, "race_together")
    points = [point for post in posts for point in json.loads(post.body)["points"]]
    points.sort(key=lambda point: point["accuracy"])
    seen = held.stage.locator(".class-map .map").evaluate(MAP)
    Ts, xs, _ = zip(*seen["T"], strict=True)
    alphas, _, ys = zip(*seen["alpha"], strict=True)
    assert [dot[0] for dot in seen["dots"]] == pytest.approx(
        [np.interp(math.log(point["T"]), np.log(Ts), xs) for point in points], abs=1
    )
    assert [dot[1] for dot in seen["dots"]] == pytest.approx(
        [np.interp(point["alpha"], alphas, ys) for point in points], abs=1
    )
    assert [dot[3] for dot in seen["dots"]] == [str(rounded(100 * point["accuracy"])) for point in points]
    scale = held.stage.evaluate(SCALE)
    worst, best = points[0]["accuracy"], points[-1]["accuracy"]
    places = [(point["accuracy"] - worst) / (best - worst) for point in points]
    fills = [rgb(dot[2]) for dot in seen["dots"]]
    assert fills == [rgb(scale[rounded(place * (len(scale) - 1))]) for place in places]
    lights = [sum(fill) for fill in fills]
    assert all(after < before for before, after in itertools.pairwise(lights)), "the better, the darker on a light page"


def test_dots_of_the_race_lie_at_their_settings_and_darken_with_the_held_out_accuracy(held: Held) -> None:
    stage, seat = held.show("race_together?data=digits&stage=1"), held.seats[0]
    dots = stage.locator(".class-map .dot")
    with Pupils(held.url.replace("http", "ws") + "/class/live", 2) as pupils:
        pupils.wait(lambda told: told["show"] is not None and told["show"]["page"] == "race_together")
        pupils.say(lambda number: {"point": {"points": TRAINED[number]}})
        expect(dots).to_have_count(3)
        dots_are_right(held)
        seat.locator(".race .pick-temperature").fill("0.7")
        seat.locator(".race .alpha-range").fill("0.25")
        seat.locator(".race .train").tap()
        expect(dots).to_have_count(4, timeout=60_000)
    expect(seat.locator(".trained li")).to_have_text(re.compile(r"^T 5 · α 0\.25\s*\d\d\.\d\s%$"))
    dots_are_right(held)
