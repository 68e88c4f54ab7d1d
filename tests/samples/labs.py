"""Laboratories of quick studies on digits, what an arm gives in them, and laboratories with other labels."""

from dataclasses import replace

import pytest
import torch

from kdviz.engine.batches import Chunk
from kdviz.engine.data import Data, Split
from kdviz.recipes.study import Study
from kdviz.runners.session import Session
from kdviz.runners.studies.lab import Lab


def lab_of(name, seeds="0,1", **changes):
    study = Study.of(name, "digits", seeds=seeds, **{"quick": True, **changes})
    return Lab(study, Session.load("digits", 100, iter(range(10**6)).__next__), study.chosen[0])


def given(lab, module, arm):
    """Rows and curves of an arm."""
    lab.part = 0.0
    lab.arm = next(each for each in lab.study.facts.arms if each.name == arm)
    steps = module.measure(lab, arm)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def figures(lab, module, arm):
    return [row.figures for row in given(lab, module, arm)[0]]


def same(one, other, names=("test_errors", "nll")):
    """Whether two arms have the same students, but for the rounding of sums."""
    return all(a[name] == pytest.approx(b[name], rel=1e-4) for a, b in zip(one, other, strict=True) for name in names)


def shuffled(split):
    order = torch.randperm(len(split), generator=torch.Generator().manual_seed(1))
    return Split(split.images, split.labels[order])


def with_wrong(lab, *parts):
    """A laboratory in which the labels of validation or test images are shuffled."""
    whole = lab.session.data
    validation, test = (
        shuffled(split) if part in parts else split
        for part, split in (("validation", whole.validation), ("test", whole.test))
    )
    lab.session.data = Data(whole.facts, whole.training, validation, test)
    return lab


def with_training(lab, split):
    """A laboratory with other training images or labels; teachers are found by their training all the same."""
    whole = lab.session.data
    lab.session.data = Data(whole.facts, split, whole.validation, whole.test)
    return lab


def without_labels(lab):
    training = lab.session.data.training
    return with_training(lab, replace(training, labels=torch.zeros_like(training.labels)))


def chunk_of(labels, teacher):
    return Chunk(
        epoch=1,
        done=0.0,
        labels=labels,
        images=torch.zeros(*labels.shape, 1, 28, 28),
        one_hot=torch.eye(10)[labels],
        labelled=None,
        teacher_logits=teacher,
    )
