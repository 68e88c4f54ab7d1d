"""Every answer says what a browser may fetch, who may show it in a frame, and nothing to other places."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
import streamlit

from kdviz.widgets.first_page import completed
from kdviz.widgets.headers import Headers, policy
from tests.samples.asynchronous import run


def rules(host=b""):
    return dict(rule.split(" ", 1) for rule in policy(host).split("; "))


def test_every_answer_has_them():
    sent = []

    async def streamlit(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": [(b"x", b"y")]})
        await send({"type": "http.response.body", "body": b"z"})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "headers": [(b"host", b"example.org:8501")]}
    run(Headers(streamlit)(scope, None, send))
    headers = dict(sent[0]["headers"])
    assert headers.pop(b"content-security-policy").decode() == policy(b"example.org:8501")
    assert headers == {b"x": b"y", b"x-content-type-options": b"nosniff", b"referrer-policy": b"same-origin"}
    assert sent[1] == {"type": "http.response.body", "body": b"z"}


@pytest.mark.parametrize(
    ("destination", "has"),
    [("document", True), ("iframe", True), ("worker", True), ("empty", True), ("", True)]
    + [(within, False) for within in ("script", "style", "font")],
)
def test_what_a_page_asks_for_within_does_not_repeat_its_policy(destination, has):
    sent = []

    async def streamlit(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "headers": [(b"host", b"h:1"), (b"sec-fetch-dest", destination.encode())]}
    run(Headers(streamlit)(scope, None, send))
    headers = dict(sent[0]["headers"])
    assert (b"content-security-policy" in headers) == has
    assert headers[b"x-content-type-options"] == b"nosniff"


def test_what_an_answer_says_itself_stands():
    """The page that a presenter's key leads to is stricter about where it was found."""
    sent = []

    async def strict(scope, receive, send):
        await send({"type": "http.response.start", "status": 303, "headers": [(b"Referrer-Policy", b"no-referrer")]})

    async def send(message):
        sent.append(message)

    run(Headers(strict)({"type": "http", "headers": []}, None, send))
    assert [value for name, value in sent[0]["headers"] if name.lower() == b"referrer-policy"] == [b"no-referrer"]


def test_nothing_from_elsewhere_is_allowed():
    allowed = " ".join(rules(b"h:1").values()).split()
    assert {each for each in allowed if "/" in each and not each.startswith("'sha256-")} == {"ws://h:1", "wss://h:1"}
    assert "*" not in allowed
    scripts = rules()["script-src"].split()
    assert scripts[:2] == ["'self'", "'unsafe-eval'"], (
        "the second for WebGL of Plotly's: see tests/browser/test_explorer.py"
    )
    assert all(re.fullmatch(r"'sha256-[\w+/]{43}='", each) for each in scripts[2:])
    html = completed((Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8"))
    inline = [text for text in re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL) if text.strip()]
    assert any("watch(" in text for text in inline), "ours"
    assert len(inline) > 1, "and Streamlit's"
    for text in inline:
        assert f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" in scripts


@pytest.mark.parametrize("host", [b"x; script-src *", b"a b", b"", b"x" * 300, b"\xff"])
def test_a_host_that_is_none_adds_nothing(host):
    assert policy(host) == policy()


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        ("", "'self'"),
        ("https://example.org", "'self' https://example.org"),
        ("https://a.org http://b:8080", "'self' https://a.org http://b:8080"),
        ("*", "'self' *"),
        ("https://a.org; x", "'self'"),
        ("'none'", "'self'"),
    ],
)
def test_who_may_show_it_in_a_frame_is_said_at_the_start(monkeypatch, given, allowed):
    monkeypatch.setenv("KDVIZ_EMBED_IN", given)
    assert rules()["frame-ancestors"] == allowed if given != "https://a.org; x" else "x" not in rules()
