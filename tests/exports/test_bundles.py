"""Bundles: what goes in comes out, anywhere; what is damaged, newer or not one of ours is refused whole."""

import dataclasses
import io
import json
import re
import struct
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from kdviz.engine import models, students
from kdviz.exports import bundles
from kdviz.exports.bundles import BundleError, pack, pack_stored, unpack
from kdviz.jobs import worker
from kdviz.recipes.base import ENGINE
from kdviz.recipes.compression import Compression
from kdviz.recipes.sweep import Sweep
from kdviz.records.compressed import CompressedStudent
from kdviz.store.run import IMPORTED, UNFINISHED, Run
from kdviz.store.runs import RunStore, StoreError
from kdviz.store.tables import RUNS
from tests.samples.bundles import NOTE, changed, contents, listed, refused, small, zipped
from tests.samples.fake_training import compared, moment, part, progress, swept
from tests.samples.kept_runs import COMPARISON, SINGLE, SWEEP, copied
from tests.samples.run_records import measured, smaller


@pytest.fixture(scope="module")
def whole(trained_runs, tmp_path_factory):
    """A store with one run of each kind."""
    made = copied(trained_runs, tmp_path_factory.mktemp("kept"))
    for recipe in (SINGLE, COMPARISON, SWEEP):
        made.annotate(recipe.id, ["lesson 1"], NOTE)
    yield made
    made.close()


@pytest.fixture
def elsewhere(tmp_path):
    """An empty store."""
    made = RunStore(f"sqlite:///{tmp_path / 'elsewhere.sqlite'}")
    yield made
    made.close()


@pytest.fixture(scope="module")
def good(whole):
    return pack_stored(whole, whole.get(SINGLE.id))


@pytest.mark.parametrize("recipe", [SINGLE, COMPARISON, SWEEP])
def test_a_run_comes_out_as_it_went_in(whole, elsewhere, recipe):
    run = whole.get(recipe.id)
    packed = pack_stored(whole, run)
    bundle = unpack(packed)
    assert bundle.run == run.model_copy(update={"owner": "", "attempt": 0})
    assert list(bundle.events) == whole.events(recipe.id)
    assert [learnt.name for learnt in bundle.students] == whole.students(recipe.id)
    imported = elsewhere.adopt(bundle)
    assert (imported.imported, imported.state, imported.status) == (True, "imported", run.status)
    own = {"id": bundle.id, "owner": elsewhere.owner, "message": IMPORTED}
    assert imported == run.model_copy(update=own)
    assert elsewhere.events(imported.id) == whole.events(recipe.id)
    assert elsewhere.students(imported.id) == whole.students(recipe.id)
    for name in whole.students(recipe.id):
        assert elsewhere.student(imported.id, name) == whole.student(recipe.id, name)
        students.network_of(elsewhere.student(imported.id, name))
    again = unpack(pack_stored(elsewhere, imported))
    assert (again.run, again.events, again.students) == (bundle.run, bundle.events, bundle.students)
    assert again.id == bundle.id  # a third machine knows it by the same name
    assert elsewhere.adopt(again) == imported  # and here nothing is written


def test_an_imported_run_answers_nothing_that_is_asked_for_here(elsewhere, good):
    """However its bundle was made: neither its result nor its finished parts are taken for those of the recipe."""
    imported = elsewhere.adopt(unpack(good))
    assert re.fullmatch("imported-[0-9a-f]{12}", imported.id)
    assert elsewhere.get(SINGLE.id) is None
    asked = elsewhere.request(SINGLE)
    assert (asked.id, asked.status, asked.result, asked.imported) == (SINGLE.id, "queued", None, False)
    assert elsewhere.finished(SINGLE.id) == elsewhere.events(SINGLE.id) == elsewhere.students(SINGLE.id) == []
    elsewhere.restart(SINGLE)
    assert elsewhere.get(imported.id) == imported


