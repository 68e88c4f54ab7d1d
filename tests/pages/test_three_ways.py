"""The page "Three ways to teach" without a browser: its controls, links, and a finished run from the store."""

import re
from datetime import UTC, datetime

import pytest

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import DEFAULT, METHODS
from kdviz.recipes.openings import OPENINGS
from kdviz.recipes.single import Recipe
from kdviz.records.comparison import FinishedMethod
from kdviz.reports.called import called
from tests.samples.app_pages import button, component, markdown, opened, run_of, said, start
from tests.samples.comparison_records import compared, comparison, moment

PAGE, TRAIN = "pages/three_ways.py", "pages/watch_it_train.py"
ALL_FIT = {"teacher": "cnn-32-64", "student": "cnn-8-16"}


def panels(at):
    return component(at, "panels")


def family(at, name):
    """The pills of a family."""
    return next(group for group in at.get("button_group") if group.key == f"methods_{name}")


def test_the_page_opens_with_few_labels_and_seeds_enough_for_a_verdict(jobs):
    at = opened(PAGE)
    assert at.query_params["seeds"] == "0-4"
    start(at)
    assert jobs.submitted == [OPENINGS["three_ways"]("digits")]


def test_before_a_run_the_panels_show_who_will_teach_whom(jobs):
    at = opened(PAGE)
    data = panels(at)
    assert tuple(panel["method"] for panel in data["panels"]) == DEFAULT
    assert all(not panel["stages"] for panel in data["panels"])
    assert not data["live"]
    assert not said(at)
    assert not button(at, "Start").disabled
    assert {"Where it helps, where it does not, and why", "In formulas", "Try this", "Sources"} <= {
        each.value for each in at.header
    }
    sources = at.markdown[-1].value
    assert METHODS["born-again"].address in sources
    assert METHODS["rkd"].address not in sources, "sources of what is shown"


def test_start_queues_the_comparison_of_the_link(jobs):
    at = opened(PAGE, methods="mutual,offline", seeds="0,2,7", epochs="4", temperature="3.0")
    assert at.number_input(key="number_of_seeds").value == 3
    start(at)
    (wanted,) = jobs.submitted
    assert wanted == Comparison(
        data="digits", methods=("plain", "offline", "mutual"), seeds=(0, 2, 7), epochs=4, temperature=3.0
    )
    assert at.query_params["run"] == wanted.id


def test_standardised_logits_the_hint_and_what_students_see_have_their_controls(jobs):
    own = {
        "standardised_temperature": "3",
        "standardised_alpha": "0.5",
        "hint_layer": "middle",
        "transfer_classes": "0-5",
    }
    at = opened(PAGE, methods="hints,standardised", **own)
    assert not said(at)
    start(at)
    wanted = jobs.submitted[-1]
    assert (wanted.standardised_temperature, wanted.standardised_alpha) == (3.0, 0.5)
    assert (wanted.hint_layer, wanted.transfer_classes) == ("middle", (0, 1, 2, 3, 4, 5))
    at = opened(PAGE, methods="hints,standardised")
    at.text_input(key="transfer_classes").set_value("7,8").run()
    at.selectbox(key="hint_layer").set_value("middle").run()
    start(at)
    wanted = jobs.submitted[-1]
    assert (wanted.standardised_temperature, wanted.standardised_alpha) == (2.0, 0.9)
    assert (wanted.hint_layer, wanted.transfer_classes) == ("middle", (7, 8))
    at.text_input(key="transfer_classes").set_value("7").run()
    assert "transfer_classes is 7; it takes at least two of the classes 0 to 9" in said(at)
    assert button(at, "Start").disabled


def test_the_number_of_seeds_stands_in_the_link_as_the_command_line_writes_it(jobs):
    at = opened(PAGE)
    at.number_input(key="number_of_seeds").set_value(5).run()
    assert at.query_params["seeds"] == "0-4"
    at.number_input(key="number_of_seeds").set_value(1).run()
    assert at.query_params["seeds"] == "0", "a link that names nothing asks for what the page opens with"
    at.number_input(key="number_of_seeds").set_value(2).run()
    start(at)
    assert jobs.submitted[0].seeds == (0, 1)


def test_a_pill_chooses_a_way_and_labels_only_cannot_be_left_out(jobs):
    at = opened(PAGE, methods="offline")
    family(at, "online").set_value(["mutual-three"]).run()
    assert at.query_params["methods"] == "plain,offline,mutual-three"
    family(at, "control").set_value([]).run()
    assert at.query_params["methods"] == "plain,offline,mutual-three"
    assert family(at, "control").value == ["plain"]
    assert [panel["method"] for panel in panels(at)["panels"]] == ["plain", "offline", "mutual-three"]


