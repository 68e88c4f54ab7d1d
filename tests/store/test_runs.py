import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from kdviz import settings
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.records.base import TrainedStudent
from kdviz.store import runs, teacher_files
from kdviz.store.annotations import LONGEST_NOTE, LONGEST_TAG, MOST_TAGS, AnnotationError
from kdviz.store.classes import ClassStore
from kdviz.store.runs import RunStore, StoreError
from kdviz.store.tables import METADATA
from tests.samples.fake_training import compared, moment, part, progress, result

ROOT = Path(__file__).parents[2]
RECIPE = Recipe()
COMPARISON = Comparison(methods=("plain", "offline", "mutual"), seeds=(0, 1))


LEARNT = TrainedStudent(name="distilled", architecture="784-128-10", weights=b"some")


def other(seed):
    return Recipe(seed=seed)


def url_of(folder):
    return f"sqlite:///{folder / 'deep' / 'runs.sqlite'}"


@pytest.fixture
def store(url):
    made = RunStore(url)
    yield made
    made.close()


@pytest.fixture
def in_file(tmp_path):
    """A store in a file, for what happens to files."""
    made = RunStore(url_of(tmp_path))
    yield made
    made.close()


def script(url, body):
    """A process that has a store, `store`, at the address."""
    imports = "from kdviz.store.runs import *; from kdviz.recipes.single import Recipe"
    head = f"{imports}; store = RunStore({url!r})\n"
    return subprocess.Popen(
        [sys.executable, "-c", head + body],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )


def test_the_same_recipe_is_one_run(store):
    first = store.request(RECIPE)
    assert first.id == RECIPE.id
    assert first.status == "queued"
    assert first.owner == store.owner
    assert store.request(Recipe()) == first
    assert store.request(other(1)).id != first.id
    assert [run.id for run in store.recent()] == [other(1).id, RECIPE.id]
    assert len(store.recent(1)) == 1
    assert store.get("nonesuch") is None


def test_a_run_comes_back_as_it_was(store, url):
    run_id = store.request(RECIPE).id
    store.begin(run_id, attempt=1)
    sent = [progress(step, 3, step) for step in (1, 2, 3)]
    store.append(run_id, sent[:2], 1)
    store.append(run_id, sent[2:], 3)
    store.finish(run_id, result(RECIPE, 3.0))
    again = RunStore(url)
    run = again.get(run_id)
    assert run.status == "finished"
    assert run.recipe == RECIPE
    assert run.result == result(RECIPE, 3.0)
    assert run.created <= run.started <= run.finished <= datetime.now(UTC)
    assert again.events(run_id) == sent
    assert again.events(run_id, after=2) == sent[2:]
    assert again.count(run_id) == 3
    assert again.request(RECIPE) == run  # shown, not repeated


def test_pause_and_resume(store):
    run_id = store.request(RECIPE).id
    store.pause(run_id)
    assert store.get(run_id).status == "queued"
    store.begin(run_id)
    store.pause(run_id)
    assert store.get(run_id).status == "paused"
    store.resume(run_id)
    assert store.get(run_id).status == "running"


@pytest.mark.parametrize("end", ["failed", "cancelled", "interrupted"])
def test_what_did_not_finish_can_be_started_again(store, url, end):
    run_id = store.request(RECIPE).id
    store.begin(run_id, attempt=2, message="The worker was lost; started again.")
    store.append(run_id, [progress(1, 1, 1)], 1)
    if end == "failed":
        store.fail(run_id, "The file is truncated.")
        assert store.get(run_id).message == "The file is truncated."
    elif end == "cancelled":
        store.cancel(run_id)
    else:
        store.release([run_id])
    assert store.get(run_id).status == end
    assert len(store.events(run_id)) == 1  # kept until it is asked for again
    again = RunStore(url)
    run = again.request(RECIPE)
    assert (run.status, run.attempt, run.message, run.started, run.owner) == ("queued", 0, "", None, again.owner)
    assert again.events(run_id) == []