def test_a_forged_bundle_stands_beside_the_run_that_it_claims_to_be(whole, elsewhere, good):
    elsewhere.request(SINGLE)
    elsewhere.begin(SINGLE.id)
    elsewhere.finish(SINGLE.id, unpack(good).run.result.model_copy(update={"seconds": 77.0}))
    own = elsewhere.get(SINGLE.id)
    imported = elsewhere.adopt(unpack(good))
    assert imported.id != own.id
    assert {run.id: run.imported for run in elsewhere.recent()} == {own.id: False, imported.id: True}
    assert elsewhere.request(SINGLE) == own
    assert elsewhere.students(SINGLE.id) == []


def test_an_own_run_that_comes_back_is_the_own_run(tmp_path, whole, good):
    """Exported here, imported here: nothing is written, and what was discarded is back."""
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    bundle = unpack(good)
    store.request(SINGLE)
    store.begin(SINGLE.id)
    store.finish(SINGLE.id, bundle.run.result)
    own = store.get(SINGLE.id)
    brought = dataclasses.replace(bundle, run=own.model_copy(update={"owner": ""}))
    assert store.adopt(brought) == own
    store.discard([SINGLE.id])
    assert store.adopt(brought) == own
    assert [run.id for run in store.recent()] == [SINGLE.id]
    assert store.students(SINGLE.id) == []
    store.close()


def test_a_run_that_an_earlier_version_imported_makes_room(elsewhere, good):
    """Such a run has the recipe's id and says that it was imported: asked for, the recipe is trained all the same."""
    bundle = unpack(good)
    elsewhere.request(SINGLE)
    with elsewhere._database.write() as connection:
        before = {"status": "finished", "message": "Imported.", "result": bundle.run.result.model_dump_json()}
        connection.execute(sa.update(RUNS).values(**before))
    elsewhere.keep_student(SINGLE.id, bundle.students[0])
    elsewhere.append(SINGLE.id, bundle.events, 1)
    elsewhere.annotate(SINGLE.id, ["from Anna"], "a note")
    there = elsewhere.get(SINGLE.id)
    assert (there.imported, there.message) == (True, IMPORTED)
    asked = elsewhere.request(SINGLE)
    assert (asked.status, asked.tags, asked.imported) == ("queued", (), False)
    assert elsewhere.events(SINGLE.id) == elsewhere.students(SINGLE.id) == []
    (moved,) = (run for run in elsewhere.recent() if run.imported)
    assert moved == there.model_copy(update={"id": moved.id})
    assert elsewhere.events(moved.id) == list(bundle.events)
    assert elsewhere.students(moved.id) == ["distilled"]
    assert elsewhere.request(SINGLE) == asked  # once


def test_a_bundle_holds_what_it_should(whole, good):
    files = contents(pack_stored(whole, whole.get(SINGLE.id), {"distilled": b"onnx"}))
    assert set(files) == {
        "manifest.json",
        "run.json",
        "events.jsonl",
        "students/distilled.safetensors",
        "students/distilled.onnx",
        "students/plain.safetensors",
        "MODEL_CARD.md",
        "repeat.py",
        "results.csv",
        "results.parquet",
        "results.json",
    }
    assert files["students/distilled.onnx"] == b"onnx"
    assert files["students/distilled.safetensors"] == whole.student(SINGLE.id, "distilled").weights
    manifest = json.loads(files["manifest.json"])
    assert (manifest["kdviz"], manifest["format"], manifest["engine"]) == ("bundle", 1, ENGINE)
    assert NOTE not in files["repeat.py"].decode()
    assert "students/seed-3.safetensors" in contents(pack_stored(whole, whole.get(SWEEP.id)))
    unpack(pack_stored(whole, whole.get(SINGLE.id), {"distilled": b"onnx"}))


def test_a_run_that_is_not_over_makes_no_bundle(elsewhere):
    with pytest.raises(BundleError, match=r"still under way; .*\.$"):
        pack_stored(elsewhere, elsewhere.request(SINGLE))


