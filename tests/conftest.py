"""What every test shares: folders of its own, a fixed hypothesis profile, and where the real data is."""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from functools import partial
from itertools import chain, zip_longest
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

# Before kdviz reads it, and for every process that a test starts: nothing of a person's own runs is touched.
_STATE = Path(tempfile.mkdtemp(prefix="kdviz-tests-"))
os.environ["KDVIZ_STATE_DIR"] = str(_STATE)
for _name in ("KDVIZ_DATABASE_URL", "KDVIZ_SCHEDULER", "KDVIZ_LANGUAGE", "KDVIZ_PRESENTER_KEY"):
    os.environ.pop(_name, None)
# Tests that run side by side (pytest -n) share the cores: PyTorch processes that each take all of them spin against
# each other. Set before torch is imported, for this process and those that tests start.
_side_by_side = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if _side_by_side > 1:
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // _side_by_side)))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A shell starts what it puts in the background deaf to Ctrl-C, and every process that this one starts would inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What tests make is small, and much of it lives as long as they: looking through it again takes a tenth of the time.
gc.set_threshold(100_000, 50, 100)

CI = os.environ.get("CI", "").lower() in ("true", "1")

settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, database=None)
settings.load_profile("ci" if CI else "here")


# What takes longest, longest first: files that mostly wait for a browser or for other processes, and files that
# compute. They come in turns, so that one process computes while the other waits.
WAITING = (
    "tests/jobs/test_queue.py",
    "tests/browser/test_explorer.py",
    "tests/browser/test_watch_it_train.py",
    "tests/browser/test_faults.py",
    "tests/browser/test_two_servers.py",
    "tests/browser/test_bias_sliders.py",
    "tests/browser/test_playground.py",
    "tests/browser/test_soft_targets.py",
    "tests/browser",
    "tests/jobs",
)
COMPUTING = (
    "tests/runners/test_sweep.py",
    "tests/runners/test_comparison.py",
    "tests/distillers/test_distillers.py",
    "tests/test_repeat.py",
    "tests/cli/test_main.py",
    "tests/distillers",
    "tests/runners",
    "tests/exports",
)


