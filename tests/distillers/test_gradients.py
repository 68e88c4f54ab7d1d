"""Every distiller's loss and gradient belong together: the derivative of its terms is what its step starts back from.

Parametrised over the methods' own names: a new way of teaching is covered as soon as it has its entry.
"""

import pkgutil
from importlib import import_module

import pytest
import torch

from kdviz import distillers
from kdviz.distillers import own_settings
from kdviz.distillers.by_loss import DISTILLERS
from kdviz.distillers.own_settings import OwnSettings
from kdviz.distillers.stage import Setting, Stage, stages_of
from kdviz.engine import models
from kdviz.engine.batches import FixedTeachers, chunks
from kdviz.engine.data import Split
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import METHODS, WITH_CONTROL

SEEDS = (3, 5)
RATE = 0.05


@pytest.fixture
def split(digits, double):
    return Split(digits.training.images[:40], digits.training.labels[:40])


def conditions(method, split, **changes):
    """A method's recipe with networks that it fits, and untrained teachers."""
    pairs = ("784-256-10", "784-30-30-10"), ("cnn-16-32", "cnn-8-16")
    teacher, student = next(pair for pair in pairs if not WITH_CONTROL[method].fits(*pair))
    recipe = {
        "data": "digits",
        "teacher": teacher,
        "student": student,
        "methods": [method] if method in METHODS else ["offline"],
        "seeds": SEEDS,
        "epochs": 2,
        "batch_size": 16,
        "temperature": 4.0,
        "alpha": 0.7,
        "online_temperature": 2.0,
        "online_alpha": 0.6,
    }
    rows = [[models.build(teacher, 100 * row + seed) for seed in SEEDS] for row in (1, 2, 3)]
    teachers = [models.cohort(teacher, networks).frozen() for networks in rows]
    return Setting(Comparison(**recipe | changes), split, teachers)


def check(stage, split):
    """In every update of a short training, for the students and for each of their peers in the students' place."""
    distiller = stage.distiller
    for chunk in chunks(split, stage.trainings, stage.teacher, most_updates=1):
        (batch,) = chunk.batches(distiller.targets(chunk), 16)
        for place in range(len(stage.cohorts)):
            cohorts = [*stage.cohorts[place:], *stage.cohorts[:place]]
            learning = [*cohorts[0].parameters, *distiller.parameters]
            step = distiller.step(cohorts, batch)
            loss = sum(term.sum() for term in distiller.terms(chunk, step.record)[:2])
            derivative = torch.autograd.grad(loss, learning, retain_graph=True)
            gradient = torch.autograd.grad(step.outputs, learning, step.gradients)
            assert any(part.abs().max() > 1e-4 for part in gradient)
            for ours, expected in zip(gradient, derivative, strict=True):
                torch.testing.assert_close(ours, expected, rtol=1e-7, atol=1e-12)
            with torch.no_grad():
                torch._foreach_add_(learning, gradient, alpha=-RATE)


@pytest.mark.parametrize("labels", [None, 20], ids=["all labels", "few labels"])
@pytest.mark.parametrize("method", WITH_CONTROL)
def test_a_methods_gradient_is_the_derivative_of_its_loss(split, method, labels):
    start, names = conditions(method, split, labels=labels), set()
    for stage in stages_of(method, start):
        check(stage, split)
        names |= {stage.name, *stage.fixed, *stage.distiller.other_logits(stage.cohorts, split.images[:2])}
    assert stage.name == "student"
    arrows = WITH_CONTROL[method].arrows(start.comparison.student)
    assert {name for arrow in arrows for name in arrow} <= names


@pytest.mark.parametrize("labels", [None, 20], ids=["all labels", "few labels"])
def test_so_it_is_where_each_student_has_settings_of_its_own(split, labels, monkeypatch):
    monkeypatch.setattr(own_settings, "LOOKED_AT", 1)
    start = conditions("offline", split, labels=labels)
    distiller = OwnSettings.of((1.0, 20.0), (0.3, 0.9), dtype=torch.float64)
    trainings = start.trainings()
    teacher = FixedTeachers.of(start.teachers[:1], split, trainings[0], 1.0)
    check(Stage("student", [start.students()], distiller, trainings, teacher), split)


@pytest.mark.parametrize("loss", DISTILLERS)
def test_a_single_runs_loss_is_one_of_the_methods(split, loss):
    method = "offline" if loss == "kl" else f"offline-{loss}"
    (stage,) = stages_of(method, conditions(method, split))
    assert type(stage.distiller) is DISTILLERS[loss]


def test_every_way_of_teaching_in_the_package_is_a_method_and_the_other_way_round():
    names = [module.name for module in pkgutil.iter_modules(distillers.__path__)]
    ways = {name for name in names if hasattr(import_module(f"kdviz.distillers.{name}"), "stages")}
    assert ways == {method.replace("-", "_") for method in WITH_CONTROL}