def test_a_cancelled_comparison_is_looked_at_elsewhere(elsewhere, tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'first.sqlite'}")
    store.request(COMPARISON)
    done = [part(COMPARISON, "plain"), part(COMPARISON, "offline")]
    store.append(COMPARISON.id, [moment("plain", 1, 1, 0.1), *done], 1)
    store.cancel(COMPARISON.id)
    store.request(COMPARISON)
    store.cancel(COMPARISON.id)  # before it said them again: they are in its bundle nevertheless
    bundle = unpack(pack_stored(store, store.get(COMPARISON.id)))
    assert (bundle.run.status, bundle.run.result) == ("cancelled", None)
    run = elsewhere.adopt(bundle)
    assert (run.status, run.message, run.imported) == ("cancelled", UNFINISHED, True)
    assert elsewhere.finished(run.id) == done
    elsewhere.request(COMPARISON)
    assert elsewhere.finished(COMPARISON.id) == []


def test_an_import_that_another_overtakes_is_theirs(elsewhere, good, tmp_path, monkeypatch):
    """Between the look and the writing, somebody imports the same."""
    other, bundle = RunStore(f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"), unpack(good)
    same = elsewhere._same

    def overtaken(brought):
        other.adopt(bundle)
        return same(brought)

    monkeypatch.setattr(elsewhere, "_same", overtaken)
    assert elsewhere.adopt(bundle) == other.get(bundle.id)
    assert len(elsewhere.recent()) == 1
    other.close()


def test_a_run_under_way_here_is_left_alone(elsewhere, good):
    elsewhere.request(SINGLE)
    assert elsewhere.adopt(unpack(good)).id != SINGLE.id
    assert elsewhere.get(SINGLE.id).status == "queued"


def test_an_import_from_the_future_does_not_stay_on_top(elsewhere):
    bundle = unpack(small())
    late = bundle.run.model_copy(update={"created": datetime.now(UTC) + timedelta(days=400)})
    run = elsewhere.adopt(dataclasses.replace(bundle, run=late))
    assert run.created <= datetime.now(UTC)


def test_a_full_disk_takes_nothing_of_a_bundle(elsewhere, good):
    with elsewhere._database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=30")
        connection.rollback()
    with pytest.raises(StoreError, match=r"the disk is full.*\.$"):
        elsewhere.adopt(unpack(good))
    assert elsewhere.recent() == []
    assert elsewhere.students(SINGLE.id) == []


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip", b"\x89PNG\r\n\x1a\n" * 100, zipped({"a.txt": b"hello"})])
def test_what_is_no_bundle_is_told_so(content):
    refused(content, r"^The file is no bundle of kdviz;")


def test_another_programs_manifest_is_no_bundle():
    refused(zipped({"manifest.json": b'{"name": "a web app"}'}), "no bundle of kdviz")
    refused(zipped({"manifest.json": b"[]"}), "no bundle of kdviz")


@pytest.mark.parametrize("change", [{"format": 3}, {"engine": ENGINE + 1}, {"format": 3, "files": None}])
def test_a_newer_version_is_named(change):
    files = contents(small())
    manifest = json.loads(files["manifest.json"]) | change
    refused(
        zipped({**files, "manifest.json": json.dumps(manifest), "new/kind.of": b""}), "from a newer version of kdviz"
    )


def test_an_older_version_is_named():
    refused(changed(small(), "run.json", lambda run: None, engine=ENGINE - 1), "from an older version of kdviz")


def test_damage_is_seen_by_its_hash(good):
    files = contents(good)
    for name in set(files) - {"manifest.json"}:
        refused(zipped({**files, name: files[name][:-1] + b"?"}), "damaged")
        refused(zipped({each: content for each, content in files.items() if each != name}), "damaged")
    for missing in (4, len(good) // 2, 30):
        refused(good[:-missing], "damaged")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/etc/passwd",
        "students/../../evil.safetensors",
        "students/Evil.safetensors",
        "C:\\evil",
        "evil.pkl",
        "students/x.pt",
        "run.json/",
        "students/" + "a" * 100 + ".onnx",
    ],
)
def test_a_file_that_does_not_belong_there_is_refused(name):
    files = {key: content for key, content in contents(small()).items() if key != "manifest.json"}
    refused(zipped(listed({**files, name: b"evil"})), "holds a file that does not belong there")
    refused(zipped({**contents(small()), name: b"evil"}), "holds a file that does not belong there")


def test_a_name_twice_is_refused():
    buffer = io.BytesIO(small())
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("run.json", b"{}")
    refused(buffer.getvalue(), "does not belong there")