def pytest_configure(config):
    """Let files come in the order below, also with `pytest -n`, which would begin with those of the most tests."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """The longest first, in turns; and whatever looks at trained runs trains them, where it is the first to do so."""
    for item in items:
        if {"trained_runs", "quick_study"} & set(item.fixturenames):
            item.add_marker(pytest.mark.trains)
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.split("::")[0], []).append(item)
    waiting = sorted((name for name in files if name.startswith(WAITING)), key=lambda name: _rank(name, WAITING))
    computing = sorted(files.keys() - waiting, key=lambda name: (_rank(name, COMPUTING), name))
    turns = chain.from_iterable(zip_longest(waiting, computing))
    items[:] = [item for name in turns if name is not None for item in files[name]]


def _rank(name: str, longest: Sequence[str]) -> int:
    return next((place for place, start in enumerate(longest) if name.startswith(start)), len(longest))


def missing(what: str) -> None:
    """A test lacks something of its machine: CI must have it, a person may not."""
    if CI:
        pytest.fail(f"{what} (CI=true: this must not be skipped)")
    pytest.skip(what)


@pytest.fixture(scope="session", autouse=True)
def state_dir():
    """The session's own folder for runs and teachers, gone at the end."""
    yield _STATE
    shutil.rmtree(_STATE, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql():
    """A PostgreSQL server; where none is installed a person's tests skip, and CI's fail."""
    from tests.samples.postgresql import PostgreSQL, programs

    folder = programs()
    if folder is None:
        missing("no PostgreSQL to test with (Debian: apt-get install postgresql)")
    server = PostgreSQL(folder)
    yield server
    server.close()


@pytest.fixture
def own_state(tmp_path, monkeypatch):
    """A state folder of this test alone."""
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Gives a folder that is filled once for all processes of this session; they copy from it, and change nothing."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name, fill):
        folder = shared / name
        with FileLock(f"{folder}.lock"):
            if not folder.exists():
                unfinished = tmp_path_factory.mktemp(name)
                fill(unfinished)
                unfinished.rename(folder)
        return folder

    return once


@pytest.fixture(scope="session")
def trained_runs(once):
    """A state folder with one run of each kind, really trained on digits; see tests/samples/kept_runs.py."""
    from tests.samples import kept_runs

    def fill(folder):
        with pytest.MonkeyPatch.context() as monkey:
            monkey.setenv("KDVIZ_STATE_DIR", str(folder))
            kept_runs.train_all(folder)

    return once("trained-runs", fill)


@pytest.fixture(scope="session")
def quick_study(once):
    """Gives the end of a study's quick version on digits with two seeds, really trained, once for all processes."""
    from kdviz.records.study import StudyResult

    def quick_study(name):
        def fill(folder):
            from kdviz.recipes.study import Study
            from kdviz.runners import study as runner

            *_, end = runner.run(Study.of(name, "digits", seeds="0,1", quick=True))
            (folder / "end.json").write_text(end.model_dump_json())

        return StudyResult.model_validate_json((once(name, fill) / "end.json").read_text())

    return quick_study


@pytest.fixture(scope="session")
def t_squared(quick_study):
    """A finished study of the factor T²."""
    return quick_study("t-squared")


@pytest.fixture(scope="session")
def forgotten(quick_study):
    """A finished study of a student that is read at another temperature."""
    return quick_study("forgotten-temperature")


def _real(*files):
    from kdviz import settings as kdviz_settings

    folder = kdviz_settings.data_dir()
    absent = [file for file in files if not (folder / file).exists()]
    if absent:
        missing(f"{folder / absent[0]} is not there; set KDVIZ_DATA_DIR to a folder that holds it, then run again.")


@pytest.fixture(scope="session")
def mnist_folder():
    """The data folder, which holds MNIST; no test downloads it."""
    from kdviz import settings as kdviz_settings

    parts = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    _real(*(f"MNIST/raw/{part}-ubyte" for part in parts))
    return kdviz_settings.data_dir()


@pytest.fixture(scope="session")
def mnist(mnist_folder):
    """MNIST itself, real and whole."""
    from kdviz.engine import data

    return data.load("mnist")


@pytest.fixture(scope="session")
def usps():
    """USPS itself, real and whole."""
    from kdviz.engine import data

    _real("USPS/usps.bz2", "USPS/usps.t.bz2")
    return data.load("usps")


@pytest.fixture(scope="session")
def digits():
    """The digits inside scikit-learn: on every machine."""
    from kdviz.engine import data

    return data.load("digits")


@pytest.fixture
def jobs(monkeypatch, tmp_path):
    """Pages have no cluster and no run, none recorded either, and no MNIST unless a test has put it there."""
    from kdviz.store import gallery, playground, recorded_runs
    from kdviz.widgets import server
    from tests.samples.app_pages import FakeJobs

    fake, galleries, packs = FakeJobs(), server.Galleries(), server.Packs()
    monkeypatch.setattr(server, "jobs", lambda: fake)
    monkeypatch.setattr(server, "_galleries", lambda: galleries)
    monkeypatch.setattr(server, "_packs", lambda: packs)
    monkeypatch.setattr(recorded_runs, "FOLDER", tmp_path / "no-recorded-runs")  # unless a test wants them
    for files in (gallery, playground):
        monkeypatch.setattr(files, "read", partial(_only_digits, files.read))
    return fake


def _only_digits(read, data):
    return read(data) if data == "digits" else None


@pytest.fixture
def keep(jobs, monkeypatch):
    """Puts runs, and what the last of them has said so far, where pages look for them."""
    from kdviz.widgets import server
    from tests.samples.app_pages import FakeJobs

    def keep(*runs, events=()):
        fake = FakeJobs(*runs, events=events)
        monkeypatch.setattr(server, "jobs", lambda: fake)
        return fake

    return keep


@pytest.fixture
def recordings(tmp_path, monkeypatch):
    """The folder of recorded runs, which is empty until a test puts one there: gives the function that does."""
    from kdviz.store import recorded

    monkeypatch.setattr(recorded, "FOLDER", tmp_path)
    return recorded.record
