"""How long the page server takes to start, and how much memory it holds before its first job."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from kdviz.bench.timing import Measurement

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("", "soft_targets", "watch_it_train")
PATIENCE = 60.0


class PageServer(Measurement):
    """The process that serves pages, after a visit to each page and before any job; workers apart."""

    seconds: float  # from the command to the first whole page
    megabytes: float
    beside_megabytes: float  # the cluster and its workers
    beside_processes: int


def measure() -> PageServer:
    """Start a server of its own on scikit-learn's digits, visit every page, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="kdviz-bench-") as state:
        command = [sys.executable, "-m", "streamlit", "run", ".streamlit/serve.py", "--server.headless", "true"]
        begun = time.perf_counter()
        server = subprocess.Popen(
            [*command, "--server.port", str(port), "--server.address", "127.0.0.1"],
            cwd=ROOT,
            env={**os.environ, "KDVIZ_STATE_DIR": state},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _visit(port, PAGES[0])
            seconds = time.perf_counter() - begun
            for page in PAGES[1:]:
                _visit(port, page)
            time.sleep(5)  # the workers import torch meanwhile
            process = psutil.Process(server.pid)
            beside = process.children(recursive=True)
            return PageServer(
                seconds=seconds,
                megabytes=process.memory_info().rss / 1e6,
                beside_megabytes=sum(child.memory_info().rss for child in beside) / 1e6,
                beside_processes=len(beside),
            )
        finally:
            server.terminate()
            server.wait(PATIENCE)


def _visit(port: int, page: str) -> None:
    """Ask for a page as a browser does, and wait until its script has run to the end."""
    request = BackMsg()
    request.rerun_script.page_name = page
    request.rerun_script.query_string = "data=digits"
    with _connection(port) as connection:
        connection.send(request.SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(bytes(connection.recv(timeout=PATIENCE)))  # type: ignore[arg-type]
            if message.WhichOneof("type") == "script_finished":
                return


def _connection(port: int) -> ClientConnection:
    deadline = time.perf_counter() + PATIENCE
    while True:
        try:
            return connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=None)  # type: ignore[list-item]
        except (OSError, WebSocketException):
            if time.perf_counter() > deadline:
                raise
            time.sleep(0.02)
