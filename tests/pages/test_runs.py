"""The page "Runs" without a browser: the list and its filters, one run, several runs, notes, deletion, files."""

import base64
import json
from concurrent.futures import Future
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from kdviz.exports import bundles
from kdviz.jobs.queue import JobError, Version
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.compression import Compression
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.records.base import TrainedStudent
from kdviz.store.rights import OPERATOR
from kdviz.store.runs import RunStore, StoreError
from kdviz.widgets import live_panel, server
from kdviz.widgets.runs import export as run_export
from kdviz.widgets.runs import smaller as run_smaller
from kdviz.widgets.runs import table as run_table
from tests.samples.app_pages import opened, said
from tests.samples.comparison_records import comparison
from tests.samples.fake_studies import FEW, studied
from tests.samples.run_records import learnt, progress, put, recipe, smaller, sweep

PAGE = "pages/runs.py"
# Everything that would do something if it were rendered.
NASTY = "<script>alert(1)</script> **bold** [a](javascript:alert(1)) $x^2$ :material/home: :smile: :red[x] <b>b</b>"


class Reader:
    """Stands for the cluster: shows what lies in the store, and trains nothing."""

    cluster = SimpleNamespace(device={"name": "CPU", "threads": 2})
    trouble = ""
    held = False

    def hold(self, held, who):
        self.held = held

    def __init__(self, store):
        self.store, self.submitted, self.calls, self.newer, self.alone = store, [], {}, {}, {}

    def get(self, run_id):
        return self.newer.get(run_id) or self.store.get(run_id)

    def events(self, run_id, after=0):
        return self.store.events(run_id, after)

    def version(self, run_id):
        run = self.get(run_id)
        return run and Version(run.status, run.attempt, self.store.count(run_id))

    def ahead(self, run_id):
        return self.store.ahead(run_id)

    def awaits(self, run_id):
        return ""

    def submit(self, recipe, who=OPERATOR, *, anew=False):
        now = self.get(recipe.id)
        if now is not None and now.live:
            return now
        run = self.store.restart(recipe, who, keep=True) if anew else self.store.request(recipe, who)
        self.submitted.append(recipe)
        return run

    def call(self, function, *args, key, alone=False):
        future = Future()
        if key.startswith("gallery"):  # the start page's, which is seen first
            future.set_exception(JobError("There is nothing in /nowhere, and the network gave no answer."))
        else:
            self.calls[key] = function, args, future
            self.alone[key] = alone
        return future


@pytest.fixture
def store(tmp_path, monkeypatch):
    found = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    monkeypatch.setattr(server, "store", lambda: found)
    yield found
    found.close()


@pytest.fixture
def jobs(store, monkeypatch):
    live_panel.snapshot.clear()  # tests have the same run at different moments
    run_smaller.orders().clear()
    found = Reader(store)
    monkeypatch.setattr(server, "jobs", lambda: found)
    return found


@pytest.fixture
def files(monkeypatch):
    """The files that the page offers, by the names they would have."""
    made = {}
    offer = run_export.st.download_button

    def noted(label, data, *args, file_name, **options):
        made[file_name] = data
        return offer(label, data, *args, file_name=file_name, **options)

    monkeypatch.setattr(run_export.st, "download_button", noted)
    return made


def page(**query):
    return opened(PAGE, data=None, **query)


def table(at):
    return next(frame.value for frame in at.dataframe if frame.key == "runs_table")


def with_column(at, column):
    """The first table that has such a column."""
    return next(frame.value for frame in at.dataframe if column in frame.value)


def listed(at):
    return list(table(at)["run"])


def button(at, name):
    return next(each for each in at.button if each.label == name)


def buttons(at):
    return {each.label for each in at.button}


def text(at):
    """Everything that is rendered as Markdown or as HTML."""
    marked = [
        element.value for kind in (at.markdown, at.caption, at.header, at.subheader, at.title) for element in kind
    ]
    return " ".join([*marked, said(at), *(element.value for element in at.success), html(at)])


def html(at):
    return " ".join(element.proto.body for element in at.get("html"))


def verbatim(at):
    return [element.value for element in at.text]


def links(at):
    return [(link.proto.label, link.proto.query_string) for link in at.get("page_link")]


def test_without_runs_the_page_says_how_to_make_one(jobs):
    at = page()
    assert "Nothing has been trained here yet" in html(at)
    assert [label for label, _ in links(at)] == [
        "Watch it train",
        "Three ways to teach",
        "Explorer",
        "When does it help?",
    ]
    assert not at.dataframe
    assert not at.text_input
    assert at.file_uploader, "a run can come in a file as well"


