"""The three kinds of knowledge as their picture takes them, and the table of what came of them."""

import base64
import importlib
import json
import math
import re

import pytest

from kdviz import settings
from kdviz.charts import inside
from kdviz.charts.palette import palette
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import METHODS
from kdviz.recipes.openings import CONVOLUTIONAL
from kdviz.texts import lesson as lesson_text
from kdviz.widgets.pictures.inside import TAUGHT, kinds_of_networks
from tests.samples.comparison_records import moment
from tests.samples.inside_records import LAYERS, ended, look, watched

INSIDE = settings.ASSETS.parent / "kdviz" / "components" / "inside"


def recipe(methods="plain,offline,hints,fsp,rkd", data="digits"):
    return Comparison.suited(data, {**CONVOLUTIONAL, "methods": methods})


def test_each_method_has_its_own_column_and_plain_training_none():
    assert inside.shown_methods(recipe()) == {
        "response": ["offline"],
        "feature": ["hints"],
        "relation": ["fsp", "rkd"],
    }
    assert inside.shown_methods(recipe("plain,mutual,rkd"))["response"] == []


def test_the_looks_of_each_method_stand_in_their_order():
    looks = [
        look("plain", 0),
        look("hints", 0, 0.2),
        look("plain", 50),
        look("hints", 50, 0.6),
        look("hints", 100, 0.9),
    ]
    data = inside.picture(recipe(), watched(), looks, [])
    assert set(data["methods"]) == {"plain", "hints"}, "who was not looked at has no picture"
    assert data["methods"]["plain"]["steps"] == [0, 50]
    assert data["methods"]["hints"]["steps"] == [0, 50, 100]
    assert [cka[1][1] for cka in data["methods"]["hints"]["cka"]] == [0.2, 0.6, 0.9]
    assert data["methods"]["hints"]["last"] == 100
    assert data["teacher"]["layers"] == LAYERS
    assert data["teacher"]["singular"] == [0.5, 0.4, 0.1]
    assert base64.b64decode(data["images"][2]) == bytes([2] * 784)
    assert data["T"] == 5


def test_a_replay_knows_when_in_the_students_training_each_look_was():
    moments = [moment("teacher", 100), moment("plain", 20, seconds=14.0), moment("plain", 60, seconds=17.5)]
    data = inside.picture(recipe(), watched(), [look("plain", step) for step in (0, 20, 50, 60)], moments)
    assert data["methods"]["plain"]["seconds"] == [0, 0, 0, 3.5]


def test_who_learns_how_fast_begins_with_the_teacher():
    moments = [
        moment("teacher", 10, accuracy=(0.3,), stage="seed 0"),
        moment("teacher", 20, accuracy=(0.6,), stage="seed 0"),
        moment("teacher", 10, accuracy=(0.2,), stage="seed 1", number=2, stages=2),
        moment("plain", 10, accuracy=(0.5, 0.7)),
        moment("mutual", 10),
        moment("hints", 10, accuracy=(0.8,)),
    ]
    rows = inside.learning(recipe("plain,mutual,hints"), moments)
    assert [(row["network"], row["step"], round(row["accuracy"], 6)) for row in rows] == [
        ("teacher", 10, 0.3),
        ("teacher", 20, 0.6),
        ("Labels only", 10, 0.6),
        ("Hints", 10, 0.8),
    ], "the first teacher, the mean of two seeds, and none that the picture has no column for"


def test_each_student_has_a_line_of_its_own():
    spec = inside.learning_spec(recipe(",".join(("plain", *TAUGHT))), 80, palette("light"))
    colours, dashes = (spec["encoding"][channel]["scale"] for channel in ("color", "strokeDash"))
    assert colours["domain"] == dashes["domain"] == ["teacher", "Labels only", *inside.NAMES.values()]
    looks = list(zip(colours["range"], map(tuple, dashes["range"]), strict=True))
    assert len(set(looks)) == len(looks)
    assert spec["encoding"]["x"]["scale"]["domain"] == [0, 80]


def test_ways_without_a_column_are_left_out():
    data = inside.picture(recipe("plain,mutual,hints"), watched(), [look("mutual", 0), look("hints", 0)], [])
    assert set(data["methods"]) == {"hints"}


def test_before_the_first_look_there_is_the_teacher_alone():
    data = inside.picture(recipe(), watched(), [], [])
    assert data["methods"] == {}
    assert set(data["teacher"]) == {"logits"}


def test_what_is_no_number_reaches_the_browser_as_none():
    bad = look("hints", 0, cka=[[math.nan] * 3] * 3, singular_values=[math.inf, 0.12345678])
    data = inside.picture(recipe(), watched(), [bad], [])
    assert data["methods"]["hints"]["cka"][0][0] == [None] * 3
    assert data["methods"]["hints"]["singular"] == [[None, 0.1235]]
    json.dumps(data, allow_nan=False)


def test_a_look_is_small_enough_to_be_sent_while_a_run_lives():
    looks = [look(name, step) for step in range(7) for name in recipe(",".join(TAUGHT)).methods]
    assert len(json.dumps(inside.picture(recipe(",".join(TAUGHT)), watched(), looks, []))) < 40_000


def test_the_table_says_what_was_measured():
    wanted = recipe("plain,offline,rkd")
    table = inside.table(ended(wanted, {"plain": 0.9, "offline": 0.95, "rkd": 0.125}))
    lines = table.splitlines()
    assert len(lines) == 2 + 3
    assert [line.count("|") for line in lines] == [8] * 5
    assert lines[3].startswith("| Offline: a trained teacher | response | 95.00\u00a0% | 0.9500 |")
    assert lines[4].startswith("| Distances and angles (RKD) | relation | 12.50\u00a0%")


def test_every_method_of_the_page_fits_its_networks_and_has_a_name_and_a_formula():
    assert {METHODS[name].family for name in TAUGHT} == set(inside.KINDS)
    assert not any(METHODS[name].fits(CONVOLUTIONAL["teacher"], CONVOLUTIONAL["student"]) for name in TAUGHT)
    formulas = (INSIDE / "formulas.js").read_text()
    for name in TAUGHT:
        assert re.search(rf"^  {name}: \[", formulas, re.M)
        assert lesson_text.read("pictures").word(f"inside-with-{name}").startswith("with ")


def test_the_table_of_uses_is_the_methods_own():
    rows = kinds_of_networks()
    assert not any(rows["Soft targets"]), "answers can be taught to anybody"
    assert [bool(why) for why in rows["Attention"]] == [False, True, True]


@pytest.mark.parametrize("name", ["hints", "attention", "rkd", "similarity", "fsp"])
def test_the_formulas_have_the_weights_of_the_distillers(name):
    strength = importlib.import_module(f"kdviz.distillers.{name}").STRENGTH
    formula = re.search(rf"^  {name}: \[\s*besides\((\d*)\)", (INSIDE / "formulas.js").read_text(), re.M)
    assert formula is not None
    assert float(formula[1] or 1) == strength