def test_what_does_not_fit_the_networks_says_why(jobs):
    at = opened(PAGE)
    said_below = " ".join(caption.value for caption in at.caption)
    assert (
        "Attention transfer cannot be chosen: it compares maps of features, and needs two convolutional" in said_below
    )
    assert "attention" not in family(at, "feature").options

    at = opened(PAGE, methods="attention,rkd", **ALL_FIT)
    assert [panel["method"] for panel in panels(at)["panels"]] == ["plain", "attention", "rkd"]
    at.selectbox(key="student").set_value("784-128-10").run()
    assert at.query_params["methods"] == "plain,rkd"
    assert [panel["method"] for panel in panels(at)["panels"]] == ["plain", "rkd"]
    assert not at.error
    assert [each.value for each in at.info] == ["Left out, because they do not fit these networks: Attention transfer."]
    at.number_input(key="epochs").set_value(7).run()
    assert not at.info, "said once"


@pytest.mark.parametrize(
    ("preset", "wanted"),
    [
        ("All labels, five seeds", {"seeds": (0, 1, 2, 3, 4), "labels": None}),
        ("100 labels", {"labels": 100, "alpha": 0.9}),
        ("All labels, twenty seeds", {"seeds": tuple(range(20))}),
        ("Peers, three ways", {"methods": ("plain", "mutual", "mutual-mixed", "mutual-three")}),
        ("Through an assistant", {"teacher": "784-800-800-10", "student": "784-30-30-10"}),
        ("100 labels, five ways offline", {"labels": 100, "epochs": 30, "seeds": (0,), "teacher_epochs": None}),
    ],
)
def test_a_preset_sets_the_controls(jobs, preset, wanted):
    at = opened(PAGE, seeds="0-2", epochs="3", methods="rkd")
    button(at, preset).click().run()
    assert not at.exception
    start(at)
    (recipe,) = jobs.submitted
    assert {name: getattr(recipe, name) for name in wanted} == wanted
    if "methods" not in wanted and preset in ("100 labels", "All labels, five seeds"):
        assert recipe.methods == DEFAULT


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"methods": "telepathy"}, "telepathy; it takes one of plain, label-smoothing"),
        ({"methods": "attention"}, "784-128-10. What does not fit is left out."),
        ({"methods": ""}, "cannot be: it has methods without a value. Shown is the default"),
        ({"seeds": "0-99"}, "seeds is 0-99; it takes 1 to 20 whole numbers"),
        ({"seeds": "²"}, "seeds is ²; it takes 1 to 20 whole numbers"),
        ({"seeds": ""}, "cannot be: it has seeds without a value. Shown is the default"),
        ({"epochs": "0"}, "epochs is 0; it takes a whole number"),
        ({"hint_layer": "first"}, "hint_layer is first; it takes one of last, middle"),
        ({"standardised_alpha": "9"}, "standardised_alpha is 9; it takes a number from 0 to 1"),
        ({"transfer_classes": "0-10"}, "transfer_classes is 0-10; it takes at least two of the classes 0 to 9"),
        ({"run": "nonsense"}, "There is no run nonsense"),
    ],
)
def test_a_bad_link_is_answered_in_a_sentence(jobs, query, sentence):
    at = opened(PAGE, **query)
    assert sentence in said(at)
    assert not button(at, "Start").disabled
    assert panels(at)["panels"], "who will teach whom"
    start(at)
    assert at.query_params.get("methods") == ("plain" if query.get("methods") == "attention" else None)
    assert at.query_params["seeds"] == "0"


def test_a_finished_comparison_shows_table_verdicts_and_control(stored):
    wanted = comparison(seeds=(0, 1, 2, 3, 4))
    events = [moment(name, step) for step in (50, 100) for name in wanted.methods]
    stored(wanted, events=events, result=compared(wanted, better=("offline",)))
    at = opened(PAGE, data=None, run=wanted.id)
    data = panels(at)
    assert [panel["stages"][0]["step"] for panel in data["panels"]] == [[50, 100]] * 3
    text = markdown(at)
    table = next(element.value for element in at.markdown if "| right ↑ | errors |" in element.value)
    assert re.search(r"\| Offline \| 97\.96\u00a0% ±\u00a00\.08 \| 20\.4 \|.*\| 2\.0 \(7\.0\) \|.*\| better \|", table)
    assert re.search(r"\| Two peers \|.*\| no difference shown \(\d\.\d\d points would have been found\) \|", table)
    assert "**Offline**: better: +2.00 points" in text
    assert len(at.get("plotly_chart")) == 1, "what is folded is made when somebody wants it"
    at.session_state["reliability_diagrams"] = True
    assert len(at.run().get("plotly_chart")) == 2
    whole = " ".join(element.proto.body for element in at.get("html"))
    assert "students of another teacher" in whole
    assert "no gain in accuracy is shown for Two peers" in whole
    assert at.number_input(key="number_of_seeds").value == 5, "a link that names a run alone brings its settings"
    assert button(at, "Start").disabled