def test_the_table_has_a_row_for_every_kind_of_run(jobs, store):
    single, several = put(store, recipe()), put(store, comparison(seeds=(0, 1, 2)), tags=("class 7b",), note="so")
    swept, failed = put(store, sweep()), put(store, recipe(seed=5), status="failed")
    at = page()
    rows = table(at).set_index("run")
    assert list(rows.index) == [failed.id, swept.id, several.id, single.id], "the newest first"
    assert rows.loc[single.id, ["kind", "status", "temperature", "alpha", "seeds", "who"]].tolist() == [
        "single run",
        "finished",
        "5",
        "0.7",
        "0",
        "distilled",
    ]
    assert rows.loc[single.id, ["accuracy", "plain"]].tolist() == pytest.approx([97.0, 96.4])
    assert rows.loc[several.id, ["kind", "seeds", "who", "note"]].tolist() == ["comparison", "0-2", "Offline", "so"]
    assert rows.loc[several.id, "accuracy"] == pytest.approx(97.97, abs=0.02)
    assert rows.loc[several.id, "plain"] == pytest.approx(95.97, abs=0.02)
    assert list(rows.loc[several.id, "tags"]) == ["class 7b"]
    assert rows.loc[swept.id, ["kind", "temperature", "alpha", "seeds", "who"]].tolist() == [
        "sweep",
        "1, 4",
        "0–1 (3)",
        "0-2",
        "T = 4, α = 1",
    ]
    assert rows.loc[failed.id, "status"] == "failed"
    assert rows.loc[failed.id, ["accuracy", "plain"]].isna().all()
    assert any("4 of 4 runs" in caption.value for caption in at.caption)


def test_filters_of_the_link_choose_the_rows(jobs, store):
    single = put(store, recipe(), tags=("a",), note="the odd one")
    warm = put(store, recipe(temperature=8.0), errors=20)
    several, stopped = put(store, comparison(), tags=("a", "b")), put(store, recipe(seed=9), status="cancelled")
    for query, expected in (
        ({"kind": "comparison"}, [several]),
        ({"status": "cancelled"}, [stopped]),
        ({"set": "digits"}, [stopped, several, warm, single]),
        ({"tag": "b"}, [several]),
        ({"find": "ODD one"}, [single]),
        ({"find": warm.id}, [warm]),
        ({"find": "odd two"}, []),
        ({"kind": "single run", "tag": "a"}, [single]),
        ({"sort": "oldest first"}, [single, warm, several, stopped]),
        ({"sort": "most accurate first"}, [warm, several, single, stopped]),
        ({"kind": "nonsense"}, [stopped, several, warm, single]),
    ):
        at = page(**query)
        found = listed(at) if any(frame.key == "runs_table" for frame in at.dataframe) else []
        if query.get("sort") == "most accurate first":
            assert set(found[:2]) == {warm.id, several.id}, query
            assert found[2:] == [single.id, stopped.id], query
        else:
            assert found == [run.id for run in expected], query
        assert ("No run passes these filters" in html(at)) == (not expected), query


def test_a_filter_chooses_rows(jobs, store):
    put(store, recipe())
    several = put(store, comparison())
    at = page()
    at.multiselect(key="kind").set_value(["comparison"]).run()
    assert listed(at) == [several.id]


def test_no_filter_has_the_name_of_a_recipes_option(jobs, store):
    """What is chosen on one page would be chosen on the other one as well."""
    put(store, recipe())
    put(store, recipe(seed=1))
    at = page(run=f"{recipe().id},{recipe(seed=1).id}")
    controls = (at.text_input, at.multiselect, at.selectbox, at.get("button_group"))
    names = {control.key for group in controls for control in group}
    assert {"find", "kind", "status", "set", "tag", "sort", "over"} == names
    for kind in (Recipe, Comparison, Sweep):
        assert not names & kind.model_fields.keys()


def test_a_sweeps_recipe_begins_with_what_it_is_about(jobs, store):
    usual = Sweep.suited("digits")
    store.request(usual)
    at = page(run=usual.id)
    rows = with_column(at, "Here").set_index("Setting")
    assert list(rows.index[:7]) == [
        "Kind",
        "Data",
        "Temperature T",
        "α, the soft term’s part",
        "Seed",
        "Search",
        "Choose on",
    ]
    assert rows["Here"].tolist()[2:7] == ["1, 2, 4, 8, 20", "0, 0.25, 0.5, 0.75, 1", "0-2", "grid", "validation"]
    assert "By default" not in rows, "nothing is otherwise"
    other = Sweep.suited("digits", {"epochs": 7, "folds": 4})
    store.request(other)
    rows = with_column(page(run=other.id), "Here").set_index("Setting")
    assert rows.loc["Folds"].tolist() == ["4", "–"]
    assert rows.index[8] == "Epochs"
    assert rows.loc["Epochs", "By default"] == f"{usual.epochs}"


