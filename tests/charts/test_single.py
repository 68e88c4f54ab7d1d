"""Charts: data frames in, specifications and figures out."""

import json
import tomllib
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from kdviz.charts import single as charts
from kdviz.charts.palette import palette
from kdviz.records.single import Progress

ROOT = Path(__file__).resolve().parents[2]
LIGHT = palette("light")
PARTS = ("amount", "share", "gradient")


def report(role, step, kd=0.0, ce=1.0, gradient=None, accuracy=0.5, agreement=None, steps=400):
    return Progress(
        role=role,
        step=step,
        steps=steps,
        epoch=1,
        epochs=2,
        loss_kd=kd,
        loss_ce=ce,
        gradient_share_kd=gradient,
        training_accuracy=0.5,
        validation_accuracy=accuracy,
        agreement=agreement,
        images_per_second=1.0,
        seconds=1.0,
        seconds_left=1.0,
        watched_logits=[],
    )


@pytest.fixture
def frame():
    return charts.curves(
        [
            report("teacher", 50, accuracy=0.6),
            report("teacher", 100, accuracy=0.9),
            report("distilled", 10, kd=9.0, ce=1.0, gradient=0.75, agreement=0.4),
            report("plain", 10, ce=2.0, agreement=0.3),
            report("distilled", 20, kd=3.0, ce=1.0, gradient=0.5, agreement=0.6),
            report("plain", 20, ce=1.0, agreement=0.5),
            report("distilled", 30, kd=0.0, ce=0.0, gradient=0.0, agreement=0.8),
        ]
    )


def by_step(long):
    return long.pivot(index="step", columns="term", values="value")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_palette_is_the_theme(theme):
    colours = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))["theme"][theme]
    here = palette(theme)
    assert [here.teacher, here.student, here.label, here.plain] == colours["chartCategoricalColors"]
    assert (here.text, here.paper) == (colours["textColor"], colours["backgroundColor"])
    assert len({here.teacher, here.student, here.label, here.plain}) == 4


def test_amounts_add_up_to_the_loss(frame):
    terms = by_step(charts.contributions(frame, "amount"))
    assert terms.soft.to_dict() == {10: 9.0, 20: 3.0, 30: 0.0}
    assert (terms.soft + terms.hard).to_dict() == {10: 10.0, 20: 4.0, 30: 0.0}


def test_shares_add_up_to_one(frame):
    terms = by_step(charts.contributions(frame, "share"))
    assert terms.soft.to_dict() == {10: 0.9, 20: 0.75, 30: 0.0}  # a loss of nothing has no shares, and no NaN
    assert (terms.soft + terms.hard).to_dict() == {10: 1.0, 20: 1.0, 30: 0.0}
    gradient = by_step(charts.contributions(frame, "gradient"))
    assert gradient.soft.to_dict() == {10: 0.75, 20: 0.5, 30: 0.0}
    assert ((gradient.soft + gradient.hard) == 1).all()


def test_without_a_soft_term_the_labels_pull_alone():
    frame = charts.curves([report("distilled", 1, gradient=None)])
    assert by_step(charts.contributions(frame, "gradient")).to_dict() == {"hard": {1: 1.0}, "soft": {1: 0.0}}


@pytest.mark.parametrize("parts", PARTS)
def test_the_contributions_axes_stay_while_a_run_grows(frame, parts):
    reports = [report("distilled", step, kd=100 / step, ce=1.0, gradient=0.5) for step in range(10, 401, 10)]
    specs = []
    for count in (8, 12, 40):
        long = charts.contributions(charts.curves(reports[:count]), parts)
        specs.append(charts.contributions_spec(charts.height(long, parts)[0], 400, parts, "α·T²·KL", LIGHT))
    assert specs[0] == specs[1] == specs[2], "another specification makes a new chart: flicker, zoom and hover lost"
    x, y = specs[0]["encoding"]["x"], specs[0]["encoding"]["y"]
    assert x["scale"]["domain"] == [0, 400]
    assert y["scale"]["domain"][0] == 0
    if parts != "amount":
        assert y["scale"]["domain"] == [0, 1]
        assert y["axis"]["format"] == "%"
    json.dumps(specs)


