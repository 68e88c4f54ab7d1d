"""Who may stop, delete and train anew a run: whoever started it and the presenter; looked at where it is done."""

import sqlite3
from datetime import UTC, datetime

import pytest

from kdviz.recipes.single import Recipe
from kdviz.store.rights import OPERATOR, RightsError, Visitor, mark_of
from kdviz.store.run import Run
from kdviz.store.runs import RunStore

ANNA, BEN, TEACHER = Visitor(mark_of("anna")), Visitor(mark_of("ben")), Visitor(mark_of("t"), presenter=True)


def run_of(who):
    recipe = Recipe()
    return Run(id=recipe.id, recipe=recipe, status="running", created=datetime.now(UTC), visitor=who.mark)


@pytest.fixture
def store(tmp_path):
    made = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("who", "of", "may"),
    [
        (ANNA, ANNA, True),
        (BEN, ANNA, False),
        (TEACHER, ANNA, True),
        (OPERATOR, ANNA, True),
        (ANNA, OPERATOR, False),  # one that no browser started, as those of before
        (TEACHER, OPERATOR, True),
        (OPERATOR, OPERATOR, True),
        (Visitor(), OPERATOR, False),  # nobody is not the nobody who started it
        (ANNA, TEACHER, False),
    ],
)
def test_a_run_is_of_whoever_started_it_and_of_the_presenter(who, of, may):
    assert who.may(run_of(of)) is may
    if not may:
        with pytest.raises(
            RightsError, match=r"not started in this browser: whoever started it may cancel it, and so "
        ):
            who.must(run_of(of), "cancel it")


def test_the_store_knows_who_started_a_run_and_not_the_id_in_their_browser(store, tmp_path):
    run = store.request(Recipe(), ANNA)
    assert run.visitor == ANNA.mark
    assert store.request(Recipe(seed=1)).visitor == ""
    assert store.request(Recipe(), BEN).visitor == ANNA.mark, "whoever joins a run does not take it over"
    store.close()
    assert b"anna" not in (tmp_path / "runs.sqlite").read_bytes()
    assert "visitor" not in run.model_dump(mode="json"), "no part of what is exported"


def test_a_run_that_is_begun_anew_is_of_whoever_did(store):
    run = store.request(Recipe(), ANNA)
    store.cancel(run.id)
    assert store.request(Recipe(), BEN).visitor == BEN.mark


def test_only_whoever_started_it_and_the_presenter_delete_a_run(store):
    runs = [store.request(Recipe(seed=seed), who) for seed, who in enumerate((ANNA, BEN))]
    for run in runs:
        store.cancel(run.id)
    ids = [run.id for run in runs]
    with pytest.raises(RightsError, match=rf"^Run {runs[1].id} .* may delete that run"):
        store.discard(ids, ANNA)
    assert not store.discarded(), "all of them or none"
    store.discard(ids[:1], ANNA)
    store.discard(ids[1:], TEACHER)
    assert len(store.discarded()) == 2


def test_only_the_presenter_empties_the_bin(store):
    run = store.request(Recipe(), ANNA)
    store.cancel(run.id)
    store.discard([run.id], ANNA)
    assert store.kept_of(ANNA) == 0
    with pytest.raises(RightsError, match=r"^Only the presenter empties the bin: .*\?presenter= and the key"):
        store.empty_bin(ANNA)
    store.empty_bin(TEACHER)
    assert not store.discarded()
    assert store.get(run.id) is None


def test_results_of_another_s_run_are_not_trained_away(store):
    run = store.request(Recipe(), ANNA)
    store.cancel(run.id)
    with pytest.raises(RightsError, match="may train it anew"):
        store.restart(Recipe(), BEN)
    assert store.get(run.id).status == "cancelled"
    assert store.restart(Recipe(), ANNA).status == "queued"


def test_a_database_of_before_gets_what_came_later(tmp_path):
    path = tmp_path / "runs.sqlite"
    store = RunStore(f"sqlite:///{path}")
    kept = store.request(Recipe())
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("alter table runs drop column visitor")
    connection.close()
    store = RunStore(f"sqlite:///{path}")
    assert store.get(kept.id).visitor == ""
    assert store.request(Recipe(seed=1), ANNA).visitor == ANNA.mark
    store.close()
