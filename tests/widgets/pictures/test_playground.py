"""What the playground's browser says is not trusted, and what it fetches is served once for all visitors."""

import pytest
from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.scriptrunner import get_script_run_ctx

from kdviz.widgets import media
from kdviz.widgets.pictures.playground import ENTRIES, entries_of, valid_data, valid_query


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"T": "4", "digits": "78"}, {"T": "4", "digits": "78"}),
        ({}, {}),
        ({"T": "4", "run": "0123456789ab", "data": "mnist", "__proto__": "x"}, {"T": "4"}),
        ({"T": 4, "alpha": None, "seed": ["1"], "units": "32"}, {"units": "32"}),
        ({"T": "4" * 9, "digits": "0123456789" * 2, "seed": "", "image": "1\n2", "speed": "full"}, {"speed": "full"}),
        (None, None),
        ("T=4", None),
        ([["T", "4"]], None),
    ],
)
def test_of_what_a_browser_sends_only_known_short_texts_are_kept(sent, kept):
    assert valid_query(sent) == kept


def test_the_url_is_handed_on_as_it_is_but_for_what_is_not_the_playgrounds():
    query = {"T": "1e99", "alpha": "", "view": "Nope", "data": "digits"}
    assert entries_of(query) == {"T": "1e99", "alpha": ""}
    assert "data" not in ENTRIES


def test_a_data_set_is_one_that_has_a_pack():
    assert [valid_data(sent) for sent in ("mnist", "digits", "usps", "../x", None, ["mnist"])] == [
        "mnist",
        "digits",
        *[None] * 4,
    ]


def test_what_is_served_has_one_address_and_outlives_every_session(monkeypatch):
    files = MediaFileManager(MemoryMediaFileStorage("/media"))
    monkeypatch.setattr(runtime, "get_instance", lambda: type("Fake", (), {"media_file_mgr": files}))
    address = media.serve("pack-digits", b"some")
    assert media.serve("pack-digits", b"some") == address
    assert media.serve("pack-mnist", b"more") != address
    assert address.startswith("media/")
    assert address.endswith(".gz")
    for session in ("one", "another"):
        files.clear_session_refs(session)
        files.remove_orphaned_files()
    name = address.removeprefix("media/")
    assert files._storage.get_file(name).content == b"some"
    assert get_script_run_ctx(suppress_warning=True) is None  # this thread was left as it was
