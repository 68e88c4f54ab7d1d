"""What the queue allows whom, and whose turn it is: against a connection that carries nothing out."""

from types import SimpleNamespace

import pytest

from kdviz.jobs.queue import ClusterState, Jobs
from kdviz.recipes.single import Recipe
from kdviz.store.rights import RightsError, Visitor
from kdviz.store.runs import RunStore

ANNA, BEN, TEACHER = Visitor("a"), Visitor("b"), Visitor("t", presenter=True)


@pytest.fixture
def store(tmp_path):
    made = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield made
    made.close()


class Idle:
    """A cluster with one worker that never says anything: what it was ordered is `ordered`."""

    def __init__(self):
        self.state = ClusterState(phase="ready", workers=1)
        self.ordered, self.told = [], []

    def train(self, key, order, ended):
        self.ordered.append((key, ended))

    def tell(self, key, wish):
        self.told.append((key, wish))

    def close(self):
        pass


@pytest.fixture
def make(monkeypatch):
    made = []

    def make(store):
        connection = Idle()
        monkeypatch.setattr("kdviz.jobs.queue.Connection", lambda *given: connection)
        jobs = Jobs(store)
        made.append(jobs)
        return SimpleNamespace(jobs=jobs, connection=connection)

    yield make
    for jobs in made:
        jobs.close()


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
    with pytest.raises(RightsError, match=f"^Run {run.id} was not started in this browser"):
        getattr(jobs, action)(run.id, BEN)
    assert jobs.get(run.id).live
    assert not server.connection.told
    for who in (ANNA, TEACHER):
        assert getattr(jobs, action)(run.id, who) is not None


def test_another_s_run_of_another_server_is_no_more_to_be_had(make, store, tmp_path):
    other = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    run = other.request(Recipe(), ANNA)
    with pytest.raises(RightsError):
        make(store).jobs.cancel(run.id, BEN)
    other.close()
