"""The page of a seat: it brings what Streamlit brings elsewhere, and is none of Streamlit's pages."""

import asyncio
import json
import re

from starlette.applications import Starlette

from kdviz.charts.palette import palette
from kdviz.settings import ASSETS
from kdviz.store import playground
from kdviz.texts import lesson
from kdviz.widgets.asked import asks_for_page, asks_for_seat
from kdviz.widgets.seat import SEAT_ROUTES
from tests.samples.asynchronous import run

COMPONENTS = ASSETS.parent / "kdviz" / "components"


def ask(path):
    """Status and body of what is answered there."""
    sent = []

    async def receive():
        await asyncio.Event().wait()  # whoever asks stays

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    run(Starlette(routes=SEAT_ROUTES)(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def test_the_seat_has_the_words_of_all_pictures_and_the_colours_of_both_themes():
    html = ask("/seat")[1].decode()
    words = re.search(r'<script type="application/json" id="words">(.*?)</script>', html, re.DOTALL)
    assert words
    assert json.loads(words[1]) == lesson.read("pictures").words
    light, dark = html.split("@media (prefers-color-scheme: dark)")
    for theme, text in (("light", light), ("dark", dark)):
        colours = palette(theme)
        assert f"--st-text-color: {colours.text};" in text
        assert f"--st-chart-categorical-colors: {colours.teacher},{colours.student}," in text


def test_what_is_only_spoken_is_not_seen_on_a_seat():
    announcer = (COMPONENTS / "kdviz.shared" / "announcer.js").read_text(encoding="utf-8")
    (name,) = re.findall(r'className: "([\w-]+)"', announcer)
    assert re.search(rf"\.{name} {{[^}}]*clip-path: inset\(50%\)", ask("/seat")[1].decode())


def test_a_seat_is_no_page_that_streamlit_completes_or_that_gets_a_visitors_cookie():
    asked = [
        {"type": "http", "method": "GET", "path": path} for path in ("/seat", "/lab/seat", "/seats", "/soft_targets")
    ]
    assert [asks_for_page(scope) for scope in asked] == [False, False, True, True]
    assert [asks_for_seat(scope) for scope in asked] == [True, True, False, False]


def test_what_a_seat_trains_with_has_the_name_of_its_data_set():
    assert ask("/class/pack/digits.gz") == (200, playground.read("digits"))
    assert ask("/class/weights/digits.gz") == (200, playground.weights("digits"))
    assert ask("/class/pack/fashion.gz")[0] == 404
    assert ask("/class/pack/../digits.gz")[0] == 404