def test_a_comparison_comes_back_as_it_was(store, url):
    run_id = store.request(COMPARISON).id
    store.begin(run_id)
    sent = [moment("plain", 1, 1, 0.5, seeds=2), part(COMPARISON, "plain")]
    store.append(run_id, sent, 1)
    result = compared(COMPARISON, sent[1].trials, 3.0)
    store.finish(run_id, result)
    again = RunStore(url)
    run = again.get(run_id)
    assert type(run.recipe) is Comparison
    assert (run.recipe, run.result) == (COMPARISON, result)
    assert again.events(run_id) == sent
    store.request(RECIPE)
    assert [type(run.recipe) for run in again.recent()] == [Recipe, Comparison]


def test_a_kind_of_run_of_another_version_is_left_out(store):
    run_id = store.request(COMPARISON).id
    store.append(run_id, [moment("plain", 1, 1, 0.5)], 1)
    with store._database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE events SET kind = 'rumour'")
    with pytest.raises(StoreError, match=r"written by another version of kdviz\.$"):
        store.events(run_id)
    with store._database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE runs SET recipe = replace(recipe, '\"compare\"', '\"sweep\"')")
    assert store.get(run_id) is None
    assert store.recent() == []


@pytest.mark.parametrize("end", ["failed", "cancelled", "interrupted"])
def test_finished_methods_outlive_every_attempt(store, url, end):
    plain, offline, mutual = (part(COMPARISON, method) for method in COMPARISON.methods)
    run_id = store.request(COMPARISON).id
    store.begin(run_id)
    store.append(run_id, [moment("plain", 1, 1, 0.1), plain, moment("offline", 1, 1, 0.2), offline], 1)
    assert store.finished(run_id) == [plain, offline]
    {"failed": lambda: store.fail(run_id, "Lost."), "cancelled": lambda: store.cancel(run_id)}.get(
        end, lambda: store.release([run_id])
    )()
    heir = RunStore(url)
    for _ in range(2):  # and again, though its worker never began
        assert heir.request(COMPARISON).owner == heir.owner
        assert heir.finished(run_id) == [plain, offline]
        assert (heir.events(run_id), heir.count(run_id)) == ([], 0)
        heir.cancel(run_id)
    heir.request(COMPARISON)
    heir.begin(run_id, attempt=1)
    heir.append(run_id, [plain], 1)  # said again, and then lost before the other one was
    heir.begin(run_id, attempt=2)
    assert (heir.events(run_id), heir.count(run_id)) == ([], 0)
    heir.append(run_id, [plain, offline, mutual], 1)
    assert heir.finished(run_id) == [plain, offline, mutual]
    assert heir.events(run_id) == [plain, offline, mutual]
    assert heir.events(run_id, after=2) == [mutual]
    heir.delete(run_id)
    assert heir.finished(run_id) == []


def test_what_is_said_last_of_a_method_counts(store):
    plain = part(COMPARISON, "plain")
    better = plain.model_copy(update={"trials": [trial.model_copy(update={"nll": 0.01}) for trial in plain.trials]})
    first_seed = plain.model_copy(update={"trials": plain.trials[:1]})
    run_id = store.request(COMPARISON).id
    store.append(run_id, [plain, first_seed], 1)
    store.begin(run_id)
    store.append(run_id, [better], 1)
    assert store.finished(run_id) == [better, first_seed]


def test_an_end_is_final(store):
    run_id = store.request(RECIPE).id
    store.begin(run_id)
    store.cancel(run_id)
    store.finish(run_id, result(RECIPE, 1))
    store.fail(run_id, "too late")
    store.pause(run_id)
    assert store.get(run_id).status == "cancelled"


def test_a_former_owner_has_no_say(store, url):
    run_id = store.request(RECIPE).id
    store.begin(run_id)
    store.release([run_id])
    heir = RunStore(url)
    heir.request(RECIPE)
    store.append(run_id, [progress(1, 1, 1)], 1)
    store.fail(run_id, "not mine any more")
    store.begin(run_id, attempt=5)
    assert store.heartbeat([run_id]) == set()
    assert heir.heartbeat([run_id, "nonesuch"]) == {run_id}
    assert heir.get(run_id).status == "queued"
    assert heir.events(run_id) == []


