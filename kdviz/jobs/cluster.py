"""The embedded cluster, a process of its own: `python -m kdviz.jobs.cluster`.

It prints one JSON line, {"scheduler": "tls://127.0.0.1:…", "security": {…}}, and lives until its standard input ends.
The page server holds the other end of that pipe, so however the server dies, SIGKILL included, the pipe closes and the
cluster, its nannies and its workers end too.

Whoever speaks to a Dask scheduler can run code, and the loopback is open to every account of the machine: so each
cluster has a certificate of its own, made at its start and known to nobody but those at the two ends of the pipe.
"""

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
from multiprocessing import forkserver
from pathlib import Path
from typing import IO

from kdviz.errors import PlainError
from kdviz.settings import make_private, private, state_dir

TRAINING = "training"  # the resource of which each worker has one (`dask worker --resources training=1`)
_PATIENCE = 180.0  # seconds for the embedded cluster to start, PyTorch from a slow disk included
_LOG_SIZE = 1_000_000  # bytes after which the log starts anew


class ClusterError(PlainError):
    """There is no cluster to train on; the message is one plain sentence."""


_AT_FIRST_UPDATE = ["torch.fx.experimental.symbolic_shapes"]  # with SymPy, half a second: PyTorch imports it only then

# Threads that wait give their core away. By default they spin, and two trainings on one machine, an app's and a
# command line's, slow each other ten-fold.
PATIENT = {"OMP_WAIT_POLICY": "PASSIVE"}


def share(cores: int) -> tuple[int, int]:
    """(workers, torch threads of each) on a machine with that many logical processors: half of them train.

    Two of them are usually one core, and pages need what is left. Small networks lose by more threads: on two logical
    processors the default run of *Watch it train* took 1.8 times as long with two as with one, and the largest teacher
    took 0.9 times as long.
    """
    workers = max(1, cores // 4)
    return workers, max(1, cores // workers // 2)


def torch_threads() -> int:
    """Threads of one training on this machine, whether a worker or the command line runs it."""
    from dask.system import CPU_COUNT

    return share(CPU_COUNT)[1]


class Embedded:
    """The server's end of the pipe: starts the cluster when it is made, or raises `ClusterError`."""

    def __init__(self) -> None:
        package = str(Path(__file__).parents[2])  # the server's working directory may be any
        path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        with _log() as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kdviz.jobs.cluster"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C is for the server, which then ends the cluster in good order
            )
        deadline = threading.Timer(_PATIENCE, self._process.kill)
        deadline.start()
        line = self._process.stdout.readline() if self._process.stdout else b""
        deadline.cancel()
        if not line:
            self.close()
            raise ClusterError(f"The embedded cluster could not be started; {log.name} says why.")
        said = json.loads(line)
        self.address: str = said["scheduler"]
        self.security: dict[str, str] = said["security"]  # what a client's `distributed.Security` takes

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the cluster and its workers."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def main() -> None:
    """Serve until standard input ends."""
    import dask  # here, as the page server imports this module and shall not wait for Dask
    from dask.system import CPU_COUNT

    workers, threads = share(CPU_COUNT)
    libraries = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "KDVIZ_THREADS")
    # Before a worker starts: OpenMP reads its number of threads only once.
    environment = {name: str(threads) for name in libraries} | PATIENT | {"MALLOC_TRIM_THRESHOLD_": "65536"}
    os.environ.update(environment)
    method = _start_forks()
    from distributed import LocalCluster
    from distributed.security import Security

    security = Security.temporary()
    dask.config.set(
        {
            "distributed.nanny.pre-spawn-environ": environment,
            "distributed.worker.multiprocessing-method": method,
            "distributed.scheduler.allowed-failures": 1,  # a job whose worker was lost is tried once more
            # A worker that is lost comes back under its name. After this time Dask looks whether it is there, and if
            # that is while it is being replaced a second time, Dask ends its nanny: no worker would be left.
            "distributed.deploy.lost-worker-timeout": "365 days",
            "distributed.scheduler.http.routes": [],
            "distributed.worker.profile.enabled": False,  # its sampling takes time from the training
        }
    )
    with (
        tempfile.TemporaryDirectory(prefix="kdviz-", ignore_cleanup_errors=True) as scratch,
        LocalCluster(
            n_workers=workers,
            threads_per_worker=2,  # Dask's own: one for a training, one for short calls, so that no page waits
            processes=True,
            host="127.0.0.1",
            protocol="tls://",
            security=security,
            dashboard_address="127.0.0.1:0",  # None would open the usual port to the whole network
            memory_limit=0,  # a nanny's guess at a worker's share of the memory would end long trainings
            local_directory=scratch,
            resources={TRAINING: 1},
            preload=["kdviz.jobs.worker"],
        ) as cluster,
    ):
        shown = {name: getattr(security, name) for name in ("tls_ca_file", "tls_client_cert", "tls_client_key")}
        print(json.dumps({"scheduler": cluster.scheduler_address, "security": shown}), flush=True)
        sys.stdin.buffer.read()


def _start_forks() -> str:
    """How workers start. On Linux they are copies of a process that has imported all that trains, once for all.

    It begins to import while Dask starts; a worker that replaces a lost one is there at once.
    """
    if not sys.platform.startswith("linux"):
        return "spawn"
    from kdviz.jobs.worker import TRAINERS

    trainers = [name.partition(":")[0] for name in TRAINERS.values()]
    multiprocessing.get_context("forkserver").set_forkserver_preload(["distributed", *trainers, *_AT_FIRST_UPDATE])
    forkserver.ensure_running()
    return "forkserver"


def _log() -> IO[bytes]:
    path = state_dir() / "cluster.log"
    try:
        make_private(path.parent)
        too_long = path.exists() and path.stat().st_size > _LOG_SIZE
        return open(path, "wb" if too_long else "ab", opener=private)
    except OSError:
        return Path(os.devnull).open("wb")


if __name__ == "__main__":
    main()