def test_where_all_is_deleted_it_comes_back(jobs, store):
    runs = [put(store, recipe(seed=seed)) for seed in (0, 1)]
    store.discard([run.id for run in runs])
    at = page()
    assert "All runs are deleted" in html(at)
    assert "Nothing has been trained here yet" not in html(at)
    button(at, "Restore all 2 runs").click().run()
    assert set(listed(at)) == {run.id for run in runs}


def test_the_link_of_a_run_opens_it(jobs, store):
    single = put(store, recipe(temperature=8.0), students=[learnt()])
    put(store, recipe())
    at = page(run=single.id)
    assert at.session_state["runs_table"]["selection"]["rows"] == [1], "its row is ticked"
    figures = with_column(at, "nll")
    assert figures[""].tolist() == ["Teacher", "Distilled", "No teacher"]
    assert figures["right"].tolist() == pytest.approx([98.0, 97.0, 96.4])
    assert "6 fewer errors" in html(at)
    assert "With one seed that is no verdict" in html(at)
    settings = with_column(at, "Here").set_index("Setting")
    assert settings.loc["Temperature T"].tolist() == ["8", "5"]
    assert settings.loc["Epochs", "By default"] == "", "as usual for this data set"
    assert ("Open in “Watch it train”", f"run={single.id}") in links(at)


def test_comparisons_and_sweeps_say_their_verdicts(jobs, store):
    several = put(store, comparison(seeds=(0, 1, 2, 3, 4)))
    at = page(run=several.id)
    assert "better: Offline; no difference shown: Two peers" in html(at)
    assert ("Open in “Three ways to teach”", f"run={several.id}") in links(at)
    swept = put(store, sweep())
    at = page(run=swept.id)
    assert "Chosen on the validation split: T = 4, α = 1. One other cell may be as good." in html(at)
    assert "against no teacher, with fresh seeds: better, +0.60 points (+0.10 to +1.10)" in html(at)
    assert ("Open in “Explorer”", f"run={swept.id}") in links(at)


def test_a_run_without_a_result_says_so(jobs, store):
    failed = put(store, recipe(), status="failed")
    at = page(run=failed.id)
    assert "The worker was lost." in verbatim(at)
    assert "Nothing yet: the run is failed" in html(at)
    assert {each.label for each in at.download_button} == {"Python script", "Everything (.zip)"}


def test_an_unknown_run_is_answered_in_a_sentence(jobs, store):
    put(store, recipe())
    at = page(run="<b>no</b>")
    assert "There is no run &lt;b&gt;no&lt;/b&gt; in this store" in html(at)
    assert "<b>no" not in text(at)


def test_what_people_write_stays_text(jobs, store):
    run = put(store, recipe(), tags=("**t**", "<i>t</i>"), note=NASTY)
    store.annotate(put(store, recipe(seed=1)).id, (), NASTY)
    for query in ({}, {"run": run.id}, {"find": NASTY}, {"tag": "**t**"}):
        at = page(**query)
        assert table(at)["note"].tolist()[-1] == NASTY
        for piece in ("<script", "**bold**", "**t**", "<i>t", "javascript:", "$x^2$", ":material/home", ":red[x]"):
            assert piece not in text(at), (query, piece)
    at = page(run=run.id)
    assert at.text_area(key=f"note_{run.id}").value == NASTY
    assert at.text_input(key=f"tags_{run.id}").value == "**t**, <i>t</i>"
    store.discard([run.id])
    at = page()
    away = next(frame.value for frame in at.dataframe if str(frame.key).startswith("deleted_"))
    assert away["note"].tolist() == [NASTY]
    assert "<script" not in text(at)


def test_tags_and_note_are_kept(jobs, store):
    run = put(store, recipe())
    at = page(run=run.id)
    at.text_input(key=f"tags_{run.id}").set_value(" class 7b , try,, Try ")
    at.text_area(key=f"note_{run.id}").set_value(NASTY)
    button(at, "Save").click().run()
    assert not at.exception
    kept = store.get(run.id)
    assert kept.tags == ("class 7b", "try")
    assert kept.note == NASTY
    assert at.text_input(key=f"tags_{run.id}").value == "class 7b, try", "as they were tidied"
    assert [element.value for element in at.success] == ["Saved."]
    assert list(table(at)["tags"][0]) == ["class 7b", "try"]
    assert set(at.multiselect(key="tag").options) == {"class 7b", "try"}


