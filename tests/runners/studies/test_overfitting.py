"""A small set: each remedy alone, always with the same few images."""

import pytest
import torch

from kdviz.distillers.plain import Plain
from kdviz.engine import data
from kdviz.engine.data import Split
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study_facts.overfitting import LABELLED
from kdviz.runners.studies import overfitting as lesson_overfitting
from kdviz.runners.studies.lab import TEACHER
from tests.samples.labs import figures, given, lab_of, with_training

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("one_epoch")]


def test_remedies_are_those_in_the_name_and_the_images_always_the_same_few(own_state, seen):
    lab = lab_of("overfitting", seeds="0")
    for arm in (each.name for each in lab.study.facts.arms):
        given(lab, lesson_overfitting, arm)
        _, split, trainings, distiller, teacher = seen[-1]
        training = trainings[0]
        assert split is lab.session.data.training
        assert training.labels == LABELLED["digits"]
        assert (training.dropout > 0) == (training.input_dropout > 0) == ("dropout" in arm)
        assert training.augmentation == ("shift" if "shift" in arm else "affine" if "affine" in arm else "none")
        assert isinstance(distiller, Plain) == (teacher is None) == ("taught" not in arm)
        assert teacher is None or not teacher.unlabelled
    of_teachers = {trainings[0].labels for _, _, trainings, _, _ in seen if trainings[0].model == TEACHER}
    assert of_teachers == {None, LABELLED["digits"]}


@pytest.mark.parametrize("arm", ["none", "taught", "taught-small"])
def test_no_other_image_is_looked_at(arm):
    lab = lab_of("overfitting", seeds="3")
    learnt = figures(lab, lesson_overfitting, arm)
    training = lab.session.data.training
    own = data.labelled(training, LABELLED["digits"], 3)
    blank = torch.zeros_like(training.images)
    blank[own] = training.images[own]
    again = figures(with_training(lab, Split(blank, training.labels)), lesson_overfitting, arm)
    assert again == learnt
    blank[own[:20]] = 255
    other = figures(with_training(lab, Split(blank, training.labels)), lesson_overfitting, arm)
    assert other != learnt


def test_the_curves_end_where_the_rows_are():
    lab = lab_of("overfitting")
    rows, curves = given(lab, lesson_overfitting, "dropout")
    training = [curve for curve in curves if curve.name == "training_accuracy"]
    assert [curve.seed for curve in training] == [0, 1]
    passes = DATA_SETS["digits"].training_images / LABELLED["digits"]
    for row, curve in zip(rows, training, strict=True):
        assert curve.x[-1] == pytest.approx(passes)
        assert curve.x[0] == 0
        assert curve.x == sorted(curve.x)
        assert curve.y[-1] == row.figures["training_accuracy"]
        gap = row.figures["training_accuracy"] - row.figures["test_accuracy"]
        assert row.figures["gap"] == pytest.approx(100 * gap)
    assert {curve.name for curve in curves} == {"training_accuracy", "validation_accuracy"}
