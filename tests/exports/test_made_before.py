"""Bundles that were made before the classes of what they hold got other names and places: they can be imported."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from kdviz.exports.bundles import pack_stored, unpack
from kdviz.store.runs import RunStore

MADE_BEFORE = Path(__file__).parents[1] / "data" / "before"


@pytest.mark.parametrize("name", ["comparison", "study"])
def test_a_bundle_is_imported_whole_and_packed_as_it_was(tmp_path, name):
    content = (MADE_BEFORE / f"{name}.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    document = json.loads(files["run.json"])
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    run = store.adopt(unpack(content))
    assert run.recipe.id == document["id"]
    assert json.loads(run.result.model_dump_json()) == document["result"]
    lines = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    assert [json.loads(event.model_dump_json()) for event in store.events(run.id)] == [line["event"] for line in lines]
    kept = [store.student(run.id, entry["name"]) for entry in document["students"]]
    assert [student.weights for student in kept] == [
        files[f"students/{entry['name']}.safetensors"] for entry in document["students"]
    ]
    with zipfile.ZipFile(io.BytesIO(pack_stored(store, run))) as archive:
        again = {entry: archive.read(entry) for entry in archive.namelist()}
    store.close()
    assert again.keys() == files.keys()
    for entry in ("run.json", "events.jsonl"):
        assert again[entry] == files[entry], entry
    for entry in ("results.csv", "results.json"):
        assert run.id in again[entry].decode(), "what came from a file says so"
