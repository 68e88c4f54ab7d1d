"""What was stored and exported before the packages were moved is repeated: the same bits on the same machine."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from kdviz import repeat
from kdviz.records.base import TrainedStudent
from kdviz.store.runs import RunStore
from tests.samples import scripts

ROOT = Path(__file__).parents[1]
MADE_BEFORE = ROOT / "tests" / "data" / "before"
RUNS = {"single": "6be74a3ed3cd", "comparison": "982d220cbeae", "sweep": "d6fd080297a2", "study": "8b038d376a01"}
FEW = 4  # test images that sums in another order may decide in another way
TIMING = ("seconds", "per_second", "memory", "device")
COUNTED_SINCE = ("in_common", "ece_floor")  # what results did not have then


def machine():
    """What decides the last bits of a sum."""
    try:
        cpu = dict(re.findall(r"^([\w ]+?)\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE))
    except OSError:
        cpu = {}
    flags = hashlib.sha256(cpu.get("flags", "").encode()).hexdigest()[:16]
    return {
        "cpu": cpu.get("model name"),
        "model": cpu.get("model"),
        "flags": flags,
        "torch": torch.__version__,
    }


SAME_MACHINE = machine() == json.loads((MADE_BEFORE / "machine.json").read_text())


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("before")
    shutil.copy(MADE_BEFORE / "runs.sqlite", folder)
    store = RunStore(f"sqlite:///{folder / 'runs.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def untimed(document):
    """A JSON document without what no two trainings have alike."""
    if isinstance(document, dict):
        left_out = TIMING + COUNTED_SINCE
        return {name: untimed(value) for name, value in document.items() if not any(word in name for word in left_out)}
    return [untimed(value) for value in document] if isinstance(document, list) else document


def errors_in(document):
    """Every count of test errors in it, in order."""
    if isinstance(document, dict):
        own = [document["test_errors"]] if "test_errors" in document else []
        return own + [number for value in document.values() for number in errors_in(value)]
    return [number for value in document for number in errors_in(value)] if isinstance(document, list) else []


@pytest.mark.trains
@pytest.mark.parametrize("kind", RUNS)
def test_a_recipe_gives_the_same_bits_as_before_the_move(stored, own_state, one_thread, kind):
    run = stored.get(RUNS[kind])
    said = [event for event in repeat.study(run.recipe, finished=[]) if event is not None]
    ending = json.loads(said[-1].model_dump_json())
    before = json.loads(run.result.model_dump_json())
    assert ending["run_id"] == run.id
    assert errors_in(ending) == pytest.approx(errors_in(before), abs=FEW)
    students = {student.name: student for student in said if isinstance(student, TrainedStudent)}
    since = {"plain"} if kind == "single" else set()  # whom such a run did not keep then
    assert students.keys() == {*stored.students(run.id), *since}
    if SAME_MACHINE:
        assert untimed(ending) == untimed(before)
        assert all(students[name] == stored.student(run.id, name) for name in stored.students(run.id))


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What each script came to that was exported before the move; the first of them ran by itself."""
    folder = tmp_path_factory.mktemp("scripts")
    first, *others = (*RUNS, "single_any_threads")
    texts = {kind: (MADE_BEFORE / f"{kind}.py").read_text() for kind in (first, *others)}
    return {
        first: scripts.alone(texts[first], folder / first),
        **scripts.together({kind: texts[kind] for kind in others}, folder),
    }


@pytest.mark.trains
@pytest.mark.parametrize("kind", [*RUNS, "single_any_threads"])
def test_a_script_that_was_exported_before_the_move_runs_unchanged_and_prints_the_same(stored, printed, kind):
    done = printed[kind]
    assert done.code == 0, done.errors
    assert "another way" not in done.errors
    before = stored.get(RUNS[kind.removesuffix("_any_threads")]).result.main_figures
    figures = dict(line.split(": ") for line in done.output.splitlines())
    assert figures.keys() == before.keys()
    exact = SAME_MACHINE and kind in RUNS
    for name, figure in before.items():
        assert float(figures[name]) == (figure if exact else pytest.approx(figure, abs=FEW / 360))


def test_the_old_names_bring_no_torch_before_a_training_begins():
    asks = "import sys, kdviz.exports.results; import kdviz; assert 'kdviz.repeat' not in sys.modules; "
    asks += (
        "from kdviz import cluster, work; from kdviz.kinds import RECIPES, Ending; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", asks], cwd=ROOT, check=True)


def test_another_old_name_is_no_attribute():
    with pytest.raises(ImportError):
        from kdviz import recipe  # noqa: F401