def test_bombs_are_refused_before_they_are_unpacked(monkeypatch):
    files = contents(small())
    many = {**files, **{f"students/s{number}.onnx": b"" for number in range(bundles.MOST_FILES)}}
    refused(zipped(many), "too large: it takes up to 64 files and 200 MB")
    bombs = [zipped({**files, "results.csv": b"0" * 9_000_000})]
    bombs += [zipped({**files, name: b"0" * 24_000_001}) for name in ("run.json", "events.jsonl")]
    bombs += [zipped(files | {f"students/{name}.safetensors": bytes(9_000_000) for name in "abcd"})]
    bombs += [zipped({**files, "students/a.safetensors": bytes(bundles._LARGEST_STUDENT + 1)})]
    for bomb in bombs:
        assert len(bomb) < 100_000
        inside = {name: file for name, file in contents(bomb).items() if name != "manifest.json"}
        refused(zipped(listed(inside)), "out of proportion|longer than any")
    monkeypatch.setattr(bundles, "MOST_BYTES", 1_000_000)
    monkeypatch.setattr(bundles, "_pieces", lambda *_: pytest.fail("it was read"))
    for bomb in bombs:
        refused(bomb, "too large")


def test_a_directory_of_many_files_is_not_read(monkeypatch):
    """Of a file of 50 MB a million entries would be made, of hundreds of bytes each, to be counted."""
    many = zipped({f"{number}": b"" for number in range(3000)})
    monkeypatch.setattr(bundles.zipfile, "ZipFile", lambda _: pytest.fail("it was read"))
    refused(many, "too large: it takes up to 64 files")
    refused(small()[:-22] + b"PK\x06\x07" + bytes(16) + small()[-22:], "too large")  # a larger one's place


def told(count, line=None):
    """A bundle whose run has reported so often."""
    line = line or contents(small())["events.jsonl"].splitlines()[0]
    return changed(small(), "events.jsonl", lambda _: b"\n".join([line] * count))


