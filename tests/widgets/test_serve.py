"""What `.streamlit/serve.py` puts around the app."""

import runpy

import pytest
import requests
from streamlit import config, net_util
from streamlit.web import bootstrap
from streamlit.web.server import server_util

from kdviz.settings import ASSETS
from kdviz.widgets.compressed import Compressed
from kdviz.widgets.first_page import FirstPage
from kdviz.widgets.headers import Headers
from kdviz.widgets.uploads import Uploads

SERVE = ASSETS.parent / ".streamlit" / "serve.py"


@pytest.fixture
def served(monkeypatch):
    """The app as the server gets it; what it changes in Streamlit is as before afterwards."""
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
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
