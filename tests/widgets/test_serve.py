"""What `.streamlit/serve.py` puts around the app."""

import runpy

import pytest
import requests
from streamlit import config, net_util
from streamlit.web import bootstrap
from streamlit.web.server import server_util
from streamlit.web.server.starlette.starlette_server import _get_uvicorn_config_kwargs
from uvicorn.config import Config
from uvicorn.protocols.websockets import websockets_sansio_impl
from uvicorn.server import ServerState

from kdviz.settings import ASSETS
from kdviz.widgets.compressed import Compressed
from kdviz.widgets.first_page import FirstPage
from kdviz.widgets.headers import Headers
from kdviz.widgets.uploads import Uploads

_COMPRESSION = "ServerPerMessageDeflateFactory"
SERVE = ASSETS.parent / ".streamlit" / "serve.py"


@pytest.fixture
def served(monkeypatch):
    """The app as the server gets it; what it changes in Streamlit is as before afterwards."""
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
    monkeypatch.setattr(websockets_sansio_impl, _COMPRESSION, getattr(websockets_sansio_impl, _COMPRESSION))
    return runpy.run_path(str(SERVE))["app"]


def test_headers_are_around_everything_and_the_page_is_completed_before_it_is_compressed(served):
    around = [middleware.cls for middleware in served._user_middleware]
    assert [cls for cls in around if cls in (Headers, Uploads, Compressed, FirstPage)] == [
        Headers,
        Uploads,
        Compressed,
        FirstPage,
    ]


def test_no_address_is_asked_what_this_machine_is_called(served, monkeypatch, capsys):
    """Streamlit would, to print it where it is headless, and for each browser that comes from an unknown place."""
    monkeypatch.setattr(requests, "get", lambda *given, **_: pytest.fail(f"{given} was asked"))
    options = {"server.headless": True, "server.address": None, "browser.serverAddress": "localhost"}
    monkeypatch.setattr(config, "get_option", lambda name, get=config.get_option: options.get(name, get(name)))
    monkeypatch.setattr(config, "is_manually_set", lambda name: False)
    bootstrap._print_url(is_running_hello=False)
    assert "Local URL" in capsys.readouterr().out
    assert not server_util.is_url_from_allowed_origins("https://elsewhere.example.org")


def test_sockets_are_compressed_against_all_that_zlib_remembers(served):
    """Against the last 4 kB, as uvicorn does it, a live page sends six times as much."""
    given = _get_uvicorn_config_kwargs()
    uvicorn = Config(served, ws=given["ws"], ws_per_message_deflate=given["ws_per_message_deflate"], log_config=None)
    uvicorn.load()
    socket = uvicorn.ws_protocol_class(uvicorn, ServerState(), {})
    (extension,) = socket.conn.available_extensions
    answer, accepted = extension.process_request_params([("client_max_window_bits", None)], [])
    assert answer == []  # 15 bits, the most there are, need not be said
    assert (accepted.local_max_window_bits, accepted.compress_settings) == (15, {})