def test_a_small_bundle_does_not_unpack_to_a_giant():
    """As was tried: 0.65 MB unpacked to 147,420 events, which took 8.3 s and 354 MB of the page server."""
    unpack(told(bundles.MOST_EVENTS // 100))
    giant = told(147_420)
    assert len(giant) < 650_000
    tracemalloc.start()
    try:
        refused(giant, "too large")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 30_000_000


def test_no_more_is_read_than_the_first_that_is_too_much(monkeypatch):
    monkeypatch.setattr(bundles, "MOST_EVENTS", 100)
    read, original = [], bundles._event
    monkeypatch.setattr(bundles, "_event", lambda line: read.append(line) or original(line))
    unpack(told(100))
    del read[:]
    refused(told(101), "takes up to 100 reports")
    assert len(read) == 100
    monkeypatch.setattr(bundles, "MOST_VALUES", 500)
    del read[:]
    refused(told(100), "reports and 500 figures")
    assert len(read) < 100
    refused(changed(small(), "run.json", lambda run: b"[" + b"0," * 501 + b"0]"), "500 figures")
    monkeypatch.setattr(bundles, "_MOST_LINE", 1000)
    refused(told(1, b'{"kind": "' + b" " * 100_000), "longer than any")


def test_a_run_that_has_said_too_much_makes_no_bundle(monkeypatch):
    bundle = unpack(told(100))
    monkeypatch.setattr(bundles, "MOST_EVENTS", 99)
    with pytest.raises(BundleError, match=r"said too much for a bundle, which takes 99 reports .* Parquet and JSON\.$"):
        pack(bundle.run, bundle.events, bundle.students)


def test_a_file_longer_than_it_says_is_not_unpacked():
    """The size in the directory is a lie; no more than that is read, and the checksum tells."""
    bomb = zipped({**contents(small()), "results.csv": b"0" * 5_000_000})
    lie = bomb.replace(struct.pack("<L", 5_000_000), struct.pack("<L", 50))
    refused(lie, "damaged")


def test_a_compression_that_is_not_asked_for_is_refused():
    refused(zipped(contents(small()), zipfile.ZIP_LZMA), "damaged")


def set_in(*place, to):
    def change(document):
        for key in place[:-1]:
            document = document[key]
        document[place[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (set_in("id", to="0123456789ab"), "recipe is not that of its run"),
        (set_in("recipe", "seed", to=8), "recipe is not that of its run"),
        (set_in("recipe", "data", to="../../x"), "recipe cannot be run"),
        (set_in("recipe", "epochs", to=10**9), "recipe cannot be run"),
        (set_in("recipe", to={"study": "brainwash"}), "recipe cannot be run"),
        (set_in("result", "recipe", "seed", to=8), "result is not that of its recipe"),
        (set_in("result", "run_id", to="0123456789ab"), "result is not that of its recipe"),
        (set_in("result", to=None), "result is not that of its recipe"),
        (set_in("status", to="cancelled"), "result is not that of its recipe"),
        (set_in("result", "plain", "test_images", to=0), "result is not that of its recipe"),
        (set_in("result", "plain", "test_accuracy", to=1.2), "result is not that of its recipe"),
        (set_in("result", "plain", "test_accuracy", to=0.5), "result is not that of its recipe"),
        (set_in("result", "plain", "agreement", to=7), "result is not that of its recipe"),
        (set_in("result", "plain", "parameters", to=-1), "result is not that of its recipe"),
        (set_in("result", "threads", to=-5), "result is not that of its recipe"),
        (set_in("result", "seconds", to=-1.0), "result is not that of its recipe"),
        (set_in("result", "plain", "architecture", to="resnet"), "result is not that of its recipe"),
        (set_in("result", "device", to="<script>alert(1)</script>"), "text where a name belongs"),
        (set_in("result", "torch", to="x" * 500), "text where a name belongs"),
        (set_in("status", to="running"), "cannot be read"),
        (set_in("note", to="x" * 5000), "tags or note are too long"),
        (set_in("tags", to=["x" * 50]), "tags or note are too long"),
        (set_in("created", to="0001-01-01T00:00:00Z"), "times cannot be"),
        (set_in("created", to="2026-01-01T00:00:00"), "cannot be read"),
        (set_in("more", to=1), "cannot be read"),
        (set_in("students", to=[{"name": "distilled", "architecture": "784-30-30-10"}]), "students are not those"),
        (lambda run: b"[" * 100_000, "cannot be read"),
        (lambda run: b"\xff{}", "cannot be read"),
        (lambda run: json.dumps(run).replace('"seconds": 3.0', '"seconds": NaN').encode(), "cannot be read"),
        (lambda run: json.dumps(run).replace('"seconds": 3.0', '"seconds": 1e999').encode(), "cannot be read"),
        (lambda run: json.dumps(run).replace('"bytes": 4', f'"bytes": {10**30}').encode(), "cannot be read"),
        (lambda run: json.dumps(run).replace('{"id"', '{"note": "a", "id"').encode(), "cannot be read"),
    ],
)
def test_a_run_that_does_not_hold_together_is_refused(change, says):
    refused(changed(small(), "run.json", change), says)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"kind": "rumour", "event": {}}', "cannot be read"),
        (b'{"kind": "progress", "event": {}}', "cannot be read"),
        (b'{"kind": ["progress"], "event": {}}', "cannot be read"),
        (b"[]", "cannot be read"),
        (b"{", "cannot be read"),
        (json.dumps({"kind": "moment", "event": moment("plain", 1, 1, 0.5).model_dump()}).encode(), "progress is not"),
        (
            json.dumps({"kind": "progress", "event": progress(3, 2, 0.5).model_dump()}).encode(),
            "progress is not that of its recipe",
        ),
    ],
)
def test_progress_that_cannot_be_is_refused(line, says):
    refused(changed(small(), "events.jsonl", lambda events: events + line + b"\n"), says)


@pytest.mark.parametrize("images", [[[0] * 783], [[256] * 784], [[0] * 784] * 2])
def test_images_that_are_none_are_refused(images):
    event = {
        "indices": [0],
        "labels": [7],
        "images": images,
        "teacher_logits": [[0.0]],
        "teacher_validation_accuracy": 0.9,
    }
    line = json.dumps({"kind": "watched", "event": event}).encode()
    refused(changed(small(), "events.jsonl", lambda events: line), "progress is not that of its recipe")


