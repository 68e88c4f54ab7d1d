"""Downloads from mirrors on this machine: every mirror is tried, and why none helped is told."""

import bz2
import http.server
import socket
import ssl
import threading
import time
import urllib.error
from dataclasses import replace

import pytest

from kdviz.engine import data, downloads
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.store.data_files import DataError
from tests.samples import tiny_data
from tests.samples.tiny_data import IDX_NAMES, LINES, TINY, contents, in_place, packed

WHOLE = {f"/{name}.gz": packed(content) for name, content in contents(1).items()}
FIRST = f"/{IDX_NAMES[0]}.gz"


class _Server(http.server.BaseHTTPRequestHandler):
    """Answers with `answers[address]`: bytes, a status, or one of `SILENT` and `HALF`."""

    protocol_version = "HTTP/1.0"

    def do_GET(self):
        self.server.asked.append(self.path)
        answer = self.server.answers.get(self.path, 404)
        if isinstance(answer, int):
            self.send_error(answer)
        elif answer == SILENT:
            self.server.silence.wait(20)
        else:
            self.send_response(200)
            page = answer.startswith(b"<")
            self.send_header("Content-Type", "text/html" if page else "application/gzip")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer if self.path not in self.server.cut else answer[:-100])

    def do_CONNECT(self):
        self.send_error(self.server.tunnel)

    def log_message(self, *args):
        pass


SILENT = "silent"


