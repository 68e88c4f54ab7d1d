"""Bytes that a browser fetches over HTTP instead of getting them by the socket with every change of a component's data.

Streamlit names what it serves by its content, so equal bytes have one address for every visitor and after a restart,
and a browser may take what it has under that address for the truth. It sends no cache header with it: a browser keeps
the bytes if it is told to, by `fetch(address, {cache: "force-cache"})`.
"""

from concurrent.futures import ThreadPoolExecutor
from threading import current_thread
from types import SimpleNamespace

from streamlit import runtime
from streamlit.runtime.scriptrunner_utils import script_run_context

GZIP = "application/gzip"  # of a type that the server does not compress again for every visitor
# The attribute of a thread that names its session. Where a later Streamlit has another one, it warns that there is no
# session, and holds the bytes all the same.
_SESSION_OF_THREAD = getattr(script_run_context, "SCRIPT_RUN_CONTEXT_ATTR_NAME", "streamlit_script_run_ctx")


def serve(name: str, content: bytes) -> str:
    """The address of gzipped bytes, relative to the app's own: `media/….gz`. They stay there as long as the server.

    Streamlit drops what no session holds any more, and every session lets go for a moment whenever its page runs again.
    Here the holder is no visitor's session. `name` tells apart what is held.
    """

    def hold() -> str:
        setattr(current_thread(), _SESSION_OF_THREAD, SimpleNamespace(session_id="kdviz"))
        return runtime.get_instance().media_file_mgr.add(content, GZIP, name)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(hold).result().lstrip("/")