def test_students_that_do_not_fit_are_refused(whole, good):
    weights = contents(good)["students/distilled.safetensors"]
    name = "students/distilled.safetensors"
    refused(changed(good, name, lambda _: weights[:-4]), "students are not those of its recipe")
    refused(changed(good, name, lambda _: b"\x80\x04 a pickle"), "students are not those of its recipe")
    other = contents(pack_stored(whole, whole.get(SWEEP.id)))["students/seed-2.safetensors"]
    unpack(changed(good, name, lambda _: other))  # the same shapes: that is all that can be told
    for change in (
        set_in("students", to=[]),
        lambda run: set_in("students", to=run["students"] * 2)(run),
        set_in("students", 0, "name", to="offline"),
        set_in("students", 0, "name", to="plain"),  # who is there already
        set_in("students", 0, "name", to="../distilled"),
        set_in("students", 0, "architecture", to="784-128-10"),
    ):
        refused(changed(good, "run.json", change), "students are not those of its recipe")


@pytest.fixture(scope="module")
def with_smaller(whole):
    """A run's bundle with a student of it that was made smaller."""
    run = whole.get(SINGLE.id)
    kept = [whole.student(run.id, name) for name in whole.students(run.id)]
    return pack(run, whole.events(run.id), kept, compressed=[smaller()])


def test_a_student_that_was_made_smaller_comes_along(elsewhere, good, with_smaller):
    imported = elsewhere.adopt(unpack(with_smaller))
    assert elsewhere.compressed(imported.id) == [smaller()]
    assert elsewhere.students(imported.id) == ["distilled", "plain"]
    assert unpack(pack_stored(elsewhere, imported)).id == imported.id
    without = elsewhere.adopt(unpack(good))
    assert without.id != imported.id  # nothing is lost by bringing the same run without it
    assert elsewhere.compressed(without.id) == []
    formats = [json.loads(contents(bundle)["manifest.json"])["format"] for bundle in (good, with_smaller)]
    assert formats == [1, 2]  # earlier versions read the one, and name a newer version for the other
    assert "compressed" not in json.loads(contents(good)["run.json"])


def test_a_smaller_student_that_comes_home_with_its_run_is_not_lost(tmp_path, whole, with_smaller):
    """Nothing is written to a run that was trained here; what is new stands beside it, marked as imported."""
    home, brought = RunStore(f"sqlite:///{tmp_path / 'home.sqlite'}"), unpack(with_smaller)
    home.request(SINGLE)
    home.begin(SINGLE.id)
    home.finish(SINGLE.id, brought.run.result)
    own = home.get(SINGLE.id)
    brought = dataclasses.replace(brought, run=own.model_copy(update={"owner": ""}))
    imported = home.adopt(brought)
    assert imported.id != own.id
    assert home.compressed(imported.id) == [smaller()]
    assert home.compressed(own.id) == []
    home.keep_compressed(own.id, smaller())
    assert home.adopt(brought) == own  # it has it already
    home.close()


def test_pruned_weights_are_not_out_of_proportion(whole):
    """Zeros would be packed to a small part of their size."""
    run, many = whole.get(SINGLE.id), []
    network = models.build("784-512-256-10", 0)
    with torch.no_grad():
        for weights in network.parameters():
            weights.zero_()
    for number in range(1, 9):
        settings = Compression(prune=number / 10)
        name = CompressedStudent.name_of("distilled", settings)
        after = measured(name, "784-512-256-10", "none").model_copy(update={"compression": settings})
        learnt = students.learnt(name, "784-512-256-10", network)
        many.append(smaller().model_copy(update={"compression": settings, "learnt": learnt, "measured": after}))
    assert unpack(pack(run, [], [], compressed=many)).compressed == tuple(many)