def test_appending_twice_is_appending_once(store):
    run_id = store.request(RECIPE).id
    store.append(run_id, [progress(1, 2, 1), progress(2, 2, 2)], 1)
    store.append(run_id, [progress(2, 2, 2)], 2)
    assert [event.step for event in store.events(run_id)] == [1, 2]


def test_ahead_of_a_run_are_the_live_ones_before_it(store):
    def ahead(run_id):
        return [run.id for run in store.ahead(run_id)]

    first, second, third = (store.request(other(seed)).id for seed in range(3))
    assert [ahead(run) for run in (first, second, third)] == [[], [first], [first, second]]
    store.release([first])  # interrupted: nobody waits for it
    assert ahead(third) == [second]
    store.cancel(second)
    assert ahead(third) == []
    assert ahead("nonesuch") == []


def test_delete_forgets_run_and_events(store):
    run_id = store.request(RECIPE).id
    store.append(run_id, [progress(1, 1, 1)], 1)
    store.delete(run_id)
    assert store.get(run_id) is None
    assert store.events(run_id) == []
    assert store.request(RECIPE).status == "queued"


def test_a_run_is_restarted_at_once_or_not_at_all(store, url, monkeypatch):
    assert store.restart(COMPARISON).status == "queued"  # made, where there is none
    store.begin(COMPARISON.id)
    sent = [moment("plain", 1, 1, 0.5, seeds=2), part(COMPARISON, "plain")]
    store.append(COMPARISON.id, sent, 1)
    store.annotate(COMPARISON.id, ["a"], "note")
    store.keep_student(COMPARISON.id, LEARNT)
    heir = RunStore(url)
    assert heir.restart(COMPARISON).owner == store.owner  # under way: left alone
    assert store.events(COMPARISON.id) == sent
    store.finish(COMPARISON.id, compared(COMPARISON, sent[1].trials, 3.0))
    before = store.get(COMPARISON.id)

    def breaks(*_):
        raise StoreError("The disk is full.")

    with monkeypatch.context() as half:
        half.setattr(sa, "delete", breaks)
        with pytest.raises(StoreError):
            heir.restart(COMPARISON)
    assert store.get(COMPARISON.id) == before
    assert store.students(COMPARISON.id) == ["distilled"]
    store.discard([COMPARISON.id])
    run = heir.restart(COMPARISON)
    assert (run.status, run.owner, run.result, run.attempt) == ("queued", heir.owner, None, 0)
    assert (run.tags, run.note) == (("a",), "note")
    assert (heir.finished(COMPARISON.id), heir.events(COMPARISON.id), heir.students(COMPARISON.id)) == ([], [], [])
    assert heir.discarded() == []
    assert heir.request(COMPARISON) == run


def test_a_finished_run_is_read_while_its_recipe_is_trained_anew(store):
    store.restart(COMPARISON, keep=True)
    assert store.get(runs.before(COMPARISON.id)) is None, "nothing was finished before"
    store.begin(COMPARISON.id)
    sent = [moment("plain", 1, 1, 0.5, seeds=2), part(COMPARISON, "plain")]
    store.append(COMPARISON.id, sent, 1)
    store.keep_student(COMPARISON.id, LEARNT)
    first = compared(COMPARISON, sent[1].trials, 3.0)
    store.finish(COMPARISON.id, first)
    assert store.restart(COMPARISON, keep=True).status == "queued"
    kept = store.get(runs.before(COMPARISON.id))
    assert (kept.status, kept.result, kept.recipe) == ("finished", first, COMPARISON)
    assert (store.events(kept.id), store.students(kept.id)) == (sent, ["distilled"])
    store.begin(COMPARISON.id)
    store.cancel(COMPARISON.id)
    store.restart(COMPARISON, keep=True)
    assert store.get(kept.id).result == first, "an attempt without a result takes nothing away"
    store.begin(COMPARISON.id)
    store.finish(COMPARISON.id, compared(COMPARISON, sent[1].trials, 4.0))
    assert store.get(kept.id) is None
    assert store.get(COMPARISON.id).result.seconds != first.seconds