def test_what_another_page_saved_meanwhile_stays(jobs, store):
    run = put(store, recipe(), tags=("a", "b"), note="before")
    one, other = page(run=run.id), page(run=run.id)
    one.text_area(key=f"note_{run.id}").set_value("of one")
    button(one, "Save").click().run()
    other.text_input(key=f"tags_{run.id}").set_value("b, c")
    button(other, "Save").click().run()
    kept = store.get(run.id)
    assert (kept.tags, kept.note) == (("b", "c"), "of one")
    assert other.text_area(key=f"note_{run.id}").value == "of one"
    one.text_input(key=f"tags_{run.id}").set_value("a, b, d")
    button(one, "Save").click().run()
    assert store.get(run.id).tags == ("b", "c", "d"), "what one took away stays away, what the other added is there"


def test_a_note_that_two_pages_changed_is_not_written_over_unless_it_is_meant(jobs, store):
    run = put(store, recipe(), note="before")
    one, other = page(run=run.id), page(run=run.id)
    for at, note in ((one, "of one"), (other, "of **other**")):
        at.text_area(key=f"note_{run.id}").set_value(note)
    button(one, "Save").click().run()
    button(other, "Save").click().run()
    assert store.get(run.id).note == "of one"
    assert "Somebody has changed the note meanwhile; it says: of one." in verbatim(other)[-1]
    assert other.text_area(key=f"note_{run.id}").value == "of **other**", "what was typed is not lost"
    button(other, "Save").click().run()
    assert store.get(run.id).note == "of **other**"
    assert [element.value for element in other.success] == ["Saved."]


def test_too_many_tags_are_refused_in_a_sentence(jobs, store):
    run = put(store, recipe(), tags=("a",))
    at = page(run=run.id)
    at.text_input(key=f"tags_{run.id}").set_value(",".join(f"tag{number}" for number in range(11)))
    button(at, "Save").click().run()
    assert said(at) == "Nothing was saved."
    assert any(sentence.startswith("A run takes up to 10 tags") for sentence in verbatim(at))
    assert store.get(run.id).tags == ("a",)


def test_several_runs_are_laid_over_one_another(jobs, store):
    first, second = put(store, recipe()), put(store, recipe(temperature=8.0))
    several, swept = put(store, comparison()), put(store, sweep())
    at = page(run=f"{first.id},{second.id},{several.id},{swept.id}")
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    names = [trace["name"] for trace in figure["data"]]
    assert names[:2] == [
        f"{first.id[:6]} · single run, T = 5: distilled",
        f"{first.id[:6]} · single run, T = 5: without a teacher",
    ]
    assert len(names) == len(set(names)) == 2 + 2 + 3 + 2
    assert f"{swept.id[:6]} · grid: T = 4, α = 1" in names
    rows = with_column(at, "Setting").set_index("Setting")
    assert rows.loc["Temperature T"].tolist() == ["5", "8", "5", "1, 4"]
    assert rows.loc["Soft term"].tolist() == ["kl", "kl", "–", "–"]
    assert "Data" not in rows.index, "it is the same in all"
    assert "Delete 4 runs" in buttons(at)
    at.get("button_group")[0].set_value("Share of the training").run()
    figure = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert max(max(trace["x"]) for trace in figure["data"]) == 1


def test_runs_of_one_kind_differ_in_few_settings(jobs, store):
    first, second = put(store, recipe()), put(store, recipe(temperature=8.0))
    at = page(run=f"{first.id},{second.id}")
    assert with_column(at, "Setting")["Setting"].tolist() == ["Temperature T"]


def test_more_runs_than_can_be_told_apart_are_said(jobs, store):
    ids = [put(store, recipe(seed=seed)).id for seed in range(7)]
    at = page(run=",".join(ids))
    assert "Drawn are the first 6 of 7." in text(at)
    assert len(json.loads(at.get("plotly_chart")[0].proto.spec)["data"]) == 12


def test_another_s_run_is_not_deleted_nor_trained_anew_and_the_page_says_who_may(jobs, store, visiting):
    run = put(store, recipe())  # of nobody's browser
    visiting("b")
    at = page(run=run.id)
    button(at, "Delete").click().run()
    assert "Nothing was deleted." in said(at)
    assert "whoever started it may delete that run, and so may the presenter" in verbatim(at)[0]
    button(at, "Train it once more").click().run()
    assert "may train it anew" in " ".join(verbatim(at))
    assert listed(at) == [run.id]
    visiting("b", presenter=True)
    button(page(run=run.id), "Delete").click().run()
    assert not store.recent()


