"""What tests of real trainings on MNIST share: one teacher."""

import shutil

import pytest

from kdviz.recipes.sweep import Sweep
from kdviz.runners import sweep


@pytest.fixture
def mnist_teacher(mnist, once, own_state, monkeypatch):
    """MNIST, and a state folder that holds its teacher of two epochs with seed 0: one process trains it for all."""
    taught = Sweep(teacher_epochs=2)

    def fill(folder):
        with monkeypatch.context() as patch:
            patch.setenv("KDVIZ_STATE_DIR", str(folder))
            list(sweep.run_teacher(taught, only=taught.teacher_training(0)))

    shutil.copytree(once("mnist-teacher", fill), own_state)
