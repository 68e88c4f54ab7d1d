"""The benchmarks on few images: every ratio is there, and what they made stays with them."""

import json

import pytest
from click.testing import CliRunner

from kdviz import settings
from kdviz.bench import benchmark, playground, server, timing
from kdviz.cli.main import main
from kdviz.engine import data

pytestmark = pytest.mark.trains
TINY = timing.Effort(repetitions=2, images=200, usual_loops=2)


def in_browser():
    """What a browser might have measured."""
    ratio = timing.Ratio(median=3.2, low=3, high=3.4)
    times = {"playground": [0.8], "wasm": [2.5], "cpu": [18.0]}
    facts = {"browser": "Chromium 1", "units": [32, 128], "milliseconds": [times, times], "losses_apart": 0.0}
    facts |= {"faster_than_tensorflow": [ratio, ratio], "pairs_per_second": ratio}
    return playground.PlaygroundSpeed(**facts)


@pytest.fixture
def measured(mnist, own_state, monkeypatch):
    """All benchmarks but the page server's and the browser's, with so little effort that they take seconds."""
    page_server = server.PageServer(seconds=1.2, megabytes=200, beside_megabytes=100, beside_processes=2)
    monkeypatch.setattr(server, "measure", lambda: page_server)
    monkeypatch.setattr(playground, "measure", lambda effort, say: in_browser())
    return benchmark.measure(TINY, lambda step: None)


def test_a_quick_benchmark_prints_every_ratio_with_its_range_and_says_that_it_is_quick(measured, mnist, monkeypatch):
    assert data.load("mnist") is mnist
    assert not (settings.state_dir() / "teachers").exists()
    efforts = []
    monkeypatch.setattr(benchmark, "measure", lambda effort, say: efforts.append(effort) or measured)
    monkeypatch.setattr(timing, "QUICK", TINY)

    lines = CliRunner().invoke(main, ["bench", "--quick"]).stdout.splitlines()
    assert lines[0] == "Quick: one in 200 images and 2 of 25 usual loops, so ranges are wider."
    assert f"{len(mnist.training) // 200} images" in lines[1]
    assert lines[1].endswith("2 times in turns")
    ratios = [list(map(float, line.split()[-3:])) for line in lines if line[-3:-2] == "."]
    assert len(ratios) == 11
    assert all(0 < low <= median <= high for median, low, high in ratios)

    document = json.loads(CliRunner().invoke(main, ["bench", "--repetitions", "7", "--json"]).stdout)
    assert list(document) == ["page_server", "training", "comparison", "sweep", "playground"]
    assert document["sweep"]["grid_faster"]["low"] <= document["sweep"]["grid_faster"]["high"]
    assert efforts == [TINY, timing.Effort(7)]
