"""Curves over the temperature: means with the range of the seeds."""

import math

from kdviz.charts.over_t import TemperatureChart, TemperatureLine, line, packed
from kdviz.records.study import Curve, FinishedArm


def test_lines_are_means_with_the_range_of_the_seeds():
    curves = [Curve(name="nll", seed=0, x=[1, 100], y=[1, 3]), Curve(name="nll", seed=1, x=[1, 100], y=[3, math.nan])]
    arm = FinishedArm(arm="a", rows=[], curves=curves, seconds=1)
    found = line(arm, "nll", "A", "student", (1.0, 10.0, 100.0))
    assert found.y[0] == 2
    assert found.y[2] is None
    assert found.low is not None
    assert found.low[0] == 1
    assert line(arm, "ece", "A", "student", (1.0,)).y == (None,)
    data = packed(
        [TemperatureChart("NLL", "nats", (1.0, 10.0, 100.0), (found, TemperatureLine("B", "plain", (1.0, 2.0, 3.0))))]
    )
    assert data["at"] == [1.0, 10.0, 100.0]
    assert [each["name"] for each in data["panels"][0]["lines"]] == ["A", "B"]
    assert "low" not in data["panels"][0]["lines"][1]
