"""What tests of studies share: few epochs, and a look at who learns from what."""

import pytest

from kdviz.runners.studies import lab as laboratory
from kdviz.runners.studies import large_teacher
from kdviz.runners.studies.lab import Lab


@pytest.fixture
def one_epoch(monkeypatch):
    """One epoch: who learns from what does not depend on their number."""
    monkeypatch.setattr(Lab, "epochs", lambda self, usual, small=None: 1)


@pytest.fixture
def two_epochs(monkeypatch):
    """Two epochs, and a large teacher that is not so large."""
    monkeypatch.setattr(Lab, "epochs", lambda self, usual, small=None: 2)
    monkeypatch.setattr(large_teacher, "LARGE", "784-256-10")


@pytest.fixture
def seen(monkeypatch):
    """What every training of the laboratory was given: model, images, trainings, distiller, teacher."""
    calls, fit = [], laboratory.fit

    def noted(cohorts, split, trainings, distiller, teacher=None, **more):
        calls.append((cohorts[0], split, trainings, distiller, teacher))
        return fit(cohorts, split, trainings, distiller, teacher, **more)

    monkeypatch.setattr(laboratory, "fit", noted)
    return calls
