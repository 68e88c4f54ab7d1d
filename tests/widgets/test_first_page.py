"""The page that a browser loads first has its language, its title and its style; all other answers stay as they are."""

import re

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from kdviz.widgets.first_page import _CONNECTION, FirstPage, completed

STREAMLITS = '<!DOCTYPE html>\n<html lang="en">\n<head><title>Streamlit</title>\n</head><body></body></html>'
ASKED = [(b"host", b"x"), (b"accept-encoding", b"gzip"), (b"if-none-match", b'"of-the-file"')]


def ask(path, kind=b"text/html; charset=utf-8", status=200, method="GET"):
    """What a browser gets of what a server sends in two pieces, headers and body, and what the server was asked."""
    asked, sent = [], []

    async def streamlit(scope, receive, send):
        asked.extend(scope["headers"])
        length = str(len(STREAMLITS)).encode()
        headers = [(b"content-type", kind), (b"content-length", length), (b"etag", b'"of-the-file"'), (b"vary", b"x")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": STREAMLITS[:30].encode(), "more_body": True})
        await send({"type": "http.response.body", "body": STREAMLITS[30:].encode()})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": ASKED}
    with pytest.raises(StopIteration):  # nothing in it waits, so that it needs no event loop
        FirstPage(streamlit)(scope, None, send).send(None)
    assert sent[0]["type"] == "http.response.start"
    return dict(sent[0]["headers"]), b"".join(message["body"] for message in sent[1:]).decode(), dict(asked)


@pytest.mark.parametrize("path", ["/", "/soft_targets", "/lab/kdviz/", "/lab/kdviz/soft_targets"])
def test_a_page_is_completed_wherever_it_lies(path):
    headers, body, asked = ask(path)
    assert body == completed(STREAMLITS) != STREAMLITS
    assert headers == {
        b"content-type": b"text/html; charset=utf-8",
        b"content-length": str(len(body.encode())).encode(),
        b"vary": b"x",
    }
    assert asked == {b"host": b"x"}, "neither compressed nor compared with the file, which is another"


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/static/js/index.js", "kind": b"text/javascript"},
        {"path": "/kd/_stcore/host-config", "kind": b"application/json"},
        {"path": "/soft_targets", "kind": b"text/plain"},
        {"path": "/soft_targets", "status": 404},
        {"path": "/soft_targets", "method": "POST"},
    ],
)
def test_other_answers_stay_as_they_are(other):
    headers, body, _ = ask(**other)
    assert body == STREAMLITS
    assert headers[b"etag"] == b'"of-the-file"'


def test_language_title_and_style_come_before_anything_else(monkeypatch):
    monkeypatch.setenv("KDVIZ_LANGUAGE", "de")
    html = completed(STREAMLITS)
    assert '<html lang="de">' in html
    assert "<title>kdviz</title>" in html
    head, body = html.split("</head>")
    assert ".stMainBlockContainer { max-width: 1080px;" in body, "behind the rules that Streamlit adds to the head"
    for needed in ("Html", "purify"):  # the second is what the first imports
        assert f'rel="modulepreload" crossorigin href="./static/js/{needed}.' in head, (
            "else the lead of a page comes late"
        )


def test_what_watches_the_connection_is_there_before_streamlit_connects():
    head = completed(STREAMLITS).partition("<title>")[0]
    assert (
        head.index("<script")
        < head.index("window.WebSocket = watching(")
        < head.index('watch("The connection was away')
    )
    assert head.rstrip().endswith("</script>")


def test_what_watches_the_connection_knows_streamlits_messages():
    numbers = re.search(r"const FIELDS = \{ (.*) \};", _CONNECTION.read_text())[1]
    there = {**ClientState.DESCRIPTOR.fields_by_name, **BackMsg.DESCRIPTOR.fields_by_name}
    there |= ForwardMsg.DESCRIPTOR.fields_by_name
    for each in numbers.split(", "):
        name, number = each.split(": ")
        assert there[name].number == int(number), name
