"""Servers whose cluster carries nothing out: a test plays its worker."""

from types import SimpleNamespace

import pytest

from kdviz.jobs.messages import Message
from kdviz.jobs.queue import ClusterState, Jobs


class Idle:
    """A cluster with one worker that never says anything by itself: what it was ordered is `ordered`."""

    def __init__(self):
        self.state = ClusterState(phase="ready", workers=1)
        self.ordered, self.told = [], []
        self.receive = None  # takes the messages of a worker

    def train(self, key, order, ended):
        self.ordered.append((key, ended))

    def say(self, kind, event=None):
        """What the worker of the last order reports."""
        self.receive(Message(job=self.ordered[-1][0], attempt="a", kind=kind, event=event))

    def tell(self, key, wish):
        self.told.append((key, wish))

    def start(self):
        pass

    def close(self):
        pass


@pytest.fixture
def make(monkeypatch):
    """Makes servers, each with a store and such a cluster; closes them."""
    made = []

    def make(store):
        connection = Idle()

        def connect(_scheduler, receive):
            connection.receive = receive
            return connection

        monkeypatch.setattr("kdviz.jobs.queue.Connection", connect)
        jobs = Jobs(store)
        made.append(jobs)
        return SimpleNamespace(jobs=jobs, connection=connection)

    yield make
    for jobs in made:
        jobs.close()