@pytest.mark.parametrize(
    "change",
    [
        set_in("compressed", to=[]),
        lambda run: set_in("compressed", to=run["compressed"] * 2)(run),
        set_in("compressed", 0, "of", to="offline"),
        set_in("compressed", 0, "learnt", "name", to="distilled"),
        set_in("compressed", 0, "learnt", "architecture", to="784-30-30-10"),
        set_in("compressed", 0, "learnt", "architecture", to="resnet"),
        set_in("compressed", 0, "compression", "prune", to=0.25),
        set_in("compressed", 0, "compression", "quantize", to="int4"),
        set_in("compressed", 0, "measured", "quantize", to="int4"),
        set_in("compressed", 0, "measured", "architecture", to="784-30-30-10"),
        set_in("compressed", 0, "before", "architecture", to="784-15-15-10"),
        set_in("compressed", 0, "before", "name", to="plain"),
        set_in("compressed", 0, "before", "quantize", to="int8"),
        set_in("compressed", 0, "measured", "name", to="distilled"),
        set_in("compressed", 0, "measured", "parameters", to=12),
        set_in("compressed", 0, "measured", "multiply_adds", to=12),
        set_in("compressed", 0, "measured", "nonzero", to=10**9),
        set_in("compressed", 0, "measured", "runtimes", to=[]),
        set_in("compressed", 0, "measured", "runtimes", 0, "test_images", to=0),
        set_in("compressed", 0, "measured", "runtimes", 0, "test_errors", to=361),
        set_in("compressed", 0, "measured", "runtimes", 0, "one_image", "low", to=3.0),
    ],
)
def test_a_smaller_student_that_does_not_fit_is_refused(with_smaller, change):
    refused(changed(with_smaller, "run.json", change), "students are not those of its recipe")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (set_in("compressed", 0, "measured", "runtimes", 0, "energy", "how", to="<b>"), "text where a name belongs"),
        (set_in("compressed", 0, "more", to=1), "cannot be read"),
        (set_in("compressed", 0, "learnt", "weights", to="AAAA"), "cannot be read"),
        (set_in("compressed", 0, "compression", "prune", to=1), "cannot be read"),
        (set_in("compressed", 0, to=7), "cannot be read"),
    ],
)
def test_what_is_said_of_a_smaller_student_is_looked_at_like_all_else(with_smaller, change, says):
    refused(changed(with_smaller, "run.json", change), says)


def test_a_comparisons_and_a_sweeps_results_must_fit_as_well(whole):
    for recipe, change in (
        (COMPARISON, set_in("result", "trials", 0, "method", to="mutual")),
        (COMPARISON, lambda run: run["result"]["trials"].pop()),
        (SWEEP, set_in("result", "trials", 0, "cell", "temperature", to=3.0)),
        (SWEEP, set_in("result", "trials", 0, "validation_images", to=0)),
        (SWEEP, set_in("result", "trials", 0, "validation_accuracy", to=55.0)),
        (SWEEP, set_in("result", "summaries", to=[])),
        (SWEEP, set_in("result", "choice", "results", to=[])),
        (SWEEP, set_in("result", "choice", "cell", "alpha", to=0.123)),
    ):
        bundle = pack_stored(whole, whole.get(recipe.id))

        def only_change(document, change=change):
            change(document)

        refused(changed(bundle, "run.json", only_change), "result is not that of its recipe")


def swept_bundle(**changes):
    """A sweep's, nothing of it trained."""
    recipe = Sweep.suited("digits", {"temperatures": (1, 4, 20), "alphas": (0, 0.5), "seeds": (0, 1), **changes})
    when = datetime(2026, 11, 21, tzinfo=UTC)
    run = Run(id=recipe.id, recipe=recipe, status="finished", created=when, result=swept(recipe))
    return pack(run, [], [])


@pytest.mark.parametrize(
    "changes", [{}, {"folds": 3}, {"search": "halving", "epochs": 9}, {"search": "random"}, {"test_seeds": (0, 1)}]
)
def test_a_fake_sweep_fits(changes):
    bundle = unpack(swept_bundle(**changes))
    assert bundle.run.result == swept(bundle.run.recipe)