def test_tags_and_a_note_belong_to_a_run(store, url):
    run_id = store.request(RECIPE).id
    assert (store.get(run_id).tags, store.get(run_id).note) == ((), "")
    store.annotate(run_id, ["  class   8b ", "", "Best", "best", "\x00ü\ud800"], "first\r\nline\x07  \n")
    again = RunStore(url)
    run = again.get(run_id)
    assert (run.tags, run.note) == (("class 8b", "Best", "ü"), "first\nline")
    assert again.recent() == [run]
    again.annotate(run_id, (), "<b>=1+1</b>")  # by whoever looks at it, not its owner alone
    assert (store.get(run_id).tags, store.get(run_id).note) == ((), "<b>=1+1</b>")
    store.begin(run_id)
    store.cancel(run_id)
    store.request(RECIPE)
    assert store.get(run_id).note == "<b>=1+1</b>"  # outlives every attempt
    store.delete(run_id)
    store.request(RECIPE)
    assert store.get(run_id).note == ""


@pytest.mark.parametrize(
    ("tags", "note", "limit"),
    [
        ([f"tag {number}" for number in range(MOST_TAGS + 1)], "", f"up to {MOST_TAGS} tags"),
        (["x" * (LONGEST_TAG + 1)], "", f"up to {LONGEST_TAG} characters"),
        ([], "x" * (LONGEST_NOTE + 1), "up to 4,000 characters; this one has 4,001"),
    ],
)
def test_too_much_of_a_note_is_refused_in_one_sentence(store, tags, note, limit):
    run_id = store.request(RECIPE).id
    store.annotate(run_id, ["kept"], "kept")
    with pytest.raises(AnnotationError, match=limit) as caught:
        store.annotate(run_id, tags, note)
    assert str(caught.value).endswith(".")
    assert (store.get(run_id).tags, store.get(run_id).note) == (("kept",), "kept")


def test_tags_and_note_are_written_one_by_one(store):
    first, second = (store.request(other(seed)).id for seed in (1, 2))
    store.annotate(first, note="a note")
    store.annotate(first, tags=["a"])
    store.annotate(second, tags=["b"])
    assert (store.get(first).tags, store.get(first).note) == (("a",), "a note")
    assert (store.get(second).tags, store.get(second).note) == (("b",), "")


def test_a_run_that_is_gone_takes_no_note(store):
    with pytest.raises(StoreError, match=r"^Run nonesuch is not in the store any more\.$"):
        store.annotate("nonesuch", ["a"], "b")


def test_what_was_discarded_can_be_restored_for_a_day(store, monkeypatch):
    first, second = (store.request(other(seed)).id for seed in (1, 2))
    for run_id in (first, second):
        store.append(run_id, [progress(1, 1, 1)], 1)
        store.annotate(run_id, ["a"], "note")
        store.keep_student(run_id, LEARNT)
        store.finish(run_id, result(other(1), 1.0))
    before = store.get(first)
    store.discard([first, second, "nonesuch"])
    store.discard([first])  # twice is once
    assert store.get(first) is None
    assert store.recent() == []
    assert [run.id for run in store.discarded()] == [second, first]
    store.restore([first])
    assert store.get(first) == before
    assert store.recent() == [before]
    assert store.student(first, "distilled") == LEARNT
    assert [run.id for run in store.discarded()] == [second]

    now = runs.time.time()
    monkeypatch.setattr(runs.time, "time", lambda: now + runs.DAY + 1)
    assert store.discarded() == []
    store.restore([second])  # too late
    assert store.get(second) is None
    assert store.students(second) == []
    assert store.events(second) == []
    assert store.get(first) is not None
    assert rows_left(store, second) == 0


def rows_left(store, run_id):
    """Of everything that names the run."""
    with store._database.engine.connect() as connection:
        tables = [(table, table.c.get("run_id", table.c.get("id"))) for table in METADATA.sorted_tables]
        return sum(
            connection.execute(sa.select(sa.func.count()).select_from(table).where(key == run_id)).scalar_one()
            for table, key in tables
        )


