"""Whole numbers of few bits, in PyTorch and in ONNX Runtime."""

import onnx
import pytest
import torch

from kdviz.engine import evaluation, measure, models, onnx_files, students
from kdviz.engine.compression import fine_tuning
from kdviz.engine.compression.errors import CompressionError
from kdviz.engine.compression.onnx_quantisation import quantised_file
from kdviz.engine.compression.quantisation import (
    quantised,
    with_dense_layers,
    with_fake_quantisation,
    with_torch_layers,
)

SCHEMES = ["int8", "int8-weights", "int4"]


@pytest.fixture(scope="module")
def exported(student):
    return onnx_files.onnx_file(students.learnt("distilled", "784-32-10", student), {"run_id": "abc"})


def test_torchs_own_layers_say_the_same_and_so_does_the_way_back(student, logits):
    turned = with_torch_layers(student)
    assert torch.allclose(logits(turned), logits(student), atol=1e-5)
    assert torch.equal(logits(with_dense_layers(turned)), logits(student))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_weights_are_rounded_to_few_whole_numbers(student, scheme):
    weight = quantised(student, scheme)[3].weight.dequantize()
    levels = [row.unique().numel() for row in weight.view(-1, 16 if scheme == "int4" else 32)]
    assert max(levels) <= (16 if scheme == "int4" else 32)
    assert not torch.equal(weight, student[3].weight.T)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_answers_change_a_little(student, logits, scheme):
    exact, rounded = logits(student), logits(quantised(student, scheme))
    assert 0 < (rounded - exact).abs().max() < (0.3 if scheme == "int4" else 0.1) * exact.abs().max()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_learns_with_rounding_feels_the_rounding_that_comes(student, logits, scheme):
    aware = logits(with_fake_quantisation(student, scheme).eval())
    rounded = logits(quantised(student, scheme))
    assert (aware - rounded).abs().mean() < (aware - logits(student)).abs().mean()


def test_quantisation_aware_training_loses_less_than_rounding_afterwards(student, digits_data, learn):
    """Of four bits: the loss on the test images, both after two more epochs."""
    losses = {}
    for scheme in ("none", "int4"):
        cohort = fine_tuning.learners([student], scheme)
        learn(cohort, digits_data, epochs=2)
        (tuned,) = fine_tuning.learnt(cohort)
        answers = evaluation.logits_of(quantised(tuned, "int4"), digits_data.test.images)
        losses[scheme] = evaluation.nll(answers, digits_data.test.labels)
    assert losses["int4"] < losses["none"]


def test_convolutions_and_static_ranges_are_refused_in_pytorch():
    with pytest.raises(CompressionError, match="PyTorch has no int8 convolutions on a CPU"):
        quantised(models.build("cnn-8-16", 0), "int8")
    with pytest.raises(CompressionError, match="PyTorch has no int8-static here"):
        quantised(models.build("784-16-10", 0), "int8-static")


@pytest.mark.parametrize(
    ("scheme", "least", "most", "operation"),
    [
        ("int8", 3.0, 4.0, "MatMulInteger"),
        ("int8-static", 2.8, 4.0, "QuantizeLinear"),
        ("int8-weights", 2.5, 4.0, "MatMulNBits"),
        ("int4", 4.0, 7.0, "MatMulNBits"),
    ],
)
def test_a_quantised_file_is_smaller_and_answers_alike(exported, student, digits_data, scheme, least, most, operation):
    content = quantised_file(exported, scheme, digits_data.training.images[:200])
    assert least < len(exported) / len(content) < most
    assert operation in {node.op_type for node in onnx.load_from_string(content).graph.node}
    images = digits_data.test.images
    exact, rounded = evaluation.logits_of(student, images), measure.onnx_answer(content)(images)
    assert evaluation.agreement(rounded, exact) > (0.8 if scheme == "int4" else 0.97)
    facts = {fact.key: fact.value for fact in onnx.load_from_string(content).metadata_props}
    assert (facts["run_id"], facts["architecture"]) == ("abc", "784-32-10")
    assert content == quantised_file(exported, scheme, digits_data.training.images[:200])


def test_weight_only_convolutions_are_refused_in_onnx_runtime(digits_data):
    content = onnx_files.onnx_file(students.learnt("distilled", "cnn-8-16", models.build("cnn-8-16", 0)), {})
    with pytest.raises(CompressionError, match="ONNX Runtime has no convolutions with weights of 4 bits alone"):
        quantised_file(content, "int4", digits_data.training.images[:10])
    quantised_file(content, "int8", digits_data.training.images[:10])