def test_one_seed_gets_no_verdict(stored):
    wanted = comparison(seeds=(0,))
    stored(wanted, result=compared(wanted))
    at = opened(PAGE, run=wanted.id, methods="offline,mutual")
    whole = " ".join(element.proto.body for element in at.get("html"))
    assert "One seed, no verdict" in whole
    assert "**Offline**:" not in markdown(at)
    assert "is shown for" not in whole
    assert re.search(r"\| Offline \|.*\| no verdict \|", markdown(at))
    assert "96.00\u00a0% (94.6–97.0)" in markdown(at)


def test_a_live_comparison_says_where_it_is(stored):
    wanted = comparison()
    teaching = [moment("teacher", 50, stage="seed 1", number=2, stages=3)]
    store = stored(wanted, status="running", events=teaching)
    at = opened(PAGE, run=wanted.id)
    progress = at.get("progress")[0].proto
    assert progress.text == "Teacher 2 of 3: epoch 1 of 2 · 90.0\u00a0% right · 5 s left"
    assert panels(at)["live"]
    assert not panels(at)["taught"]

    store.said += [moment(name, 60) for name in wanted.methods]
    store.said.append(FinishedMethod(method="plain", trials=[]))
    at = opened(PAGE, run=wanted.id)
    assert at.get("progress")[0].proto.text == "3 ways to teach, in turns: epoch 2 of 2 · 4 s left"
    assert {"Pause", "Cancel"} <= {each.label for each in at.button}


def test_a_teacher_that_is_no_students_own_says_for_whom_it_is(stored):
    wanted = comparison(seeds=(0,))
    stored(wanted, status="running", events=[moment("teacher", 50, stage="seed 1", number=2, stages=2)])
    at = opened(PAGE, run=wanted.id)
    assert at.get("progress")[0].proto.text.startswith("Teacher 2 of 2, for the control: epoch 1 of 2")

    wanted = comparison(seeds=(0,), methods=("several-teachers",))
    stored(wanted, status="running", events=[moment("teacher", 50, stage="seed 2", number=3, stages=3)])
    at = opened(PAGE, run=wanted.id)
    assert at.get("progress")[0].proto.text.startswith("Teacher 3 of 3, for Several teachers: epoch 1 of 2")


@pytest.mark.parametrize(("steps", "kept"), [((), ""), ((50,), ": what it had shown so far is kept")])
def test_a_cancelled_run_keeps_what_it_has_shown(stored, steps, kept):
    wanted = comparison()
    stored(wanted, status="cancelled", events=[moment("plain", step) for step in steps])
    at = opened(PAGE, run=wanted.id)
    assert at.get("progress")[0].proto.text == f"**{called(wanted)}** · run {wanted.id}, cancelled{kept}"


def test_runs_of_one_kind_are_told_from_those_of_another(stored):
    recipe = Recipe(data="digits")
    stored(recipe, status="cancelled")
    at = opened(PAGE, run=recipe.id)
    assert f"Run {recipe.id} belongs to the page “Watch it train”" in said(at)
    assert panels(at)["panels"]
    wanted = comparison()
    stored(wanted, status="cancelled")
    at = opened(TRAIN, run=wanted.id)
    assert f"Run {wanted.id} belongs to the page “Three ways to teach”" in said(at)


def test_what_a_file_says_answers_no_question_to_a_class(keep):
    recipe = comparison()
    mine = run_of(recipe, result=compared(recipe))
    keep(mine, mine.model_copy(update={"id": f"imported-{recipe.id}"}))
    assert panels(opened(PAGE, run=recipe.id))["truth"]["says"]
    assert panels(opened(PAGE, run=f"imported-{recipe.id}"))["truth"] is None


def test_a_trained_comparison_is_watched_again_or_trained_anew(keep):
    recipe = OPENINGS["three_ways"]("digits")
    ended = {"finished": datetime(2026, 3, 9, 12, tzinfo=UTC)}
    jobs = keep(run_of(recipe, result=compared(recipe)).model_copy(update=ended))
    at = opened(PAGE, run=recipe.id)
    assert panels(at)["replays"] == 0
    assert panels(at)["date"] == "9 March 2026"
    button(at, "Watch it again").click().run()
    assert panels(at)["replays"] == 1
    assert not jobs.submitted, "watching trains nothing"
    button(at, "Train anew").click().run()
    assert jobs.submitted == [(recipe, "anew")]