@pytest.mark.parametrize("search", ["grid", "halving"])
@pytest.mark.parametrize(
    "change",
    [
        set_in("result", "choice", "test_accuracy", "mean", to=7.0),
        set_in("result", "choice", "test_accuracy", "mean", to=0.5),
        set_in("result", "choice", "plain_test_accuracy", "low", to=0.9999),
        set_in("result", "choice", "results", 0, "threads", to=0),
        set_in("result", "threads", to=-5),
        set_in("result", "trials", to=[]),
        lambda run: run["result"]["trials"].pop(),
        lambda run: run["result"]["trials"].append(run["result"]["trials"][0]),
        set_in("result", "trials", 0, "seed", to=5),
        set_in("result", "trials", 0, "epochs", to=2),
        set_in("result", "trials", 0, "validation_errors", to=0),
        set_in("result", "trials", 0, "agreement", to=1.5),
        set_in("result", "trials", 0, "seconds", to=-1.0),
        set_in("result", "summaries", 0, "trials", to=9),
        set_in("result", "summaries", 0, "diverged", to=1),
        set_in("result", "summaries", 0, "validation_accuracy", "mean", to=0.3),
        lambda run: run["result"]["summaries"].pop(),
    ],
)
def test_a_sweep_whose_figures_do_not_hold_together_is_refused(search, change):
    def only_change(document):  # what it returns, if anything, is no document
        change(document)

    bundle = swept_bundle(search=search)
    refused(changed(bundle, "run.json", only_change), "result is not that of its recipe")


def test_a_fake_comparison_fits():
    when = datetime(2026, 11, 21, tzinfo=UTC)
    done = [part(COMPARISON, method) for method in COMPARISON.methods]
    ending = compared(COMPARISON, [trial for each in done for trial in each.trials], 3.0)
    run = Run(id=COMPARISON.id, recipe=COMPARISON, status="finished", created=when, result=ending)
    assert unpack(pack(run, done, [])).run == run


@given(st.data())
@example(None)
def test_any_change_of_a_byte_is_refused_or_changes_nothing(data):
    bundle = small()
    wanted = unpack(bundle)
    if data is None:
        assert unpack(bundle) == wanted
        return
    places = data.draw(st.lists(st.integers(0, len(bundle) - 1), min_size=1, max_size=8))
    bad = bytearray(bundle)
    for place in places:
        bad[place] ^= data.draw(st.integers(1, 255))
    end = data.draw(st.sampled_from([len(bad), len(bad), data.draw(st.integers(0, len(bad)))]))
    try:
        found = unpack(bytes(bad[:end]))
    except BundleError as error:
        assert str(error).endswith(".")  # noqa: PT017, most are refused and some are not
    else:
        assert found == wanted


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"PK\x01\x02"]))
def test_any_bytes_are_refused(content, start):
    with pytest.raises(BundleError, match=r"\.$"):
        unpack(start + content)


@given(
    st.sampled_from(["run.json", "events.jsonl", "manifest.json"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
        max_leaves=12,
    ),
)
def test_any_document_is_refused(name, document):
    files = {**contents(small()), name: json.dumps(document).encode()}
    if name != "manifest.json":
        del files["manifest.json"]
        files = listed(files)
    with pytest.raises(BundleError, match=r"\.$"):
        unpack(zipped(files))


def every_place(document, *way):
    """The ways to every value of a document."""
    yield way
    if isinstance(document, dict):
        for key, value in document.items():
            yield from every_place(value, *way, key)
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from every_place(value, *way, number)


@given(st.data())
def test_any_other_value_is_refused_or_kept_and_makes_files(data):
    """A run.json with one value changed: never a traceback, then or when it is exported again."""
    run = json.loads(contents(small())["run.json"])
    way = data.draw(st.sampled_from([way for way in every_place(run) if way]))
    values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
    value = data.draw(values | st.just([]) | st.just({}) | st.just("nan"))
    try:
        bundle = unpack(changed(small(), "run.json", set_in(*way, to=value)))
    except BundleError:
        return
    pack(bundle.run, bundle.events, bundle.students)


def test_the_trainer_is_not_asked(monkeypatch, elsewhere, good):
    """Nothing of a bundle is run."""
    monkeypatch.setattr(worker, "carry_out", lambda *_, **__: pytest.fail("something was trained"))
    elsewhere.adopt(unpack(good))