def test_the_presenter_alone_holds_the_queue_and_empties_the_bin(jobs, store, visiting):
    store.discard([put(store, recipe(seed=1)).id])
    store.request(recipe())
    visiting("b")
    assert not {"Hold the queue", "Empty the bin"} & buttons(page())
    visiting("t", presenter=True)
    at = page()
    button(at, "Hold the queue").click().run()
    assert jobs.held
    button(at, "Let the queue go on").click().run()
    assert not jobs.held
    button(at, "Empty the bin").click().run()
    assert not at.exception
    assert not store.discarded()
    assert "Empty the bin" not in buttons(at)


def test_deleted_runs_come_back_with_undo(jobs, store):
    first, second, third = (put(store, recipe(seed=seed)) for seed in range(3))
    at = page(run=f"{first.id},{second.id}")
    button(at, "Delete 2 runs").click().run()
    assert listed(at) == [third.id]
    assert "run" not in at.query_params
    assert "Two runs deleted." in text(at)
    at.multiselect(key="kind").set_value(["single run"]).run()
    assert "Two runs deleted." in text(at), "it stays"
    button(at, "Undo").click().run()
    assert listed(at) == [third.id, second.id, first.id]
    assert set(at.query_params["run"].split(",")) == {first.id, second.id}
    assert "deleted." not in text(at)
    assert store.discarded() == []


def test_another_deletion_leaves_the_first_in_the_list(jobs, store):
    first, second = put(store, recipe()), put(store, recipe(seed=1))
    at = page(run=first.id)
    button(at, "Delete").click().run()
    at.query_params["run"] = second.id
    at.run()
    button(at, "Delete").click().run()
    assert "One run deleted." in text(at)
    assert [each.label for each in at.expander][-1] == "Deleted runs (2)"
    button(at, "Undo").click().run()
    assert listed(at) == [second.id]
    away = next(frame for frame in at.dataframe if str(frame.key).startswith("deleted_"))
    assert away.value["run"].tolist() == [first.id]
    assert button(at, "Restore").disabled, "nothing is ticked"
    at.session_state[away.key] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    at.run()
    button(at, "Restore").click().run()
    assert listed(at) == [second.id, first.id]


def test_the_link_of_a_deleted_run_offers_to_restore_it(jobs, store):
    run = put(store, recipe())
    store.discard([run.id])
    at = page(run=run.id)
    assert f"Run {run.id} was deleted." in verbatim(at)
    button(at, "Restore it").click().run()
    assert listed(at) == [run.id]


def test_a_live_run_cannot_be_deleted(jobs, store):
    live, over = put(store, recipe(), status="running"), put(store, recipe(seed=1))
    at = page(run=f"{live.id},{over.id}")
    assert button(at, "Delete 2 runs").disabled
    assert "cancel it first" in button(at, "Delete 2 runs").help
    at = page(run=over.id)
    delete = button(at, "Delete")
    assert not delete.disabled
    jobs.newer[over.id] = over.model_copy(update={"status": "running"})  # somebody started it again meanwhile
    delete.click().run()
    assert said(at) == "Nothing was deleted."
    assert f"Run {over.id} is running: cancel it first, on its own page." in verbatim(at)
    assert store.discarded() == []


def test_live_runs_say_how_far_they_are(jobs, store):
    live = put(store, recipe(), status="running")
    store.append(live.id, progress(recipe(), reports=4)[1:2], 9)
    store.request(recipe(seed=1))
    at = page()
    lines = [element.proto.text for element in at.get("progress")]
    assert f"Single run {live.id} on digits · 50\u00a0% · 2 s left" in lines
    assert any(line.endswith("waiting for 1 run before it") for line in lines)
    assert ("Look", f"run={live.id}") in links(at)
    assert set(table(at)["status"]) == {"running", "queued"}


def test_the_files_of_a_run(jobs, store, files):
    run = put(store, recipe(), note=NASTY, students=[learnt()])
    at = page(run=run.id)
    assert not at.exception
    name = f"kdviz-digits-{run.id}"
    expected = {"csv", "parquet", "json", "py", "zip", "distilled.safetensors", "distilled.md", "distilled.html"}
    assert set(files) == {f"{name}.{ending}" for ending in expected}
    assert files[f"{name}.csv"]().startswith(b"run_id,")
    assert json.loads(files[f"{name}.json"]())["note"] == NASTY
    assert files[f"{name}.parquet"]()[:4] == b"PAR1"
    compile(files[f"{name}.py"](), "script", "exec")
    assert files[f"{name}.distilled.safetensors"]() == learnt().weights
    assert b"784-30-30-10" in files[f"{name}.distilled.md"]()
    unpacked = bundles.unpack(files[f"{name}.zip"]())
    assert unpacked.run.note == NASTY
    assert [each.name for each in unpacked.students] == ["distilled"]


