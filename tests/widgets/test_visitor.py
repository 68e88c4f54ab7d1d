"""The id in a visitor's browser, and the presenter's key: cookies, the address of the page, and who is alone."""

import re
from functools import cache
from types import SimpleNamespace

import pytest
import streamlit as st

from kdviz.store.rights import mark_of
from kdviz.widgets import visitor

ID = "abcdefghijklmnopqrstuvwxyz123456"
KEY = "green-42-horse"
LOCAL = {"Host": "127.0.0.1:8501"}


def answer(path="/", query="", headers=(), kind=b"text/html", status=200, scheme="http", method="GET"):
    """Status and headers of what a browser gets, past a server that answers everything in the same way."""
    sent = []

    async def streamlit(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": b"x"})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "scheme": scheme, "path": path, "headers": list(headers)}
    with pytest.raises(StopIteration):
        visitor.Cookies(streamlit)({**scope, "query_string": query.encode()}, None, send).send(None)
    return sent[0]["status"], [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]


def cookies(headers):
    return [value for name, value in headers if name == "set-cookie"]


def test_the_first_page_brings_an_id_that_no_script_reads():
    (cookie,) = cookies(answer("/lab/kdviz/temperature")[1])
    assert re.fullmatch(r"kdviz_visitor=[\w-]{32}; Max-Age=31536000; HttpOnly; SameSite=Lax", cookie)
    assert cookie != cookies(answer()[1])[0]
    assert cookies(answer(scheme="https")[1])[0].endswith("; Secure")
    assert cookies(answer(headers=[(b"X-Forwarded-Proto", b"https")])[1])[0].endswith("; Secure")


def test_a_browser_keeps_its_id():
    assert not cookies(answer(headers=[(b"cookie", f"a=b; kdviz_visitor={ID}".encode())])[1])
    assert cookies(answer(headers=[(b"cookie", b"kdviz_visitor=short")])[1])
    assert cookies(answer(headers=[(b"cookie", b"\xff;=;")])[1])


@pytest.mark.parametrize(
    "other",
    [{"kind": b"text/javascript"}, {"status": 404}, {"method": "POST"}, {"path": "/static/a.js"}],
)
def test_what_is_no_page_sets_no_cookie(other):
    assert not cookies(answer(**other)[1])


def test_the_key_is_given_once_and_leaves_the_address(monkeypatch):
    monkeypatch.setenv("KDVIZ_PRESENTER_KEY", KEY)
    status, headers = answer("/kdviz/temperature", f"T=4&presenter={KEY}&data=digits")
    assert status == 303
    assert dict(headers)["location"] == "./temperature?T=4&data=digits"
    (cookie,) = cookies(headers)
    assert cookie.startswith("kdviz_presenter_")
    assert KEY not in cookie
    assert "HttpOnly; SameSite=Lax" in cookie
    assert dict(answer("/", f"presenter={KEY}")[1])["location"] == "./"
    assert answer("/", "presenter=another")[0] == 200


def test_after_wrong_keys_the_next_one_is_waited_for(monkeypatch):
    monkeypatch.setenv("KDVIZ_PRESENTER_KEY", KEY)
    now = [0.0]
    tries = visitor.KeyTries(lambda: now[0])
    assert [tries.look("wrong") for _ in range(10)] == [False] * 10
    assert tries.look(KEY) is None, "who guesses learns nothing meanwhile"
    assert tries.look(KEY, "192.168.1.7"), "the presenter, elsewhere in the network, need not wait"
    now[0] = 10.0
    assert tries.look("wrong") is False
    assert tries.look("wrong") is None
    now[0] = 20.0
    assert tries.look(KEY)
    assert tries.look("wrong") is tries.look("wrong") is False, "the count begins anew"


def test_who_guesses_keys_by_the_address_is_slowed_down(monkeypatch):
    monkeypatch.setenv("KDVIZ_PRESENTER_KEY", KEY)
    monkeypatch.setattr(visitor, "_tries", cache(visitor.KeyTries))
    assert {answer("/", f"presenter=guess-{number}")[0] for number in range(20)} == {200}
    assert answer("/", f"presenter={KEY}")[0] == 200


@pytest.fixture
def seen(monkeypatch):
    """Who looks at a page with these cookies and headers."""
    session = {}

    def seen(kept=None, headers=LOCAL, address="127.0.0.1"):
        context = SimpleNamespace(cookies=kept or {}, headers=headers)
        monkeypatch.setattr(visitor.st, "context", context)
        monkeypatch.setattr(visitor.st, "session_state", session)
        monkeypatch.setattr(visitor.st, "get_option", {"server.address": address}.get)
        return visitor.who()

    return seen


def test_a_visitor_is_known_by_the_cookie_else_by_the_session(seen):
    assert seen({"kdviz_visitor": ID}).mark == mark_of(ID)
    assert seen().mark == seen({"kdviz_visitor": "<made up>"}).mark != seen({"kdviz_visitor": ID}).mark


def test_who_sits_at_the_only_machine_that_is_served_is_asked_for_no_key(seen):
    assert seen().presenter
    assert seen(headers={"Host": "localhost:8501"}).presenter
    assert not seen(address="0.0.0.0").presenter, "anybody can say that they ask for localhost"
    assert not seen(address=None).presenter
    assert not seen(headers={"Host": "hub.example.org"}).presenter, "a proxy on this machine"
    assert not seen(headers={**LOCAL, "X-Forwarded-For": "10.0.0.7"}).presenter


def test_with_a_key_everybody_has_to_have_shown_it(seen, monkeypatch):
    monkeypatch.setenv("KDVIZ_PRESENTER_KEY", KEY)
    assert not seen().presenter
    _, headers = answer("/", f"presenter={KEY}")
    name, _, value = cookies(headers)[0].partition(";")[0].partition("=")
    assert seen({name: value}).presenter
    assert not seen({name: value[:-1] + "x"}).presenter
    monkeypatch.setenv("KDVIZ_PRESENTER_KEY", "another")
    assert not seen({name: value}).presenter
    monkeypatch.setenv("KDVIZ_PRESENTER_KEY", "none")
    assert seen(address="0.0.0.0").presenter


def test_streamlit_itself_listens_to_this_machine_alone_unless_it_is_told_otherwise():
    assert st.get_option("server.address") == "127.0.0.1", "as .streamlit/config.toml has it for `streamlit run app.py`"
