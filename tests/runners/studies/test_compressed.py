"""Studies of what comes after distillation: who learns from what, for how long, and what a network takes."""

import pytest
import torch

from kdviz.distillers.offline import Offline
from kdviz.engine import models
from kdviz.engine.compression.low_rank import factored
from kdviz.engine.compression.pruning import by_magnitude, by_units, sparsity_of
from kdviz.recipes.study import STUDIES
from kdviz.recipes.study_facts import orders as order_facts
from kdviz.recipes.study_facts import pruning as pruning_facts
from kdviz.runners.studies import (
    compressed,
    low_rank,
    one_teacher,
    orders,
    pruning,
    quantisation,
    smallest_few_labels,
    smallest_student,
)
from tests.samples.labs import figures, lab_of

pytestmark = pytest.mark.trains
WEIGHTS, BIASES = 784 * 32 + 32 * 10, 42


@pytest.fixture
def learnt(monkeypatch):
    """What learns again in each call: sparsities before, from what, epochs, scheme."""
    calls, honest = [], compressed.learn_again

    def noted(lab, networks, way, epochs=compressed.EPOCHS, *, scheme="none", share=None):
        calls.append(([round(sparsity_of(network), 3) for network in networks], way, epochs, scheme))
        return (yield from honest(lab, networks, way, epochs, scheme=scheme, share=share))

    monkeypatch.setattr(compressed, "learn_again", noted)
    return calls


def test_bytes_are_worked_out_from_weights_zeros_scales_and_biases():
    student = models.build("784-32-10", 0)
    assert compressed.stored_bytes(student) == 4 * (WEIGHTS + BIASES)
    assert compressed.stored_bytes(student, "int8") == WEIGHTS + 4 * BIASES + 4 * (32 + 10), "a scale for each output"
    grouped = WEIGHTS // 2 + 4 * BIASES + 4 * (WEIGHTS // 16)
    assert compressed.stored_bytes(student, "int4") == grouped, "a scale for each 16 weights"
    assert compressed.stored_bytes(factored(student, 8)) == 4 * (784 * 8 + 8 * 32 + 320 + BIASES)
    assert compressed.stored_bytes(by_units(student, 0.75)) == 4 * (784 * 8 + 8 * 10 + 18)


def test_zeros_cost_a_bit_for_each_weight_and_are_kept_only_where_that_is_less():
    student = models.build("784-32-10", 0)
    with torch.no_grad():
        student[1].weight.flatten()[: 784 * 28] = 0
    first = 784 * 32 // 8 + 784 * 4 * 4
    assert compressed.stored_bytes(student) == first + 4 * (320 + BIASES)
    with torch.no_grad():
        student[1].weight.fill_(1).flatten()[:1] = 0
    assert compressed.stored_bytes(student) == 4 * (WEIGHTS + BIASES)


@pytest.mark.parametrize("fewer", order_facts.NARROW)
def test_orders_are_compared_at_equal_bytes(fewer):
    pruned = by_magnitude(models.build(compressed.STUDENT, 0), 1 - 1 / fewer)
    narrow = models.build(f"784-{order_facts.NARROW[fewer]}-10", 0)
    size, least = (compressed.stored_bytes(network, "int8") for network in (pruned, narrow))
    assert size / 1000 == pytest.approx(order_facts.KILOBYTES[fewer], abs=0.05)
    assert 0.9 * size < least <= size


@pytest.mark.usefixtures("one_epoch")
def test_all_seeds_have_the_shipped_teacher_and_labels_have_none(seen):
    lab = lab_of("smallest-student")
    for arm in ("labels-one-8", "taught-one-8", "hot-one-8"):
        figures(lab, smallest_student, arm)
    (alone, taught, hot) = ((distiller, teacher) for *_, distiller, teacher in seen)
    assert alone[1] is None
    assert [(way.temperature, way.alpha) for way, _ in (taught, hot)] == [(1.0, 0.9), (4.0, 0.9)]
    logits = taught[1].on(1, torch.arange(3).expand(2, 3), torch.zeros(2, 3, 28, 28, dtype=torch.uint8))
    assert torch.equal(logits[0], logits[1])
    assert torch.equal(logits[0], one_teacher.of(lab).training_logits[0, :3])


@pytest.mark.usefixtures("one_epoch")
def test_who_has_few_labels_learns_from_them_alone_and_the_taught_from_no_label(seen):
    lab = lab_of("smallest-few-labels")
    for arm in ("hundred-8", "thousand-8", "taught-8"):
        figures(lab, smallest_few_labels, arm)
    (hundred, thousand, taught) = ((trainings[0], distiller, teacher) for _, _, trainings, distiller, teacher in seen)
    assert [(training.labels, teacher) for training, _, teacher in (hundred, thousand)] == [(100, None), (1000, None)]
    training, distiller, teacher = taught
    assert (training.labels, distiller.temperature, distiller.alpha) == (None, 4.0, 1.0)
    assert teacher.unlabelled
    assert {(each.epochs, each.batch_size) for each, *_ in (hundred, thousand, taught)} == {(1, 64)}