def test_asking_for_a_discarded_run_brings_it_back(store, url):
    run_id = store.request(RECIPE).id
    store.begin(run_id)
    store.finish(run_id, result(RECIPE, 1.0))
    store.discard([run_id])
    again = RunStore(url)
    assert again.request(RECIPE).result is not None
    assert again.discarded() == []


def test_a_run_under_way_is_not_discarded(store):
    live, over = (store.request(other(seed)).id for seed in (1, 2))
    store.cancel(over)
    with pytest.raises(StoreError, match=rf"^Run {live} is still under way; stop it first, then delete it\.$"):
        store.discard([over, live])
    assert len(store.recent()) == 2  # all or nothing
    store.release([live])
    store.discard([over, live])
    assert store.recent() == []


def test_students_are_kept_with_their_run(store, url):
    run_id = store.request(COMPARISON).id
    heir = RunStore(url)
    heir.keep_student(run_id, LEARNT)  # not the owner
    assert store.students(run_id) == []
    plain, offline = (LEARNT.model_copy(update={"name": name}) for name in ("plain", "offline"))
    store.keep_student(run_id, plain)
    store.keep_student(run_id, offline)
    assert heir.students(run_id) == ["plain", "offline"]
    assert heir.student(run_id, "offline") == offline
    better = offline.model_copy(update={"weights": b"more"})
    store.keep_student(run_id, better)
    assert heir.student(run_id, "offline") == better
    assert heir.student(run_id, "nonesuch") is None
    store.cancel(run_id)
    heir.request(COMPARISON)
    assert set(heir.students(run_id)) == {"plain", "offline"}  # their methods need not be trained again
    heir.delete(run_id)
    assert heir.students(run_id) == []
    assert rows_left(heir, run_id) == 0