def test_onnx_is_made_on_a_worker_when_it_is_asked_for(jobs, store, files):
    run = put(store, recipe(), students=[learnt()])
    at = page(run=run.id)
    assert not jobs.calls
    button(at, "Prepare ONNX").click().run()
    ((function, (argument,), future),) = jobs.calls.values()
    assert function == "kdviz.engine.onnx_files:make"
    assert json.loads(argument)["architecture"] == "784-30-30-10"
    assert button(at, "Preparing ONNX …").disabled
    future.set_result(base64.b64encode(b"a network").decode())
    at.run()
    assert files[f"kdviz-digits-{run.id}.distilled.onnx"]() == b"a network"


def test_a_compressed_student_is_offered_with_its_own_files_and_the_lines_that_load_them(jobs, store, files):
    run = put(store, recipe(), students=[learnt()])
    store.keep_compressed(run.id, smaller())
    at = page(run=run.id)
    assert at.selectbox(key="student_to_export").options == ["distilled", smaller().learnt.name]
    assert not any("torchao" in block.value for block in at.code)
    at.selectbox(key="student_to_export").select(smaller().learnt.name).run()
    name = f"kdviz-digits-{run.id}.{smaller().learnt.name}"
    assert f"{name}.html" in files
    assert f"{name}.md" not in files
    assert any("import torchao  # its quantised tensors" in block.value for block in at.code)
    button(at, "Prepare PyTorch").click().run()
    ((function, arguments, future),) = jobs.calls.values()
    assert function == "kdviz.engine.compression.files:make"
    assert arguments[1:] == ("pytorch", "digits")
    future.set_result(base64.b64encode(b"a state").decode())
    at.run()
    assert files[f"{name}.pt"]() == b"a state"


def test_who_chooses_and_clicks_before_the_page_follows_gets_what_was_chosen(jobs, store):
    run = put(store, recipe(), students=[learnt()])
    store.keep_compressed(run.id, smaller())
    at = page(run=run.id)
    at.selectbox(key="student_to_export").select(smaller().learnt.name)
    button(at, "Prepare ONNX").click().run()  # both in one message to the server
    ((function, (made, *_), _),) = jobs.calls.values()
    assert function == "kdviz.engine.compression.files:make"
    assert json.loads(made)["learnt"]["name"] == smaller().learnt.name


def test_onnx_that_cannot_be_made_says_why(jobs, store):
    run = put(store, recipe(), students=[learnt()])
    at = page(run=run.id)
    button(at, "Prepare ONNX").click().run()
    ((_, _, future),) = jobs.calls.values()
    future.set_exception(JobError("The worker was lost."))
    at.run()
    assert "The worker was lost." in verbatim(at)
    button(at, "Try ONNX again").click().run()
    assert "Preparing ONNX …" in buttons(at)


def unfolded(run):
    """The run's page with the place for smaller students open."""
    at = page(run=run.id)
    at.session_state["smaller"] = True
    return at.run()


def test_a_student_is_made_smaller_on_a_worker_and_kept_whoever_waits(jobs, store):
    run = put(store, recipe(temperature=4.0, alpha=0.8), students=[learnt()])
    at = unfolded(run)
    button(at, "Make it smaller").click().run()
    ((function, arguments, future),) = jobs.calls.values()
    assert function == "kdviz.runners.compression:make"
    assert all(jobs.alone.values())
    student, single, temperature, alpha, settings, teacher = arguments
    assert TrainedStudent.model_validate_json(student) == learnt()
    assert Recipe.model_validate_json(single) == run.recipe
    assert (temperature, alpha, teacher) == (4.0, 0.8, None)
    wanted = Compression(prune=0.5, structured=True, quantize="int8", finetune="soft")
    assert Compression.model_validate_json(settings) == wanted
    assert button(at, "Making it smaller …").disabled
    future.set_result(smaller().model_dump_json())
    assert store.compressed(run.id) == [smaller()]  # before the page asks
    at.run()
    assert "Make it smaller" in buttons(at)
    assert list(with_column(at, "kB")["network"]) == ["distilled", smaller().learnt.name]


