"""The app as a process of its own, for browser tests, screenshots and measurements; and a browser to look at it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Playwright

from tests.samples.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds for a server to answer
CHROMIUM = ("chromium", "google-chrome", "chromium-browser")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",  # nothing outside can be reached
)


def launch(playwright: Playwright, *, webgl: bool = False) -> Browser:
    """The system's Chromium, else the one that Playwright has downloaded; raises where there is none.

    Without a graphics card WebGL is computed, and with it every picture of a page: a tenth of a page's whole work.
    """
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    plain = [] if webgl else ["--disable-software-rasterizer"]
    return playwright.chromium.launch(executable_path=found, args=[*ARGUMENTS, *plain])


@contextmanager
def framed(address: str) -> Iterator[str]:
    """A page of another address of this machine that shows one in a frame; where it is."""
    page = f'<!doctype html><iframe src="{address}" width="900" height="700"></iframe>'.encode()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


class AppServer:
    """`streamlit run .streamlit/serve.py` with its state in `state`; ends it, and only it, by its own process id."""

    def __init__(
        self,
        state: Path,
        *,
        port: int | None = None,
        environment: dict[str, str] | None = None,
        open_files: int | None = None,
    ) -> None:
        self.state = state
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = state.parent / f"server-{self.port}.log"
        state.mkdir(parents=True, exist_ok=True)
        options = {
            "server.port": self.port,
            "server.address": "127.0.0.1",
            "server.headless": "true",
            "server.fileWatcherType": "none",  # somebody may be editing the program while it is tested
        }
        command = [sys.executable, "-m", "streamlit", "run", ".streamlit/serve.py"]
        command += [f"--{name}={value}" for name, value in options.items()]
        if open_files is not None:
            command = ["sh", "-c", f'ulimit -n {open_files} && exec "$@"', "sh", *command]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "KDVIZ_STATE_DIR": str(state), **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        self.process.kill()
        raise RuntimeError(f"The app did not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    @property
    def pid(self) -> int:
        return self.process.pid

    def children(self) -> list[psutil.Process]:
        """The cluster, its nanny and its workers."""
        return psutil.Process(self.pid).children(recursive=True)

    def worker(self) -> psutil.Process:
        """The process that trains: of the server's own children that have loaded torch, the last, a copy of another."""
        return [child for child in self.children() if loaded(child, "libtorch")][-1]

    def work(self) -> object:
        """What its workers and their cluster have done: another value as long as they start, or one is not at rest."""
        done = {}
        for child in self.children():
            with suppress(psutil.NoSuchProcess):
                times = child.cpu_times()
                done[child.pid] = round(times.user + times.system)
                if child.status() != psutil.STATUS_SLEEPING:
                    return time.monotonic()
        return done or time.monotonic()

    def stop(self) -> list[psutil.Process]:
        """End the server as a person does; returns the children that are still there ten seconds later."""
        return self._end(signal.SIGTERM)

    def kill(self) -> list[psutil.Process]:
        """End the server as a power failure does; what it started must end by itself."""
        return self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> list[psutil.Process]:
        if self.process.poll() is not None:
            return []
        children = self.children()
        self.process.send_signal(how)
        self.process.wait(20)
        _, alive = psutil.wait_procs(children, timeout=10)
        return [child for child in alive if not ended(child)]


def ended(process: psutil.Process) -> bool:
    """Whether the process does nothing any more, though its new parent may not have asked for its end yet."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def loaded(process: psutil.Process, library: str) -> bool:
    """Whether the process has a shared library in its memory; Linux only."""
    try:
        return library in Path(f"/proc/{process.pid}/maps").read_text()
    except OSError:
        return False
