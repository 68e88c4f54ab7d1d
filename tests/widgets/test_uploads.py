"""Of what a visitor sends, one file is kept; and all visitors together hold no more than the server can."""

import asyncio
import tomllib
from types import SimpleNamespace

import pytest
from streamlit import config, runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from kdviz.settings import ASSETS
from kdviz.widgets import uploads
from kdviz.widgets.uploads import Uploads, held
from tests.samples.asynchronous import run


@pytest.fixture
def files(monkeypatch):
    """Where Streamlit keeps what was sent."""
    made = MemoryUploadedFileManager("/_stcore/upload_file")
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=made))
    return made


async def put(app, session, file, method="PUT", path=None):
    sent = []

    async def send(message):
        sent.append(message)

    path = path or f"/lab/_stcore/upload_file/{session}/{file}"
    await app({"type": "http", "method": method, "path": path, "headers": []}, None, send)
    return sent[0]["status"]


def streamlit(files, size=100):
    async def app(scope, receive, send):
        *_, session, file = scope["path"].split("/")
        await asyncio.sleep(0)
        if scope["method"] == "PUT":
            files.add_file(session, UploadedFileRec(file, "x.zip", "application/zip", bytes(size)))
        await send({"type": "http.response.start", "status": 204, "headers": []})

    return app


def test_eight_files_under_invented_names_are_one(files):
    app = Uploads(streamlit(files))

    async def eight():
        return await asyncio.gather(*(put(app, "s", f"invented-{number}") for number in range(8)))

    assert run(eight()) == [204] * 8
    assert held(files) == 100
    assert run(put(app, "s", "the-next")) == 204
    assert list(files.file_storage["s"]) == ["the-next"]


def test_others_files_stay_and_so_does_what_is_no_upload(files):
    app = Uploads(streamlit(files))
    for session in ("a", "b"):
        run(put(app, session, "f"))
    run(put(app, "a", "f", method="DELETE"))
    run(put(app, "a", "f", path="/a/f"))
    assert list(files.file_storage["b"]) == ["f"]


def test_all_together_hold_no_more_than_the_server_can(files, monkeypatch):
    app = Uploads(streamlit(files))
    monkeypatch.setattr(uploads, "most", lambda: 250)
    assert [run(put(app, session, "f")) for session in "abcde"] == [204, 204, 204, 503, 503]
    files.remove_session_files("a")
    assert run(put(app, "e", "f")) == 204


def test_the_limit_is_streamlits_option(monkeypatch):
    server = tomllib.loads((ASSETS.parent / ".streamlit" / "config.toml").read_text())["server"]
    assert (server["maxUploadSize"], server["fileWatcherType"]) == (20, "none")
    assert (uploads.largest(), uploads.most()) == (20, 200_000_000)
    monkeypatch.setattr(config, "get_option", lambda name, get=config.get_option: 5 if "Upload" in name else get(name))
    monkeypatch.setattr(uploads.st, "get_option", config.get_option)
    assert (uploads.largest(), uploads.most()) == (5, 50_000_000)