def test_who_sets_and_clicks_before_the_page_follows_gets_what_was_set(jobs, store):
    at = unfolded(put(store, recipe(), students=[learnt()]))
    at.number_input(key="smaller_epochs").set_value(5)
    button(at, "Make it smaller").click().run()  # both in one message to the server
    ((_, arguments, _),) = jobs.calls.values()
    assert Compression.model_validate_json(arguments[4]).epochs == 5


def test_what_cannot_be_made_smaller_says_why_and_may_be_asked_for_again(jobs, store):
    error = JobError("The run's teacher is not kept on this machine, so it cannot teach again; labels can.")
    run = put(store, recipe(), students=[learnt()])
    at = unfolded(run)
    button(at, "Make it smaller").click().run()
    ((_, _, future),) = jobs.calls.values()
    future.set_exception(error)
    at.run()
    assert str(error) in verbatim(at)
    assert store.compressed(run.id) == []
    assert not button(at, "Make it smaller").disabled


def test_what_cannot_be_kept_says_so(jobs, store, monkeypatch):
    run = put(store, recipe(), students=[learnt()])
    at = unfolded(run)
    button(at, "Make it smaller").click().run()
    ((_, _, future),) = jobs.calls.values()
    store.restart(run.recipe)
    future.set_result(smaller().model_dump_json())
    assert store.compressed(run.id) == []
    (order,) = run_smaller.orders().values()
    assert f"Run {run.id} was deleted or trained anew meanwhile" in str(order.kept.exception())
    ended = put(store, recipe(seed=8), students=[learnt()])
    assert unfolded(ended).button  # and another run's page is not held up by it
    monkeypatch.setattr(store, "student", lambda *_: None)
    at = unfolded(ended)
    button(at, "Make it smaller").click().run()
    assert f"The student distilled of run {ended.id} is not kept any more." in verbatim(at)


def test_a_visitor_has_one_student_made_smaller_at_a_time_and_none_while_the_queue_is_held(jobs, store, visiting):
    visiting("a", presenter=True)  # in several tabs
    one, other = (put(store, recipe(seed=seed), students=[learnt()]) for seed in (1, 2))
    button(unfolded(one), "Make it smaller").click().run()
    assert "Making it smaller …" in buttons(unfolded(one))  # after a reload, too
    waiting = button(unfolded(other), "Make it smaller")
    assert waiting.disabled
    assert f"A student of run {one.id} is being made smaller" in waiting.help
    ((_, _, future),) = jobs.calls.values()
    future.set_result(smaller().model_dump_json())
    assert not button(unfolded(other), "Make it smaller").disabled
    jobs.held = True
    assert "holds the queue" in button(unfolded(other), "Make it smaller").help


def test_nothing_to_do_makes_nothing_smaller(jobs, store):
    at = unfolded(put(store, recipe(), students=[learnt()]))
    for name in ("smaller_way", "smaller_learns", "smaller_scheme"):
        at.selectbox(key=name).select("none").run()
    assert button(at, "Make it smaller").disabled


def test_only_who_started_a_run_makes_its_student_smaller(jobs, store, visiting):
    visiting("b")
    at = unfolded(put(store, recipe(), students=[learnt()]))
    assert button(at, "Make it smaller").disabled
    assert "whoever started it may make its student smaller" in button(at, "Make it smaller").help


def test_a_run_without_students_can_be_trained_once_more(jobs, store):
    run = put(store, recipe(), tags=("keep",), note="me")
    at = page(run=run.id)
    assert "None of its students is kept" in text(at)
    button(at, "Train it once more").click().run()
    assert not at.exception
    assert jobs.submitted == [run.recipe]
    again = store.get(run.id)
    assert again.status == "queued"
    assert (again.tags, again.note) == (("keep",), "me")


def test_training_once_more_leaves_alone_what_another_visitor_began(jobs, store, monkeypatch):
    run = put(store, recipe())
    at = page(run=run.id)
    monkeypatch.setitem(jobs.newer, run.id, run.model_copy(update={"status": "running"}))
    button(at, "Train it once more").click().run()
    assert not at.exception
    assert store.get(run.id).created == run.created, "deleted and made anew"


def test_training_once_more_that_cannot_be_noted_down_loses_nothing(jobs, store, monkeypatch):
    run = put(store, recipe(), tags=("keep",))
    at = page(run=run.id)

    def locked(*_):
        raise StoreError("The run store is locked.")

    monkeypatch.setattr(sa, "delete", locked)
    button(at, "Train it once more").click().run()
    monkeypatch.undo()
    assert not jobs.submitted
    assert store.get(run.id) == run
    assert store.count(run.id) == 8