def test_a_database_of_an_older_version_opens_and_works(tmp_path):
    store = RunStore(url_of(tmp_path))
    run_id = store.request(RECIPE).id
    store.finish(run_id, result(RECIPE, 1.0))
    with store._database.engine.begin() as connection:
        for table in ("annotations", "discarded", "students"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    store.close()
    again = RunStore(url_of(tmp_path))
    assert again.get(run_id).result is not None
    again.annotate(run_id, ["new"], "")
    assert again.recent()[0].tags == ("new",)


def test_notes_of_many_threads_and_processes_do_not_get_mixed(store, url):
    run_id = store.request(RECIPE).id
    body = (
        f"run_id = {run_id!r}\n"
        "print('ready', flush=True)\n"
        "for number in range(30):\n"
        "    store.annotate(run_id, ['theirs'], 'theirs')\n"
        "    store.discard([]); store.restore([run_id])\n"
    )
    with script(url, body) as process, ThreadPoolExecutor(4) as threads:
        assert process.stdout.readline() == "ready\n"
        list(threads.map(lambda _: store.annotate(run_id, ["ours"], "ours"), range(30)))
    assert process.returncode == 0
    run = store.get(run_id)
    assert (run.tags, run.note) in [(("ours",), "ours"), (("theirs",), "theirs")]


def test_a_full_disk_keeps_a_student_out_and_says_so(in_file):
    run_id = in_file.request(RECIPE).id
    with in_file._database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=24")
        connection.rollback()
    with pytest.raises(StoreError, match=r"the disk is full.*\.$"):
        in_file.keep_student(run_id, LEARNT.model_copy(update={"weights": bytes(300_000)}))
    assert in_file.students(run_id) == []


def test_silence_reads_as_interrupted(store, monkeypatch):
    run_id = store.request(RECIPE).id
    now = runs.time.time()
    monkeypatch.setattr(runs.time, "time", lambda: now + 9)
    assert store.get(run_id).status == "queued"
    monkeypatch.setattr(runs.time, "time", lambda: now + 11)
    assert store.get(run_id).status == "interrupted"
    assert not store.get(run_id).live
    store.heartbeat([run_id])
    assert store.get(run_id).status == "queued"


def test_a_killed_owner_leaves_an_interrupted_run(store, url, monkeypatch):
    body = "run = store.request(Recipe()); store.begin(run.id); print('ready', flush=True); import time; time.sleep(60)"
    with script(url, body) as owner:
        assert owner.stdout.readline() == "ready\n"
        assert store.get(RECIPE.id).status == "running"
        owner.send_signal(signal.SIGKILL)
    monkeypatch.setattr(runs, "SILENCE", 0.0)
    assert store.get(RECIPE.id).status == "interrupted"
    monkeypatch.undo()
    assert store.get(RECIPE.id).status == "running"  # by its heartbeat, not by its death


def test_two_processes_and_many_threads_on_one_file(store, url):
    body = (
        "from tests.samples.fake_training import progress\n"
        "import sys\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "mine = 0\n"
        "for seed in range(40):\n"
        "    run = store.request(Recipe(seed=seed))\n"
        "    mine += run.owner == store.owner\n"
        "    store.append(run.id, [progress(step, 5, 0) for step in range(1, 6)], 1)\n"
        "    store.heartbeat([run.id])\n"
        "print(mine)\n"
    )
    with script(url, body) as one, script(url, body) as two, ThreadPoolExecutor(4) as threads:
        for process in (one, two):
            assert process.stdout.readline() == "ready\n"
        for process in (one, two):
            process.stdin.write("go\n")
            process.stdin.flush()
        ours = list(threads.map(lambda seed: store.request(other(seed)).owner == store.owner, range(40)))
        theirs = [int(process.stdout.read()) for process in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0)
    assert sum(ours) + sum(theirs) == 40  # each run has exactly one owner
    assert len(store.recent(100)) == 40
    assert all(store.count(run.id) in (0, 5) for run in store.recent(100))


def test_a_damaged_file_is_told_in_one_sentence(tmp_path):
    path = tmp_path / "deep" / "runs.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError, match=r"^The run store .*runs.sqlite is damaged.*\.$"):
        RunStore(url_of(tmp_path))
    assert path.read_bytes() == b"no database at all" * 1000


def test_a_full_disk_is_told_in_one_sentence(in_file):
    run_id = in_file.request(RECIPE).id
    with in_file._database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=8")
        connection.rollback()
    with pytest.raises(StoreError, match=r"the disk is full.*\.$"):
        in_file.append(run_id, [progress(1, 1, 1)] * 1000, 1)
    assert in_file.count(run_id) == 0


def test_a_lock_that_stays_is_told_in_one_sentence(in_file, tmp_path, monkeypatch):
    monkeypatch.setattr("kdviz.store.database._BUSY", 0.1)
    impatient = RunStore(url_of(tmp_path))
    holder = sqlite3.connect(tmp_path / "deep" / "runs.sqlite", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert impatient.recent() == []  # reading goes on
    with pytest.raises(StoreError, match=r"has been locked by another program.*\.$"):
        impatient.request(RECIPE)
    holder.execute("ROLLBACK")
    assert impatient.request(RECIPE).status == "queued"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("not an address", "is no database address"),
        ("postgresql+nonesuch://me:secret@localhost/runs", "needs a driver"),
        ("sqlite:////proc/nonesuch/runs.sqlite", "cannot be made"),
    ],
)
def test_an_address_that_does_not_work_is_told_in_one_sentence(url, says):
    with pytest.raises(StoreError, match=says) as caught:
        RunStore(url)
    assert "secret" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_folders_follow_the_environment(tmp_path, monkeypatch):
    for name in ("KDVIZ_STATE_DIR", "KDVIZ_DATABASE_URL", "KDVIZ_SCHEDULER"):
        monkeypatch.delenv(name, raising=False)
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("KDVIZ_DATA_DIR", str(data))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "user"))
    assert settings.data_dir() == settings.state_dir() == data
    assert settings.database_url() == f"sqlite:///{data}/kdviz.sqlite"
    assert settings.scheduler() is None
    data.chmod(0o555)  # root could write there, and shall not
    assert settings.data_dir() == data
    assert settings.state_dir() == tmp_path / "user" / "kdviz"
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path / "state"))
    assert settings.state_dir() == tmp_path / "state"
    monkeypatch.setenv("KDVIZ_DATABASE_URL", "sqlite:////elsewhere/runs.sqlite")
    assert settings.database_url() == "sqlite:////elsewhere/runs.sqlite"