@pytest.fixture
def mirror():
    """Gives a function that starts a mirror, which serves what it is given, and returns the server."""
    servers = []

    def mirror(answers):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server)
        server.daemon_threads = True
        server.answers, server.asked, server.cut, server.tunnel = dict(answers), [], set(), 407
        server.silence = threading.Event()
        server.address = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        servers.append((server, thread))
        return server

    yield mirror
    for server, thread in servers:
        server.silence.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty data folder; no proxy, a short wait, and a cache that forgets what a test did."""
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KDVIZ_DOWNLOAD_WAIT", "0.4")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(data, "load", data.cache(data.load.__wrapped__))
    return tmp_path / "data"


@pytest.fixture
def offered(monkeypatch):
    """Puts mirrors of a small data set into the catalogue."""

    def offered(*addresses, facts=TINY):
        monkeypatch.setitem(DATA_SETS, facts.name, replace(facts, mirrors=addresses))

    return offered


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def refusal(folder, name="tiny"):
    """Why there is no data set; and nothing is left of the try."""
    with pytest.raises(DataError) as caught:
        data.load(name)
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith(".")
    assert files(folder) == []
    return said


def test_a_whole_download_is_put_into_place_and_found_again(folder, mirror, offered):
    server = mirror(WHOLE)
    offered(server.address)
    here = data.load("tiny")
    assert len(here.training) == 30
    assert files(folder) == sorted(in_place(TINY, 1))
    server.asked.clear()
    assert data.load.__wrapped__("tiny").test.images.tolist() == here.test.images.tolist()
    assert server.asked == []


def test_what_is_offered_as_it_is_kept_stays_packed(folder, mirror, offered):
    server = mirror({f"/{name}": bz2.compress(text) for name, text in tiny_data.LIBSVM.items()})
    offered(server.address, facts=LINES)
    assert len(data.load("lines").test) == 20
    assert files(folder) == ["Lines/usps.bz2", "Lines/usps.t.bz2"]


def test_only_what_is_missing_is_downloaded(folder, mirror, offered):
    server = mirror(WHOLE)
    offered(server.address)
    there = in_place(TINY, 1)
    del there[f"Tiny/raw/{IDX_NAMES[2]}"]
    tiny_data.write(folder, there)
    data.load("tiny")
    assert server.asked == [f"/{IDX_NAMES[2]}.gz"]


def test_what_is_in_the_place_of_a_file_is_not_downloaded_over(folder, mirror, offered):
    server = mirror(WHOLE)
    offered(server.address)
    tiny_data.write(folder, in_place(TINY, 5))
    with pytest.raises(DataError, match="to train on the files as they are"):
        data.load("tiny")
    assert server.asked == []


PAGE = b"<!DOCTYPE html><title>Log in to the guest network</title>"
LOG_IN = "it sent a web page instead of the file, as a network does that asks for a log-in"
BROKEN = {
    "not there": ({**WHOLE, FIRST: 404}, "it answers 404 Not Found"),
    "forbidden": ({**WHOLE, FIRST: 403}, "it answers 403 Forbidden"),
    "a log-in page": ({**WHOLE, FIRST: PAGE}, LOG_IN),
    "another file": ({**WHOLE, FIRST: packed(b"something else")}, "bytes, is not the published file"),
    "the file unpacked": ({**WHOLE, FIRST: contents(1)[IDX_NAMES[0]]}, "31,376 bytes, is not the published file"),
    "silent": ({**WHOLE, FIRST: SILENT}, r"no answer within 0.4 seconds (KDVIZ_DOWNLOAD_WAIT sets how many)"),
    "cut off": (WHOLE, "the connection broke off"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_mirror_is_named_with_the_reason_and_the_next_one_is_tried(folder, mirror, offered, kind):
    answers, reason = BROKEN[kind]
    broken = mirror(answers)
    if kind == "cut off":
        broken.cut.add(FIRST)
    offered(broken.address)
    said = refusal(folder)
    assert f"Tiny/raw lacks {', '.join(IDX_NAMES[:3])} and {IDX_NAMES[3]}, and no mirror gave " in said
    assert f" {IDX_NAMES[0]}.gz (127.0.0.1:" in said
    assert reason in said
    assert "nothing was kept: copy the files there (KDVIZ_DATA_DIR sets the data folder)" in said
    assert socket.getdefaulttimeout() is None

    well = mirror(WHOLE)
    offered(broken.address, well.address)
    broken.asked.clear()
    assert len(data.load("tiny").test) == 20
    assert broken.asked == [FIRST], "the one that helped is asked first from then on"


def test_all_mirrors_are_named_where_none_helps(folder, mirror, offered):
    servers = [mirror({FIRST: status}) for status in (403, 500)]
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    offered(*(server.address for server in servers), f"http://127.0.0.1:{port}/", "http://mirror.invalid/")
    said = refusal(folder)
    for server, reason in zip(servers, ("403 Forbidden", "500 Internal Server Error"), strict=True):
        assert f"127.0.0.1:{server.server_port}: it answers {reason}" in said
    assert f"127.0.0.1:{port}: Connection refused" in said
    assert "mirror.invalid: " in said


def test_a_file_that_comes_last_and_is_broken_leaves_nothing_behind(folder, mirror, offered):
    last = f"/{IDX_NAMES[3]}.gz"
    server = mirror({**WHOLE, last: 403})
    offered(server.address)
    assert f"no mirror gave {last[1:]} (" in refusal(folder)
    server.answers[last] = WHOLE[last]  # and when it is well again, so is the data set
    assert len(data.load("tiny").test) == 20


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_a_log_in_is_told_from_a_mirror_that_does_not_help(
    folder, mirror, offered, monkeypatch, scheme
):
    proxy = mirror({})
    proxy.answers[f"http://mirror.invalid{FIRST}"] = 407
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv(f"{scheme}_proxy", proxy.address)
    offered(f"{scheme}://mirror.invalid/")
    assert "mirror.invalid: the proxy asks for a log-in (407)" in refusal(folder)


def test_a_certificate_that_is_not_trusted_is_told():
    refused = ssl.SSLCertVerificationError(1, "certificate verify failed")
    refused.verify_message = "self-signed certificate in certificate chain"
    said = downloads._reason(urllib.error.URLError(refused), 3)
    assert said.startswith(
        "its certificate is not trusted (self-signed certificate in certificate chain); SSL_CERT_FILE"
    )


def test_a_name_server_that_never_answers_is_given_up_too(folder, offered, monkeypatch):
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answered.wait(20) and [])
    offered("http://mirror.invalid/")
    begun = time.perf_counter()
    assert "mirror.invalid: no answer within 0.4 seconds" in refusal(folder)
    assert time.perf_counter() - begun < 3
    answered.set()


def test_the_wait_is_a_setting(folder, offered, monkeypatch):
    monkeypatch.delenv("KDVIZ_DOWNLOAD_WAIT")
    assert downloads._wait() == 3
    monkeypatch.setenv("KDVIZ_DOWNLOAD_WAIT", "90")
    assert downloads._wait() == 90
    offered("http://mirror.invalid/")
    for text in ("soon", "0", "-1", "inf", "nan"):
        monkeypatch.setenv("KDVIZ_DOWNLOAD_WAIT", text)
        assert f"KDVIZ_DOWNLOAD_WAIT is {text}; it takes a number of seconds above 0" in refusal(folder)


def test_a_folder_that_cannot_be_written_is_told(tmp_path, mirror, offered, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(tmp_path / "file" / "data"))
    offered(mirror(WHOLE).address)
    assert "a download cannot be written there (Not a directory); KDVIZ_DATA_DIR sets" in refusal(tmp_path / "nowhere")
