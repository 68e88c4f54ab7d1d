"""Streamlit's files and pages are sent compressed, each file once; all else stays as it is."""

import asyncio
import gzip

import brotli
import pytest

from kdviz.widgets import compressed
from kdviz.widgets.compressed import Compressed
from tests.samples.asynchronous import run

SCRIPT = b"export const a = 1;\n" * 200
NAME = "/static/js/index.DormvYxC.js"


class Streamlit:
    """Answers in two pieces, and counts."""

    def __init__(self, content=SCRIPT, kind=b"text/javascript; charset=utf-8", status=200, more=()):
        self.asked, self.content, self.status = 0, content, status
        self.headers = [(b"content-type", kind), (b"content-length", b"4000"), (b"etag", b'"x"'), *more]

    async def __call__(self, scope, receive, send):
        self.asked += 1
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await asyncio.sleep(0)  # others come meanwhile
        await send({"type": "http.response.body", "body": self.content[:30], "more_body": True})
        await send({"type": "http.response.body", "body": self.content[30:]})


async def ask(app, path=NAME, method="GET", **headers):
    sent = []

    async def send(message):
        sent.append(message)

    asked = {"accept_encoding": "gzip", **headers}
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in asked.items()]
    await app({"type": "http", "method": method, "path": path, "headers": pairs}, None, send)
    return dict(sent[0]["headers"]), b"".join(message["body"] for message in sent[1:])


@pytest.mark.parametrize("path", [NAME, f"/lab/kdviz{NAME}", "/", "/soft_targets", "/lab/kdviz/", "/seat"])
def test_a_file_and_a_page_are_gzipped(path):
    headers, body = run(ask(Compressed(Streamlit()), path))
    assert gzip.decompress(body) == SCRIPT
    assert len(body) < len(SCRIPT) / 10
    assert headers[b"content-encoding"] == b"gzip"
    assert headers[b"content-length"] == str(len(body)).encode()
    assert headers[b"vary"] == b"Accept-Encoding"
    assert headers[b"etag"] == b'W/"x"'


@pytest.mark.parametrize("takes", ["gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8"])
def test_a_browser_that_takes_brotli_gets_it_and_another_what_it_takes(takes):
    app = Compressed(Streamlit())
    headers, body = run(ask(app, accept_encoding=takes))
    assert headers[b"content-encoding"] == b"br"
    assert brotli.decompress(body) == SCRIPT
    headers, body = run(ask(app))
    assert headers[b"content-encoding"] == b"gzip"
    assert gzip.decompress(body) == SCRIPT


def test_a_file_is_compressed_once_for_all_who_arrive_together(monkeypatch):
    streamlit, times = Streamlit(), []
    original = compressed.CODINGS["gzip"]
    monkeypatch.setitem(compressed.CODINGS, "gzip", lambda body: times.append(1) or original(body))
    app = Compressed(streamlit)

    async def thirty():
        return await asyncio.gather(*(ask(app) for _ in range(30)))

    answers = run(thirty())
    assert all(answer == answers[0] for answer in answers)
    assert (len(times), streamlit.asked) == (1, 1)
    assert not app._making


@pytest.mark.parametrize(
    ("streamlit", "asked"),
    [
        (Streamlit(), {"accept_encoding": "zstd"}),
        (Streamlit(), {"range": "bytes=0-9"}),
        (Streamlit(), {"if_none_match": '"x"'}),
        (Streamlit(), {"method": "HEAD"}),
        (Streamlit(), {"path": "/media/abc.gz"}),
        (Streamlit(), {"path": "/_stcore/host-config"}),
        (Streamlit(kind=b"font/woff2"), {}),
        (Streamlit(status=404), {}),
        (Streamlit(more=[(b"content-encoding", b"br")]), {}),
    ],
)
def test_all_else_stays_as_it_is(streamlit, asked):
    app = Compressed(streamlit)
    for _ in range(2):
        headers, body = run(ask(app, **asked))
        assert body == SCRIPT
        assert list(headers.items()) == streamlit.headers
    assert streamlit.asked == 2


def test_a_page_in_a_script_s_place_is_not_kept():
    """Streamlit answers with its page where there is no such file: names that are made up would fill the memory."""
    app = Compressed(Streamlit(kind=b"text/html"))
    run(ask(app, "/static/js/made-up.12345678.js"))
    assert not app._kept


def test_a_browser_that_leaves_early_spoils_nothing_for_the_next():
    class Left(Streamlit):
        left = True

        async def __call__(self, scope, receive, send):
            if not self.left:
                await super().__call__(scope, receive, send)
                return
            self.left = False
            await send({"type": "http.response.start", "status": 200, "headers": self.headers})

    app, sent = Compressed(Left()), []
    pairs = [(b"accept-encoding", b"gzip")]
    run(app({"type": "http", "method": "GET", "path": NAME, "headers": pairs}, None, sent.append))
    assert not sent
    headers, body = run(ask(app))
    assert (headers[b"content-encoding"], gzip.decompress(body)) == (b"gzip", SCRIPT)


def test_no_more_is_kept_than_fits(monkeypatch):
    app = Compressed(Streamlit())
    _, body = run(ask(app, "/static/js/a.12345678.js"))
    monkeypatch.setattr(compressed, "MOST", 2 * len(body))
    for name in "bcd":
        _, body = run(ask(app, f"/static/js/{name}.12345678.js"))
        assert gzip.decompress(body) == SCRIPT
    assert len(app._kept) == 2


def test_what_is_short_is_sent_as_it_is():
    headers, body = run(ask(Compressed(Streamlit(b"short")), "/start"))
    assert body == b"short"
    assert b"content-encoding" not in headers
    assert headers[b"content-length"] == b"5"
