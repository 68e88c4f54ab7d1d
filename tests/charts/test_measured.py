"""The picture of what networks take: who is on the front, and what is shown of whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdviz.charts.measured import COSTS, Place, beside, front, measured_figure, places
from kdviz.charts.palette import palette
from kdviz.recipes.compression import Compression
from kdviz.recipes.methods import METHODS
from kdviz.records.measurement import Energy, InRuntime, Measurement, Spread
from kdviz.reports.measurement import called


def network(name="offline", kilobytes=100.0, errors=300, runtime="ONNX Runtime 1", **compression):
    time = Spread(median=0.05, low=0.04, high=0.2)
    found = InRuntime(
        runtime=runtime,
        threads=1,
        stored_bytes=int(1000 * kilobytes),
        compressed_bytes=int(900 * kilobytes),
        one_image=time,
        throughput=time,
        peak_memory=None,
        energy=Energy(joules=2e-5, kind="estimate", how="watts times seconds"),
        test_errors=errors,
        test_images=10_000,
    )
    return Measurement(
        name=name,
        architecture="784-32-10",
        compression=Compression(**compression) if compression else None,
        quantize=compression.get("quantize", "none"),
        parameters=25_450,
        nonzero=25_450,
        multiply_adds=25_408,
        runtimes=(found,),
    )


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20)), min_size=1, max_size=30))
def test_nobody_on_the_front_is_beaten_and_everybody_else_is(figures):
    given = network()
    shown = sorted((Place(given, given.runtimes[0], *pair) for pair in figures), key=lambda at: (at.cost, -at.right))
    best = front(shown)
    for place in shown:
        beaten = any(
            other.cost <= place.cost
            and other.right >= place.right
            and (other.cost, other.right) != (place.cost, place.right)
            for other in shown
        )
        assert beaten == ((place.cost, place.right) not in {(other.cost, other.right) for other in best})


def test_networks_come_by_what_they_take_and_those_of_another_program_are_left_out():
    networks = (network(kilobytes=400), network(kilobytes=30, quantize="int8"), network(runtime="PyTorch 2"))
    shown = places(networks, "ONNX Runtime 1", "stored")
    assert [place.cost for place in shown] == [30, 400]
    assert shown[0].right == pytest.approx(97)
    assert {cost: COSTS[cost](networks[0].runtimes[0]) for cost in COSTS} == pytest.approx(
        {"stored": 400, "sent": 360, "latency": 50, "energy": 20}
    )


def test_of_marks_that_cover_each_other_every_second_has_its_number_beside_it_and_the_front_is_on_top():
    networks = [network(kilobytes=409, errors=errors) for errors in (280, 287, 290)] + [network(kilobytes=500)]
    assert beside(places(networks, "ONNX Runtime 1", "stored")) == [False, True, False, False]
    assert not any(
        beside(places([network(kilobytes=409), network(kilobytes=409, errors=400)], "ONNX Runtime 1", "stored"))
    )
    _, *marks = measured_figure(networks, "ONNX Runtime 1", "stored", ("kB", "right"), palette("light")).data
    assert [(mark.textposition, mark.zorder) for mark in marks[:2]] == [("middle center", 1), ("middle right", 0)]


def test_a_network_is_called_by_what_made_it_smaller():
    assert called(network("teacher")) == "Teacher"
    assert called(network(prune=0.75, structured=True, quantize="int8")) == "75 % of units gone in int8"
    assert called(network(prune=0.9, finetune="soft")) == "90 % of weights 0"
    assert called(network(rank=16)) == "rank 16"


def test_the_figure_has_a_mark_with_its_interval_for_each_and_the_front_as_a_line():
    networks = (network("teacher", 2000, 90), network("plain", 400, 300), network("offline", 410, 320), network(rank=4))
    figure = measured_figure(networks, "ONNX Runtime 1", "stored", ("kB", "right"), palette("light"))
    line, *marks = figure.data
    assert [mark.text[0] for mark in marks] == ["1", "2", "3", "4"]
    names = ["rank 4", METHODS["plain"].title, "Taught by the teacher", "Teacher"]
    assert [mark.hovertemplate.partition("<br>")[0] for mark in marks] == names
    paper = palette("light").paper
    assert [mark.marker.color == paper for mark in marks] == [False, True, True, False], "filled on the front"
    assert list(line.x) == [100, 2000]
    low, high = networks[0].runtimes[0].test_accuracy_interval
    assert marks[-1].error_y.array[0] == pytest.approx(100 * high - marks[-1].y[0])
    assert marks[-1].error_y.arrayminus[0] == pytest.approx(marks[-1].y[0] - 100 * low)
