"""Two app servers on one PostgreSQL and one Dask scheduler behind nginx, as `.deploy` says; then each of them is lost.

What one server began is watched at the other, and cancelled from there.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.app_server import ROOT, AppServer
from tests.browser.visitor import button, changes, run_id, settle
from tests.conftest import missing
from tests.samples.ports import free_port, is_answered
from tests.samples.postgresql import PostgreSQL

LONG = "data=digits&teacher=784-128-10&student=784-800-800-10&epochs=500&teacher_epochs=2&seed=31"
KEY = "chalk-and-sponge"
LOST = ("",)  # a page may say what it likes about a server that was killed
SOON = 60_000  # ms

Visit = Callable[..., Page]


class Cluster:
    """A scheduler and its worker, as two services are."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.address = folder, f"tcp://127.0.0.1:{free_port()}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start()

    def start(self) -> None:
        port = self.address.rpartition(":")[2]
        scheduler = ["scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
        worker = ["worker", self.address, "--nworkers", "1", "--nthreads", "2", "--resources", "training=1"]
        worker += ["--memory-limit", "0", "--no-dashboard", "--preload", "kdviz.jobs.worker", "--no-nanny"]
        worker += ["--local-directory", str(self._folder)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "KDVIZ_STATE_DIR": str(self._folder / "state")}
        with (self._folder / "log").open("ab") as log:
            for arguments in (scheduler, worker):
                command = [sys.executable, "-m", "dask", *arguments]
                self.processes.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))

    def kill(self) -> None:
        """The scheduler is killed; the worker ends, as it does then."""
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()


class Nginx:
    """nginx with the file of `.deploy`, but for its ports; it says which server has answered."""

    def __init__(self, folder: Path, program: str, servers: list[AppServer]) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        site = (ROOT / ".deploy" / "nginx.conf").read_text()
        changes = {
            "listen 80;": f"listen 127.0.0.1:{port};",
            "kdviz.example.org": "_",
            "location / {": "location / {\nadd_header X-Server $upstream_addr always;",
            **{f"127.0.0.1:850{number}": f"127.0.0.1:{server.port}" for number, server in enumerate(servers, 1)},
        }
        for old, new in changes.items():
            assert old in site, old
            site = site.replace(old, new)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = " ".join(f"{kind}_temp_path {folder / kind};" for kind in kinds)
        user = "user root;" if os.geteuid() == 0 else ""
        head = f"daemon off; {user} pid {folder / 'pid'}; error_log {folder / 'error.log'}; events {{}}"
        (folder / "nginx.conf").write_text(f"{head}\nhttp {{ access_log off; {temporary}\n{site}\n}}\n")
        self._process = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf")])
        deadline = time.monotonic() + 20
        while not is_answered(port):
            assert self._process.poll() is None, (folder / "error.log").read_text()
            assert time.monotonic() < deadline, "nginx does not answer"
            time.sleep(0.05)

    def server_of(self, visitor: str) -> str:
        """The address of the server that a visitor with this id gets."""
        asked = urllib.request.Request(f"{self.url}/_stcore/health", headers={"Cookie": f"kdviz_visitor={visitor}"})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return str(answer.headers["X-Server"])

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)


@pytest.fixture
def deployed(tmp_path: Path, postgresql: PostgreSQL) -> Iterator[SimpleNamespace]:
    """All of it, with a way to open a page at one of the two servers."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        missing("no nginx to test with (Debian: apt-get install nginx-light)")
    for name in ("cluster", "nginx"):
        (tmp_path / name).mkdir()
    cluster = Cluster(tmp_path / "cluster")
    environment = {
        "KDVIZ_DATABASE_URL": postgresql.url(),
        "KDVIZ_SCHEDULER": cluster.address,
        "KDVIZ_PRESENTER_KEY": KEY,
    }
    servers, nginx = [], None
    try:
        servers += [AppServer(tmp_path / name / "state", environment=environment) for name in ("one", "two")]
        nginx = Nginx(tmp_path / "nginx", str(program), servers)
        yield SimpleNamespace(cluster=cluster, servers=servers, nginx=nginx, database=postgresql)
    finally:
        if nginx is not None:
            nginx.close()
        for server in servers:
            server.stop()
        cluster.kill()


def visitor_of(deployed: SimpleNamespace, number: int) -> str:
    """The id of a visitor whom nginx leads to this server."""
    wanted = f"127.0.0.1:{deployed.servers[number].port}"
    ids = (f"visitor-number-{each:08}" for each in count())
    return next(each for each in ids if deployed.nginx.server_of(each) == wanted)


def status(page: Page) -> Locator:
    return page.get_by_test_id("stProgress")


@pytest.mark.timeout(400)  # of a busy machine
def test_a_run_of_one_server_is_watched_at_the_other_outlives_what_they_share_and_is_cancelled_there(
    visit: Visit, deployed: SimpleNamespace
) -> None:
    url = deployed.nginx.url

    def page_at(number: int) -> Page:
        page = visit(allowed=LOST)
        page.context.add_cookies([{"name": "kdviz_visitor", "value": visitor_of(deployed, number), "url": url}])
        return page

    one, two = page_at(0), page_at(1)
    one.goto(f"{url}/watch_it_train?{LONG}")
    settle(one)
    button(one, "Start").click()
    expect(status(one)).to_contain_text("Students: epoch", timeout=SOON)
    two.goto(one.url)
    it_is_watched(two)
    expect(button(two, "Cancel")).to_be_disabled()

    deployed.database.stop()
    for page in (one, two):
        expect(page.get_by_text("does not answer; see that its server runs")).to_be_visible()
    two.goto(f"{url}/loss")
    expect(two.get_by_text("the lessons work all the same")).to_be_visible()
    deployed.database.start()
    expect(one.get_by_text("does not answer")).to_have_count(0)
    two.goto(one.url)
    it_is_watched(two)

    deployed.cluster.kill()
    deployed.cluster.start()
    expect(one.get_by_text("The training cluster was lost; the run goes on by itself.")).to_be_visible(timeout=SOON)
    it_is_watched(two)

    deployed.servers[0].kill()
    expect(two.get_by_text("The server that trained it was lost or ended; the run goes on by itself.")).to_be_visible(
        timeout=SOON
    )
    it_is_watched(two)
    it_is_watched(one)  # nginx leads its page to the other server
    assert run_id(one) == run_id(two)

    two.goto(f"{two.url}&presenter={KEY}")
    button(two, "Cancel").click()
    for page in (two, one):
        expect(status(page)).to_contain_text("cancelled")
    assert KEY not in two.url


def it_is_watched(page: Page) -> None:
    expect(status(page)).to_contain_text("Students: epoch", timeout=SOON)
    changes(page, lambda: status(page).inner_text(), limit=SOON / 1000)