def test_a_bundle_brings_a_run(jobs, store, files):
    run = put(store, recipe(), note=NASTY, students=[learnt()])
    page(run=run.id)
    content = files[f"kdviz-digits-{run.id}.zip"]()
    store.delete(run.id)
    at = page()
    at.file_uploader[0].set_value(("../../<b>.zip", content, "application/zip")).run()
    assert not at.exception
    (brought,) = store.recent()
    assert listed(at) == [brought.id]
    assert brought.imported
    assert list(table(at)["status"]) == ["imported"]
    assert at.query_params["run"] == brought.id
    assert any("Imported from a file" in line for line in verbatim(at))
    assert brought.note == NASTY
    assert store.students(brought.id) == ["distilled"]
    assert at.file_uploader[0].value is None, "ready for the next"
    own = put(store, recipe())
    at = page(run=f"{brought.id},{own.id}")
    assert f"imported {brought.id[9:15]}: what a file says, trained elsewhere." in text(at)
    assert listed(page(status="imported")) == [brought.id]


def test_a_visitor_imports_as_many_runs_as_they_may_keep(jobs, store, files, visiting, monkeypatch):
    run = put(store, recipe(), students=[learnt()])
    page(run=run.id)
    content = files[f"kdviz-digits-{run.id}.zip"]()
    store.delete(run.id)
    monkeypatch.setenv("KDVIZ_MOST_KEPT", "1")
    visiting("b")
    at = page()
    at.file_uploader[0].set_value(("x.zip", content, "application/zip")).run()
    assert [each.visitor for each in store.recent()] == ["b"], "whoever brings it may delete it"
    at.file_uploader[0].set_value(("y.zip", content, "application/zip")).run()
    assert "Nothing was imported." in said(at)
    assert any("You have 1 run here; a visitor may keep 1." in each for each in verbatim(at))


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_a_bad_bundle_is_refused_whole(jobs, store, content):
    put(store, recipe())
    at = page()
    at.file_uploader[0].set_value(("x.zip", content, "application/zip")).run()
    assert not at.exception
    assert "Nothing was imported." in said(at)
    assert len(verbatim(at)) == 1
    assert verbatim(at)[0].endswith(".")
    assert len(listed(at)) == 1


def test_forty_runs_are_all_there(jobs, store):
    for seed in range(40):
        put(store, recipe(seed=seed))
    assert len(listed(page())) == 40


def test_the_tick_follows_its_run(jobs, store):
    run = put(store, recipe())
    at = page(run=run.id)
    assert at.session_state["runs_table"]["selection"]["rows"] == [0]
    put(store, recipe(seed=1))
    at.run()
    assert at.session_state["runs_table"]["selection"]["rows"] == [1], "a new run above it"
    assert at.query_params["run"] == run.id


def test_a_link_with_many_ids_is_cut(jobs, store):
    at = page(run=",".join(f"{number:012x}" for number in range(60)))
    assert html(at).count("There is no run") == run_table.MOST_TICKED


def with_study(store, study):
    """A lesson's study, finished."""
    store.request(study)
    store.begin(study.id)
    store.finish(study.id, studied(study))
    return store.get(study.id)


def test_a_lesson_s_study_has_a_card_and_a_way_to_its_lesson(store, jobs, files):
    run = with_study(store, FEW)
    at = page(run=run.id)
    assert table(at)["who"][0] == "few-labels: 2 better"
    assert list(with_column(at, "Verdict")["Verdict"]) == ["", "better", "better"]
    assert with_column(at, "By default")["By default"].iloc[-1] in ("all", "0-4", "")
    assert "Right on the test images: of two comparisons, all are better." in text(at)
    assert "keeps its figures, not its students" in text(at)
    assert any("study=few-labels" in query and f"run={run.id}" in query for _, query in links(at))
    assert {name.split(".", 1)[1] for name in files} == {"csv", "parquet", "json", "py", "zip"}


def test_studies_have_no_curves_to_lay_over_one_another(store, jobs):
    runs = [with_study(store, FEW), with_study(store, Study.of("few-labels", "digits", seeds="0-1", arms="all-20"))]
    at = page(run=",".join(run.id for run in runs))
    assert "A lesson’s study has no curve to lay over others" in text(at)
    assert not at.get("plotly_chart")
    assert set(with_column(at, "Setting")["Setting"]) == {"Seed", "Arms"}


def test_the_list_shows_only_studies_where_they_are_asked_for(store, jobs):
    put(store, recipe())
    run = with_study(store, FEW)
    assert listed(page(kind="study")) == [run.id]
