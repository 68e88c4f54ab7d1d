"""What the queue allows whom, and whose turn it is: against a connection that carries nothing out."""

import time

import pytest

from kdviz.jobs.limits import LimitError, Limits, epochs_of, students_of
from kdviz.jobs.messages import TaskOutcome
from kdviz.jobs.turns import in_turns
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.openings import OPENINGS
from kdviz.recipes.single import Recipe
from kdviz.recipes.study import Study
from kdviz.recipes.sweep import Sweep
from kdviz.store.rights import OPERATOR, RightsError, Visitor
from kdviz.store.runs import RunStore
from tests.samples.fake_training import result

ANNA, BEN, TEACHER = Visitor("a"), Visitor("b"), Visitor("t", presenter=True)


@pytest.fixture
def store(tmp_path):
    made = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield made
    made.close()


@pytest.fixture
def server(make, store):
    return make(store)


def asked(jobs, who, *seeds):
    return [jobs.submit(Recipe(seed=seed), who) for seed in seeds]


@pytest.mark.parametrize("action", ["pause", "resume", "cancel"])
def test_another_s_run_is_left_alone(server, action):
    jobs = server.jobs
    (run,) = asked(jobs, ANNA, 1)
    server.connection.told.clear()
    with pytest.raises(RightsError, match=rf"^Run {run.id} was not started in this browser"):
        getattr(jobs, action)(run.id, BEN)
    assert jobs.get(run.id).live
    assert not server.connection.told
    for who in (ANNA, TEACHER):
        assert getattr(jobs, action)(run.id, who) is not None


def until(condition):
    """What the writer of a server does meanwhile."""
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_two_servers_on_one_store_both_pause_and_cancel_a_run(make, store, tmp_path):
    trains, other = make(store), make(RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}"))
    (run,) = asked(trains.jobs, ANNA, 1)
    (key, _), *_ = trains.connection.ordered
    with pytest.raises(RightsError):
        other.jobs.cancel(run.id, BEN)
    assert other.jobs.pause(run.id, ANNA).live
    assert other.jobs.get(run.id).wish == "pause", "that it was asked for is seen until it is done"
    until(lambda: (key, "pause") in trains.connection.told)
    until(lambda: other.jobs.get(run.id).wish == "")
    other.jobs.resume(run.id, ANNA)
    until(lambda: (key, "go") in trains.connection.told)
    other.jobs.cancel(run.id, ANNA)
    until(lambda: other.jobs.get(run.id).status == "cancelled")
    assert (key, "cancel") in trains.connection.told


def test_what_a_lost_server_was_at_goes_on_at_another_by_itself_and_once(make, store, tmp_path, monkeypatch):
    monkeypatch.setattr("kdviz.jobs.queue._LOOK", 0.05)
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    lost = make(store)
    of_visitors, of_command_line = asked(lost.jobs, ANNA, 1, 2), asked(lost.jobs, OPERATOR, 3)
    lost.jobs.close()  # as after SILENCE without a heartbeat
    heir = make(RunStore(url))
    heir.jobs.start()
    until(lambda: all(heir.jobs.get(run.id).live for run in of_visitors))
    assert began(heir) == [1]
    run = heir.jobs.get(of_visitors[0].id)
    assert run.message == "The server that trained it was lost or ended; the run goes on by itself."
    assert run.visitor == ANNA.mark
    assert heir.jobs.get(of_command_line[0].id).status == "interrupted", "whoever sits there starts it again"
    heir.jobs.close()
    third = make(RunStore(url))
    third.jobs.start()
    time.sleep(0.7)  # the writer has looked several times
    assert third.jobs.get(run.id).status == "interrupted", "once"
    assert asked(third.jobs, ANNA, 1)[0].status == "queued"


def test_a_run_that_was_lost_long_ago_or_deleted_stays_as_it_is(store, tmp_path, monkeypatch):
    other = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    first, second = (store.request(Recipe(seed=seed), ANNA).id for seed in (1, 2))
    store.release([first, second])
    assert other.orphans() == [first, second]
    other.discard([first])
    assert other.orphans() == [second]
    assert other.take_over(second, "on") is not None
    assert other.take_over(second, "on") is None
    third = store.request(Recipe(seed=3), ANNA).id
    store.release([third])
    monkeypatch.setattr("kdviz.store.runs.HOUR", 5.0)
    assert other.orphans() == []


def test_what_a_lost_cluster_was_at_is_ordered_again_once(server):
    jobs = server.jobs
    (run,) = asked(jobs, ANNA, 1)
    lost = TaskOutcome(refusal="The training cluster was lost.", lost=True)
    server.connection.ordered[-1][1](lost)
    assert began(server) == [1, 1]
    assert jobs.get(run.id).live
    assert jobs.get(run.id).message == "The training cluster was lost; the run goes on by itself."
    server.connection.ordered[-1][1](lost)
    assert began(server) == [1, 1]
    assert (jobs.get(run.id).status, jobs.get(run.id).message) == ("failed", "The training cluster was lost.")


def test_another_s_run_of_another_server_is_no_more_to_be_had(make, store, tmp_path):
    other = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    run = other.request(Recipe(), ANNA)
    with pytest.raises(RightsError):
        make(store).jobs.cancel(run.id, BEN)
    other.close()


def began(server):
    """The seeds of the runs that were ordered, in order."""
    by_id = {Recipe(seed=seed).id: seed for seed in range(100)}
    return [by_id[key.split("-")[1]] for key, _ in server.connection.ordered]


def end_one(server):
    """The run that is at it ends; the next one gets the worker."""
    _, ended = server.connection.ordered[-1]
    ended(TaskOutcome(refusal="over"))


