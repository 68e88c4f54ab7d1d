"""What is measured of a network, and how."""

import gzip

import pytest
import torch

from kdviz.engine import data, evaluation, measure, models, onnx_files, students
from kdviz.engine.compression.errors import CompressionError
from kdviz.engine.compression.pruning import by_magnitude
from kdviz.engine.compression.quantisation import quantised
from kdviz.engine.measure import Effort, energy_counter, measured
from kdviz.records.measurement import Measurement

QUICK = Effort(one_image=3, batch=2)


@pytest.fixture(scope="module")
def network():
    return by_magnitude(models.build("784-16-10", 0), 0.9).eval()


@pytest.fixture(scope="module")
def exported(network):
    return onnx_files.onnx_file(students.learnt("distilled", "784-16-10", network), {})


@pytest.fixture(scope="module")
def digits_data():
    return data.load("digits")


@pytest.fixture(scope="module")
def plain(network, exported, digits_data):
    return measured("distilled", network, digits_data, exported, effort=QUICK)


def test_sizes_are_those_of_the_network_and_of_its_files(plain, network, exported):
    assert (plain.architecture, plain.parameters, plain.multiply_adds) == ("784-16-10", 12730, 12704)
    weights = torch.cat([network[1].weight.flatten(), network[3].weight.flatten()])
    assert plain.nonzero == int(weights.count_nonzero())  # fresh biases are 0
    assert [found.runtime.split()[0] for found in plain.runtimes] == ["PyTorch", "ONNX"]
    stored = plain.runtimes[1]
    assert stored.stored_bytes == len(exported)
    assert stored.compressed_bytes == len(gzip.compress(exported, mtime=0)) < 0.4 * stored.stored_bytes


def test_both_runtimes_are_right_as_often_as_the_network(plain, network, digits_data):
    right = evaluation.accuracy(evaluation.logits_of(network, digits_data.test.images), digits_data.test.labels)
    for found in plain.runtimes:
        assert found.test_accuracy == pytest.approx(right)
        assert found.test_accuracy_interval[0] < right < found.test_accuracy_interval[1]


def test_times_are_medians_with_their_range(plain):
    for found in plain.runtimes:
        for spread in (found.one_image, found.throughput):
            assert 0 < spread.low <= spread.median <= spread.high
        assert found.threads == 1
    assert plain.runtimes[0].peak_memory > 4 * 12730


@pytest.mark.parametrize("scheme", ["int8", "int8-weights", "int4"])
def test_memory_of_a_quantised_network_counts_its_whole_numbers(network, exported, digits_data, scheme, monkeypatch):
    tensors = quantised(network, scheme).state_dict().values()
    weights = sum(part.nbytes for tensor in tensors for part in measure._parts(tensor))
    assert 12704 < weights < 0.5 * 4 * 12704  # a byte for each, and scales
    images = 4 * 784 * len(digits_data.test.images)
    held, hold = [], measure.PeakMemory.hold

    def noted(memory, tensors):
        held.extend(tensors)
        hold(memory, held)

    monkeypatch.setattr(measure.PeakMemory, "hold", noted)
    # With these instructions of a processor torchao makes two more copies of all images, as int32.
    monkeypatch.setattr("torchao.kernel.intmm._cpu_is_vnni_supported", lambda: False)
    found = measured("distilled", network, digits_data, exported, scheme, QUICK).runtimes[0]
    assert sum(tensor.nbytes for tensor in held) == weights
    assert weights + images < found.peak_memory < weights + 2.5 * images


def test_a_runtime_that_lacks_a_scheme_is_left_out(network, exported, digits_data):
    static = measured("distilled", network, digits_data, exported, "int8-static", QUICK)
    assert [found.runtime.split()[0] for found in static.runtimes] == ["ONNX"]
    with pytest.raises(CompressionError, match="int8-static"):
        measured("distilled", network, digits_data, None, "int8-static", QUICK)


def test_energy_is_read_where_the_machine_counts_it_and_an_estimate_elsewhere(tmp_path, plain, monkeypatch):
    assert energy_counter(tmp_path) is None
    for name, joules in {"intel-rapl:0": 3_000_000, "intel-rapl:1": 500_000, "intel-rapl:0:0": 9_000_000}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text(f"{joules}\n")
    assert energy_counter(tmp_path) == 3.5  # a part of a package is in the package's
    guess = measure._energy(None, None, 0.5, 1000)
    assert (guess.kind, guess.joules) == ("estimate", pytest.approx(12 * 0.5 / 1000))
    read = measure._energy(1.0, 9.0, 0.5, 1000)
    assert (read.kind, read.joules) == ("measured", pytest.approx(8 / 1000))
    assert measure._energy(9.0, 1.0, 0.5, 1000).kind == "estimate"  # the counter began anew


def test_a_measurement_travels_as_json(plain):
    assert Measurement.model_validate_json(plain.model_dump_json()) == plain
