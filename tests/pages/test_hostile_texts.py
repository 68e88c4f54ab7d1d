"""What comes from runs, files and errors is text on every page: nothing in it is Markdown, HTML or a server's path."""

from types import SimpleNamespace

import pytest

from kdviz.jobs.queue import JobError
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Sweep
from kdviz.store.runs import RunStore
from kdviz.widgets import server
from tests.samples.app_pages import opened, said
from tests.samples.fake_training import result
from tests.samples.markup import HOSTILE, hostile_markup

PAGES = {"watch_it_train": Recipe, "three_ways": Comparison, "explorer": Sweep}


@pytest.mark.parametrize("page", PAGES)
def test_why_a_run_failed_and_what_cannot_be_stored(stored, page):
    recipe = PAGES[page].suited("digits")
    jobs = stored(recipe, "failed")
    (run,) = jobs.runs.values()
    jobs.runs[run.id] = run.model_copy(update={"message": f"{HOSTILE} in /srv/secret/place/run.bin"})
    jobs.trouble = f"{run.id} {HOSTILE}"
    at = opened(f"pages/{page}.py", run=run.id)
    assert not hostile_markup(at)
    assert f"{HOSTILE} in run.bin" in said(at)
    assert f"{run.id} {HOSTILE}" in said(at)


def test_the_machine_of_a_result(stored):
    recipe = Recipe.suited("digits")
    jobs = stored(recipe, result=result(recipe, 3.0).model_copy(update={"device": HOSTILE, "torch": HOSTILE}))
    at = opened("pages/watch_it_train.py", run=recipe.id)
    assert not hostile_markup(at)
    assert jobs.runs


@pytest.mark.parametrize("page", ["soft_targets", "explorer", "why_distil"])
def test_what_a_worker_says(jobs, monkeypatch, page):
    def call(*_, **__):
        raise JobError(f"There is nothing in /srv/secret/place, and the network gave {HOSTILE}.")

    future = SimpleNamespace(done=lambda: True, result=call, exception=call)
    monkeypatch.setattr(jobs, "call", lambda *_, **__: future)
    at = opened(f"pages/{page}.py", data="mnist", seeds="5" if page == "explorer" else None)  # estimates are kept
    assert not hostile_markup(at)
    assert "/srv/secret" not in str(at._tree)


def test_tags_notes_and_results_in_the_list(jobs, monkeypatch, tmp_path):
    store = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    monkeypatch.setattr(server, "store", lambda: store)
    ids = []
    for seed in range(3):
        recipe = Recipe.suited("digits", {"seed": seed})
        store.request(recipe)
        store.begin(recipe.id)
        store.finish(recipe.id, result(recipe, 3.0).model_copy(update={"device": HOSTILE, "torch": HOSTILE}))
        store.annotate(recipe.id, [HOSTILE[:40]], HOSTILE)
        jobs.runs[recipe.id] = store.get(recipe.id)
        ids.append(recipe.id)
    store.discard(ids[:1])
    for named in (ids[0], ids[1], ",".join(ids[1:])):
        assert not hostile_markup(opened("pages/runs.py", run=named, find=HOSTILE[:5], tag=HOSTILE[:40]))
    store.close()