@pytest.fixture
def unwritable(tmp_path, monkeypatch):
    """A state folder that nobody can make, whoever runs the tests: a file stands in its way."""
    (tmp_path / "file").write_text("here first")
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path / "file" / "state"))
    return tmp_path / "file" / "state"


def test_where_nothing_can_be_kept_a_temporary_store_is_made_and_said(unwritable):
    said = settings.make_state_dir()
    assert said.startswith(f"{unwritable} cannot be written (Not a directory), so ")
    assert "KDVIZ_STATE_DIR" in said
    assert settings.state_dir().is_dir()
    assert "file" not in settings.state_dir().parts
    RunStore(settings.database_url())
    assert settings.make_state_dir() == "", "once made, it is the state folder"


def test_a_store_that_may_only_be_read_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path))
    assert settings.make_state_dir() == ""
    assert list(tmp_path.iterdir()) == []
    store = tmp_path / "kdviz.sqlite"
    store.write_bytes(b"of another user")
    store.chmod(0o444)
    assert "(kdviz.sqlite there may only be read)" in settings.make_state_dir()
    assert settings.state_dir() != tmp_path
    assert store.read_bytes() == b"of another user"


def test_without_any_place_the_store_itself_says_so(unwritable, monkeypatch):
    def refuse(**_options):
        raise FileNotFoundError("No usable temporary directory")

    monkeypatch.setattr(settings.tempfile, "mkdtemp", refuse)
    assert settings.make_state_dir() == ""
    with pytest.raises(StoreError, match="cannot be made: Not a directory"):
        RunStore(settings.database_url())


def test_what_one_process_writes_through_two_stores_is_there_after_another_has_come_and_gone(tmp_path):
    """SQLite removes what is not yet in the file when it believes that the last process has gone.

    It is told by locks of a process, and a process that closes the file in any other way gives all of them up.
    """
    address = f"sqlite:///{tmp_path / 'kdviz.sqlite'}"
    runs = RunStore(address)
    runs.request(RECIPE)
    classes = ClassStore(address)  # as a server does when a class begins
    look = f"from kdviz.store.runs import RunStore; store = RunStore({address!r})"
    come_and_go = f"{look}; print(*(run.note for run in store.recent(9))); store.close()"

    def elsewhere():
        return subprocess.run([sys.executable, "-c", come_and_go], capture_output=True, text=True, check=True).stdout

    assert elsewhere() == "\n"
    runs.annotate(RECIPE.id, note="kept")
    assert elsewhere() == "kept\n"
    code = classes.begin()
    assert elsewhere() == "kept\n"
    assert ClassStore(address).open_code() == code


def test_what_is_kept_is_for_its_owner_alone(tmp_path):
    """The database, what SQLite puts beside it, teachers, and the folders that are made for them."""
    folder = tmp_path / "new" / "state"
    made = RunStore(f"sqlite:///{folder / 'kdviz.sqlite'}")
    made.request(Recipe())
    with teacher_files.replacement(folder / "teachers" / "x.safetensors") as temporary:
        temporary.write_bytes(b"x")
    modes = {place.relative_to(tmp_path).as_posix(): place.stat().st_mode & 0o777 for place in tmp_path.rglob("*")}
    made.close()
    assert modes.pop("new/state/kdviz.sqlite-wal") == 0o600
    assert modes.pop("new/state/kdviz.sqlite-shm") == 0o600
    assert modes == {
        "new": 0o700,
        "new/state": 0o700,
        "new/state/kdviz.sqlite": 0o600,
        "new/state/teachers": 0o700,
        "new/state/teachers/x.safetensors": 0o600,
    }


def test_a_folder_that_is_there_stays_as_open_as_it_is(tmp_path):
    tmp_path.chmod(0o755)
    settings.make_private(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
