"""What a browser fetches is served under one address for all visitors."""

from streamlit import runtime
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.scriptrunner import get_script_run_ctx

from kdviz.widgets import media


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
