"""How the shipped students are made: in a moment here, with a few epochs."""

import numpy as np

from kdviz.runners import shipped_students as making
from kdviz.store import shipped_students


def test_making_them_again_writes_both_and_says_how(monkeypatch, tmp_path):
    short = making.TRAININGS["digits"].model_copy(update={"epochs": 3})
    monkeypatch.setattr(making, "TRAININGS", {"digits": short})
    monkeypatch.setattr(shipped_students, "path_of", lambda data: tmp_path / f"{data}.safetensors")
    epochs = []
    about = making.make("digits", None, lambda epoch, whole, loss: epochs.append((epoch, whole)))
    assert epochs[-1] == (3, 3)
    assert about == shipped_students.about("digits")
    assert about["figures"]["distilled"]["held_out"] == 180
    distilled, plain = shipped_students.layers("digits").values()
    assert distilled[0][0].shape == plain[0][0].shape == (784, 32)
    assert not np.array_equal(distilled[0][0], plain[0][0])
    for layers, role in ((distilled, "distilled"), (plain, "plain")):
        assert about["figures"][role]["test_accuracy"] > 0.5, "pixels from 0 to 1 are what it learnt from"
        assert np.isfinite(layers[0][0]).all()