def test_visitors_take_turns(server):
    jobs = server.jobs
    asked(jobs, ANNA, 1, 2, 3, 4, 5)
    asked(jobs, BEN, 11, 12)
    asked(jobs, TEACHER, 21)
    assert jobs.in_line(BEN) == (5, 6)
    waiting = jobs.submit(Recipe(seed=13), BEN)
    ahead = [run.recipe.seed for run in jobs.ahead(waiting.id)]
    for _ in range(8):
        end_one(server)
    order = began(server)
    assert order == [1, 11, 21, 2, 12, 3, 13, 4, 5]
    assert ahead == [1, 11, 21, 2, 12, 3], "what was said of the turn holds"


def test_a_new_visitor_comes_next(server):
    jobs = server.jobs
    asked(jobs, ANNA, *range(1, 6))
    end_one(server)
    assert jobs.in_line(BEN) == (3, 1)
    asked(jobs, BEN, 50)
    end_one(server)
    assert began(server) == [1, 2, 50]


def test_a_visitor_s_runs_keep_their_order():
    assert in_turns([("a", 1), ("a", 2), ("b", 3), ("a", 4), ("b", 5)], {"a": 7}) == [3, 1, 5, 2, 4]
    assert in_turns([("", 1), ("", 2)], {}) == [1, 2]


def test_the_presenter_holds_the_queue(server):
    jobs = server.jobs
    asked(jobs, ANNA, 1, 2)
    with pytest.raises(RightsError, match=r"^Only the presenter holds the queue: the presenter opens"):
        jobs.hold(True, BEN)
    jobs.hold(True, TEACHER)
    end_one(server)
    assert began(server) == [1]
    jobs.hold(False, TEACHER)
    assert began(server) == [1, 2]


def test_a_visitor_may_have_so_many_runs_waiting_and_the_presenter_any(server, monkeypatch):
    monkeypatch.setenv("KDVIZ_MOST_WAITING", "2")
    jobs = server.jobs
    asked(jobs, ANNA, 1, 2, 3)  # one has begun
    with pytest.raises(LimitError, match=r"^You have 2 runs waiting; a visitor may have 2 waiting here\. Cancel one"):
        asked(jobs, ANNA, 4)
    assert asked(jobs, ANNA, 3)[0].status == "queued", "to look at what is there is never too much"
    asked(jobs, BEN, 11, 12)
    asked(jobs, TEACHER, *range(20, 30))
    monkeypatch.setenv("KDVIZ_MOST_WAITING", "many")
    with pytest.raises(LimitError, match=r"^KDVIZ_MOST_WAITING is many; it takes a whole number"):
        asked(jobs, ANNA, 5)


def test_to_train_anew_what_is_finished_counts_as_a_run_that_waits(server, store, monkeypatch):
    monkeypatch.setenv("KDVIZ_MOST_WAITING", "0")
    run = store.request(Recipe(seed=1), ANNA)
    store.begin(run.id)
    store.finish(run.id, result(run.recipe, 1.0))
    assert asked(server.jobs, ANNA, 1)[0].status == "finished"
    with pytest.raises(LimitError, match=r"^You have 0 runs waiting"):
        server.jobs.submit(run.recipe, ANNA, anew=True)
    monkeypatch.setenv("KDVIZ_MOST_WAITING", "1")
    with pytest.raises(RightsError, match="may train it anew"):
        server.jobs.submit(run.recipe, BEN, anew=True)
    assert store.get(run.id).status == "finished"


def test_a_visitor_may_keep_so_many_runs(server, store, monkeypatch):
    monkeypatch.setenv("KDVIZ_MOST_KEPT", "2")
    jobs = server.jobs
    runs = asked(jobs, ANNA, 1, 2)
    with pytest.raises(LimitError, match=r"^You have 2 runs here; a visitor may keep 2\."):
        asked(jobs, ANNA, 3)
    jobs.cancel(runs[1].id, ANNA)
    asked(jobs, ANNA, 2)  # one of them begins anew
    jobs.cancel(runs[1].id, ANNA)
    while store.get(runs[1].id).live:
        time.sleep(0.01)
    store.discard([runs[1].id], ANNA)
    asked(jobs, ANNA, 3)


@pytest.mark.parametrize(
    ("recipe", "students", "epochs"),
    [
        (Recipe(epochs=7), 2, 14),
        (Comparison(methods=("plain", "offline", "mutual"), seeds=(0, 1), epochs=5), 6, 30),
        (Sweep(temperatures=(1, 2), alphas=(0, 0.5), seeds=(0, 1, 2), epochs=4), 9, 36),
        (Study.of("few-labels", "digits", seeds=(0, 1), arms="all-20,own-20"), 6, 0),
    ],
)
def test_a_run_has_a_size(recipe, students, epochs):
    assert (students_of(recipe), epochs_of(recipe)) == (students, epochs)


def test_a_visitor_s_run_may_be_so_large():
    large = Sweep(temperatures=(1, 2, 4, 8), alphas=(0.5, 1), seeds=(0, 1, 2), epochs=10)  # 27 students
    with pytest.raises(LimitError, match=r"^This would train 27 students; a visitor’s run may train up to 20 here\.$"):
        Limits(students=20).check(large, 0, 0)
    with pytest.raises(
        LimitError, match=r"^This would train for 270 epochs, .*; a visitor’s run may take up to 200 here\.$"
    ):
        Limits(epochs=200).check(large, 0, 0)
    Limits(students=27, epochs=270).check(large, 4, 99)


@pytest.mark.parametrize("opening", OPENINGS.values())
def test_what_pages_open_with_is_never_too_large(opening):
    for data in ("mnist", "digits"):
        Limits().check(opening(data), 0, 0)