@pytest.mark.parametrize("quality", ["validation_accuracy", "agreement"])
def test_the_quality_axes_stay(quality):
    spec = charts.quality_spec(400, quality, 0.85, LIGHT)
    assert spec["encoding"]["x"]["scale"]["domain"] == [0, 400]
    assert spec["encoding"]["y"]["scale"]["domain"] == [0.85, 1]
    assert spec["encoding"]["y"]["field"] == quality


def test_every_network_has_its_colour_and_the_plain_one_is_dashed(frame):
    encoding = charts.quality_spec(400, "agreement", 0.6, LIGHT)["encoding"]
    colours = dict(zip(encoding["color"]["scale"]["domain"], encoding["color"]["scale"]["range"], strict=True))
    assert colours == {"teacher": LIGHT.teacher, "distilled": LIGHT.student, "without a teacher": LIGHT.plain}
    dashes = dict(zip(encoding["strokeDash"]["scale"]["domain"], encoding["strokeDash"]["scale"]["range"], strict=True))
    assert [name for name, dash in dashes.items() if dash[1]] == ["without a teacher"]
    assert set(charts.quality(frame, 400, None).network) == set(colours)
    assert encoding["color"]["legend"] == encoding["strokeDash"]["legend"], "one legend, not two"


@pytest.mark.parametrize("shown", [*PARTS, "validation_accuracy", "agreement"])
def test_legend_and_title_are_part_of_the_chart_so_full_screen_has_them(frame, shown):
    if shown in PARTS:
        spec = charts.contributions_spec(1.0, 400, shown, "α·T²·KL", LIGHT)
        assert "α·T²·KL, the teacher' :" in spec["encoding"]["color"]["legend"]["labelExpr"]
    else:
        spec = charts.quality_spec(400, shown, 0.6, LIGHT)
    assert spec["encoding"]["color"]["legend"]["title"] == charts.TITLES[shown]


def test_a_teacher_that_was_there_before_is_a_level_line(frame):
    students = frame[frame.role != "teacher"]
    shown = charts.quality(students, 400, 0.97)
    teacher = shown[shown.network == "teacher"]
    assert list(teacher.step) == [0, 400]
    assert list(teacher.validation_accuracy) == [0.97, 0.97]
    assert teacher.agreement.isna().all()
    assert len(charts.quality(frame, 400, 0.97)) == len(frame), "a teacher that was trained here has its own curve"


@pytest.mark.parametrize("count", [1, 79, 80, 81, 500])
def test_long_runs_are_thinned_evenly_and_keep_their_last_report(count):
    reports = [report("distilled", step) for step in range(1, count + 1)]
    kept = charts.thin(reports, 80)
    assert len(kept) <= 80
    assert kept[-1].step == count
    assert len({after.step - before.step for before, after in pairwise(kept)}) <= 1


def test_an_empty_run_has_empty_charts():
    frame = charts.curves([])
    for parts in PARTS:
        long = charts.contributions(frame, parts)
        assert len(long) == 0
        json.dumps(charts.contributions_spec(charts.height(long, parts)[0], 1, parts, "α·T²·KL", LIGHT))
    assert len(charts.quality(frame, 1, None)) == 0


def test_the_finished_figure_draws_what_was_measured(frame):
    figure = charts.run_figure(frame, "kl", LIGHT)
    traces = {(trace.name, trace.yaxis): trace for trace in figure.data}
    assert {name for name, _ in traces} == {
        "α·T²·KL",
        "(1−α)·CE",
        "of the loss",
        "of the gradient",
        "distilled",
        "without a teacher",
        "distilled, validation",
        "distilled, training",
        "without a teacher, validation",
        "without a teacher, training",
    }
    soft = next(trace for trace in figure.data if trace.name == "α·T²·KL")
    assert list(soft.x) == [10, 20, 30]
    assert list(soft.y) == [9.0, 3.0, 0.0]
    assert soft.line.color == LIGHT.teacher
    plain = next(trace for trace in figure.data if trace.name == "without a teacher")
    assert plain.line.dash == "dash"
    assert figure.layout.yaxis.type == "log"
    assert charts.run_figure(frame, "mse", LIGHT).data[0].name == "α·MSE of the logits", "no T², and no KL"
    share = pd.Series(next(trace for trace in figure.data if trace.name == "of the loss").y).dropna()
    assert share.between(0, 1).all()