@pytest.mark.usefixtures("one_epoch")
def test_every_pruned_student_learns_again_for_as_long_and_zeros_stay(learnt, seen):
    lab = lab_of("pruning")
    rows = {arm: figures(lab, pruning, arm) for arm in ("whole", "labels-8", "soft-8", "gradual-8", "units-soft-8")}
    whole, labels, soft, *steps, units = learnt
    assert whole == ([0.0, 0.0], "soft", 4, "none")
    assert labels[1:] == ("labels", 4, "none")
    assert soft == ([0.875, 0.875], "soft", 4, "none")
    assert [epochs for _, _, epochs, _ in steps] == [1] * pruning_facts.STEPS
    assert [sparsity[0] for sparsity, *_ in steps] == pytest.approx([0.506, 0.766, 0.861, 0.875], abs=0.001)
    assert units[0] == [0.0, 0.0], "what is left of it is whole"
    assert sum(trainings[0].epochs for _, _, trainings, _, _ in seen[4:8]) == seen[1][2][0].epochs
    assert rows["soft-8"][0]["at_once"] == rows["labels-8"][0]["at_once"]
    sizes = {arm: row[0]["kilobytes"] for arm, row in rows.items()}
    assert sizes["labels-8"] == sizes["soft-8"] == sizes["gradual-8"] < sizes["whole"] / 6
    assert sizes["units-soft-8"] < sizes["soft-8"]


@pytest.mark.usefixtures("one_epoch")
def test_whoever_learns_again_from_labels_never_hears_the_teacher_and_sees_a_part_of_the_images(seen, monkeypatch):
    monkeypatch.setattr(compressed, "IMAGES_AGAIN", 100)
    lab = lab_of("low-rank")
    for arm in ("labels-8", "soft-8"):
        figures(lab, low_rank, arm)
    _, (_, images, _, by_labels, nobody), (_, same, _, by_teacher, teacher) = seen
    assert nobody is None
    assert not isinstance(by_labels, Offline)
    assert isinstance(by_teacher, Offline)
    assert teacher is not None
    assert len(images) == len(same) == 100


@pytest.mark.usefixtures("one_epoch")
def test_what_is_quantised_afterwards_is_the_float_that_had_soft_targets(learnt):
    lab = lab_of("quantisation", quick=False)
    rows = {arm: figures(lab, quantisation, arm)[0] for arm in ("float-soft", "int8-after", "int8-static", "int4-soft")}
    assert [(way, scheme) for _, way, _, scheme in learnt] == [("soft", "none"), ("soft", "int4")]
    assert rows["int8-after"]["test_accuracy"] == pytest.approx(rows["float-soft"]["test_accuracy"], abs=0.05)
    assert rows["int8-static"]["test_accuracy"] == pytest.approx(rows["float-soft"]["test_accuracy"], abs=0.05)
    sizes = [rows[arm]["kilobytes"] for arm in ("float-soft", "int8-after", "int4-soft")]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.usefixtures("one_epoch")
@pytest.mark.parametrize(
    ("arm", "expected"),
    [
        ("labels-8", [(0.875, "labels", "none"), (0.875, "labels", "int8")]),
        ("distil-first-8", [(0.875, "soft", "none"), (0.875, "soft", "int8")]),
        ("prune-first-8", [(0.875, "soft", "none"), (0.875, "soft", "int8")]),
        ("quantise-first-8", [(0.0, "soft", "int8"), (0.875, "soft", "int8")]),
        ("narrow-8", [(0.0, "soft", "none"), (0.0, "soft", "int8")]),
    ],
)
def test_each_order_is_what_it_is_called(arm, expected, learnt, seen):
    figures(lab_of("orders"), orders, arm)
    assert [(sparsity[0], way, scheme) for sparsity, way, _, scheme in learnt] == expected
    first_from_labels = seen[0][4] is None
    assert first_from_labels == (arm in ("labels-8", "prune-first-8"))
    assert seen[0][2][0].model == ("784-8-10" if arm == "narrow-8" else "784-32-10")


@pytest.mark.parametrize("name", ["pruning", "low-rank", "orders", "quantisation", "smallest-student"])
def test_labels_are_what_the_taught_are_judged_against(name):
    arms = {arm.name: arm for arm in STUDIES[name].arms}
    for arm in arms.values():
        if arm.name.startswith("soft-"):
            assert arms[arm.against].role == "label"
