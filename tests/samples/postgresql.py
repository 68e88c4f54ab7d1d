"""A PostgreSQL server of the tests' own, in a folder that is gone afterwards; it listens on the loopback alone."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

from tests.samples.ports import free_port

DEBIAN = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"  # it does not run as root


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, of the newest version that is installed; None where there is none."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    by_version = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return next(iter([*folders, *(path.parent for path in reversed(by_version))]), None)


class PostgreSQL:
    """A server with as many empty schemas as are asked for: to a program, each is a database of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._programs, self.port = Path(tempfile.mkdtemp(prefix="kdviz-sql-")), folder, free_port()
        self._numbers = count(1)
        self._key = secrets.token_hex(12)
        self._as = {"user": ACCOUNT, "group": ACCOUNT} if os.geteuid() == 0 else {}
        password = self._folder / "password"
        password.write_text(self._key)
        if self._as:
            for path in (self._folder, password):
                shutil.chown(path, **self._as)
        options = ["-U", "kdviz", "--auth=scram-sha-256", "--no-sync", "--no-locale", "--encoding=UTF8"]
        self._run("initdb", *options, f"--pwfile={password}", "-D", self._data)
        self.start()

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self._programs / program), *map(str, arguments)]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False, **self._as)
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self._folder,
            "fsync": "off",
            "timezone": "Pacific/Chatham",  # no test may depend on the server's own
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [self._programs / "postgres", "-D", self._data, *options]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(list(map(str, command)), cwd=self._folder, stderr=log, **self._as)
        end = time.monotonic() + 30
        ready = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode:
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < end, "PostgreSQL did not start"
            time.sleep(0.05)

    def stop(self) -> None:
        """End it at once, whoever is connected, as a crash does."""
        self.signal(signal.SIGQUIT)
        self._process.wait(20)

    def signal(self, number: signal.Signals) -> None:
        """Let its first process have a signal."""
        self._process.send_signal(number)

    def url(self) -> str:
        """The address of a new and empty schema."""
        import psycopg

        name, address = f"runs{next(self._numbers)}", f"kdviz:{self._key}@127.0.0.1:{self.port}/postgres"
        with psycopg.connect(f"postgresql://{address}") as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"postgresql+psycopg://{address}?options=-csearch_path%3D{name}"

    def close(self) -> None:
        """End it, and delete all that it had."""
        if self._process.poll() is None:
            self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
