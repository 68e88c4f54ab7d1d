"""The explorer's page without a browser: its controls, its links, its estimate, and sweeps from the store."""

from concurrent.futures import Future
from types import SimpleNamespace
from typing import get_args

import pytest

from kdviz.charts.sweep_map import key_of
from kdviz.jobs.queue import JobError
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.sweep import Sweep
from kdviz.records.kinds import AnyRecipe
from kdviz.records.sweep import Estimate
from kdviz.reports.phrases import expected_duration
from kdviz.widgets import kinds
from kdviz.widgets.sweep import estimate as sweep_estimate
from kdviz.widgets.sweep import form as sweep_form
from tests.samples.app_pages import button, component, markdown, opened, read, said, start
from tests.samples.sweep_plans import carried_out, learnt_stack
from tests.samples.sweep_records import BEST, cell, sweep, swept

PAGE, TRAIN = "pages/explorer.py", "pages/watch_it_train.py"
ESTIMATE = "kdviz.runners.estimate:sweep"


@pytest.fixture(autouse=True)
def nothing_is_known():
    """Estimates and pictures of other tests."""
    sweep_estimate._estimates.clear()


def estimating(jobs, seconds=None, memory=25_000_000, problem=None):
    """Let the worker estimate so many seconds; without them it is on its way."""
    asked, usual = [], jobs.call

    def call(function, *args, key):
        if function != ESTIMATE:
            return usual(function, *args, key=key)
        future = Future()
        asked.append(Sweep.model_validate_json(args[0]))
        if seconds is not None:
            future.set_result(Estimate(seconds=seconds, memory=memory).model_dump_json())
        elif problem is not None:
            future.set_exception(JobError(problem))
        return future

    jobs.call = call
    jobs.cluster = SimpleNamespace(device={"name": "CPU", "threads": 2}, workers=1)
    return asked


def the_map(at):
    return component(at, "scales")


def captions(at):
    return " ".join(element.value for element in at.caption)


def whole(at):
    return " ".join(element.proto.body for element in at.get("html"))


def test_before_a_run_the_map_shows_which_cells_will_be_trained(jobs):
    estimating(jobs, seconds=40)
    at = opened(PAGE)
    data = the_map(at)
    assert (data["temperatures"], data["alphas"]) == ([1, 2, 4, 8, 20], [0, 0.25, 0.5, 0.75, 1])
    assert not data["live"]
    assert not said(at)
    assert "20 cells with a teacher and labels only, × 3 seeds: 63 students." in captions(at)
    assert "About 40\u00a0s on this machine · 25.0\u00a0MB of memory for the largest stack" in captions(at)
    assert {"What you see", "How the choice is made", "In formulas", "Try this", "Sources"} <= {
        header.value for header in at.header
    }
    assert len(at.radio) == 3
    assert len(at.latex) == 3
    assert "Bergstra" in at.markdown[-1].value


def test_start_queues_the_sweep_of_the_link(jobs):
    estimating(jobs, seconds=3)
    at = opened(
        PAGE,
        temperatures="1,4",
        alphas="0:1:3",
        seeds="0,2",
        test_seeds="5-7",
        epochs="4",
        students="784-128-10,784-30-30-10",
    )
    assert at.text_input(key="alphas").value == "0:1:3", "as it was written"
    assert at.slider(key="alphas_range").value == (0.0, 1.0)
    assert at.number_input(key="alphas_count").value == 3
    start(at)
    (wanted,) = jobs.submitted
    assert wanted == Sweep(
        data="digits",
        temperatures=(1, 4),
        alphas=(0, 0.5, 1),
        seeds=(0, 2),
        test_seeds=(5, 6, 7),
        epochs=4,
        students=("784-128-10", "784-30-30-10"),
    )
    assert at.query_params["run"] == wanted.id


def test_slider_and_number_write_the_values_and_follow_them(jobs):
    at = opened(PAGE)
    assert at.select_slider(key="temperatures_range").value == (1.0, 20.0)
    at.number_input(key="temperatures_count").set_value(3).run()
    assert at.text_input(key="temperatures").value == "1,4.5,20"
    assert at.query_params["temperatures"] == "1,4.5,20"
    at.select_slider(key="temperatures_range").set_range(2.0, 50.0).run()
    assert at.text_input(key="temperatures").value == "2,10,50"
    at.text_input(key="temperatures").set_value("0.7,3").run()
    assert at.select_slider(key="temperatures_range").value == (0.7, 3.0)
    assert at.number_input(key="temperatures_count").value == 2
    at.slider(key="alphas_range").set_range(0.5, 0.9).run()
    assert at.text_input(key="alphas").value == "0.5,0.6,0.7,0.8,0.9"
    assert not at.exception
    start(at)
    assert jobs.submitted[0].temperatures == (0.7, 3.0)


def test_a_range_of_one_value_is_one_value_and_can_be_opened_again(jobs):
    at = opened(PAGE, temperatures="4")
    assert at.number_input(key="temperatures_count").disabled
    assert at.select_slider(key="temperatures_range").value == (4.0, 4.0)
    at.select_slider(key="temperatures_range").set_range(4.0, 20.0).run()
    assert at.text_input(key="temperatures").value == "4,6,8.9,13,20"
    at.number_input(key="temperatures_count").set_value(1).run()
    assert at.text_input(key="temperatures").value == "4"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("temperatures", "20:1:5", "temperatures is 20:1:5; the range is reversed: write 1:20:5."),
        ("temperatures", "", "temperatures is empty; it takes 1 to 30 numbers from 0.05 to 1000"),
        ("temperatures", "1:20:900", "temperatures is 1:20:900; it takes 1 to 30 numbers"),
        ("alphas", "0,hot", "alphas is 0,hot; it takes 1 to 30 numbers from 0 to 1"),
        ("seeds", "0-99", "seeds is 0-99; it takes 1 to 20 whole numbers"),
        ("test_seeds", "2-4", "test_seeds is 2-4; it takes seeds that are not among those that choose, 0,1,2"),
        ("label_counts", "5", "label_counts is 5; it takes up to 30 whole numbers of at least 10"),
        ("learning_rates", "-1", "learning_rates is -1; it takes 1 to 30 numbers"),
    ],
)
def test_a_text_that_cannot_be_read_gets_a_sentence_and_loses_nothing(jobs, name, text, sentence):
    at = opened(PAGE, epochs="4")
    at.text_input(key=name).set_value(text).run()
    assert not at.exception
    (error,) = at.error
    assert sentence in read(error.value)
    assert at.text_input(key=name).value == text
    assert button(at, "Start").disabled
    assert at.number_input(key="epochs").value == 4
    assert not at.warning
    good = {"seeds": "0", "test_seeds": "", "label_counts": ""}.get(name, "0.5")
    at.text_input(key=name).set_value(good).run()
    assert not at.error
    assert not button(at, "Start").disabled


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"temperatures": "20:1:5"}, "the range is reversed"),
        ({"epochs": "0"}, "epochs is 0; it takes a whole number"),
        ({"students": "784-1-10"}, "students is 784-1-10; it takes one of"),
        ({"temperatures": "0.1:50:30", "alphas": "0:1:30", "seeds": "0-4"}, "a sweep takes at most 3,000."),
        ({"run": "nonsense"}, "There is no run nonsense"),
    ],
)
def test_a_bad_link_is_answered_in_a_sentence(jobs, query, sentence):
    at = opened(PAGE, **query)
    assert sentence in said(at)
    assert said(at).count(sentence) == 1


@pytest.mark.parametrize(
    ("preset", "wanted"),
    [
        ("The default grid", {"temperatures": (1, 2, 4, 8, 20), "seeds": (0, 1, 2), "epochs": 3}),
        ("Random search", {"search": "random", "draws": 20, "temperatures": (1, 20)}),
        ("Successive halving", {"search": "halving", "epochs": 3}),
        ("Five folds", {"select": "folds", "folds": 5, "seeds": (0,)}),
        ("Few labels", {"label_counts": (30, 100, 300)}),
        ("Three widths", {"students": ("784-256-10", "784-128-10", "784-30-30-10")}),
    ],
)
def test_a_preset_sets_the_controls(jobs, preset, wanted):
    at = opened(PAGE, seeds="0,9", epochs="3", temperatures="7", folds="3", learning_rates="0.1")
    assert at.selectbox(key="select").value == "folds", "folds alone mean choosing by them"
    button(at, preset).click().run()
    assert not at.exception
    start(at)
    (recipe,) = jobs.submitted
    assert {name: getattr(recipe, name) for name in wanted} == wanted
    assert recipe.learning_rates == ()
    if "folds" not in wanted:
        assert recipe.folds is None
    if "temperatures" not in wanted:
        assert recipe.temperatures != (7,)


def test_the_random_search_has_as_many_students_as_the_default_grid(jobs):
    """The page says so, and asks to compare their choices."""
    at = opened(PAGE)
    button(at, "Random search").click().run()
    start(at)
    (drawn,) = jobs.submitted
    assert len(drawn.trained_cells) == len(Sweep().trained_cells)
    assert drawn.seeds == Sweep().seeds


def test_a_preset_keeps_the_epochs_and_says_where_they_are_too_few(jobs):
    at = opened(PAGE, epochs="2", teacher_epochs="5")
    button(at, "Few labels").click().run()
    assert (at.number_input(key="epochs").value, at.number_input(key="teacher_epochs").value) == (2, 5)
    assert "raised" not in captions(at)
    button(at, "Successive halving").click().run()
    assert (at.number_input(key="epochs").value, at.number_input(key="teacher_epochs").value) == (3, 5)
    assert "Epochs were raised to 3, the fewest that successive halving can do with." in captions(at)
    at.number_input(key="epochs").set_value(9).run()
    assert "raised" not in captions(at)
    button(at, "The default grid").click().run()
    assert at.number_input(key="epochs").value == 9
    assert not at.error


def test_limits_of_a_number_stand_in_its_help(jobs):
    at = opened(PAGE)
    assert at.number_input(key="epochs").help.startswith("1–500; ")
    assert at.number_input(key="learning_rate").help.startswith("Above 0, up to 10; ")
    assert " At least 10; " in at.number_input(key="labels").help
    assert " 2–20; " in opened(PAGE, folds="3").number_input(key="folds").help


@pytest.mark.parametrize(
    ("finished", "label", "says"),
    [(True, "Go on", "trains only what is missing"), (False, "Start again", "begins anew")],
)
def test_a_stopped_sweep_goes_on_by_one_button(stored, finished, label, says):
    wanted = sweep()
    store = stored(wanted, status="cancelled", events=[learnt_stack(carried_out(wanted)[0])] if finished else [])
    at = opened(PAGE, data=None, run=wanted.id)
    assert button(at, "Start").disabled
    assert [each.label for each in at.button if each.label in ("Go on", "Start again")] == [label]
    assert f"These settings were begun and not finished; *{label}*, below, {says}." in captions(at)
    assert "Estimating" not in captions(at)
    button(at, label).click().run()
    assert store.submitted == [wanted]


def test_what_a_link_calls_a_run_is_not_read_as_markdown(jobs):
    at = opened(PAGE, run="![x](https://example.org/x.png)")
    assert "There is no such run in this store." in said(at)
    assert "example.org" not in said(at)


def test_students_stand_in_the_link_as_the_command_line_writes_them(jobs):
    at = opened(PAGE)
    at.multiselect(key="student_choice").set_value(["784-30-30-10"]).run()
    assert at.query_params["student"] == "784-30-30-10"
    at.multiselect(key="student_choice").set_value(["784-30-30-10", "784-128-10"]).run()
    assert at.query_params["students"] == "784-128-10,784-30-30-10"
    assert "student" not in at.query_params
    at.multiselect(key="student_choice").set_value([]).run()
    assert at.multiselect(key="student_choice").value, "one student there must be"
    start(at)
    assert jobs.submitted[0].students == ("784-128-10", "784-30-30-10")


def test_the_estimate_is_waited_for_without_blocking_and_a_slow_worker_is_said(jobs, monkeypatch):
    asked = estimating(jobs)
    at = opened(PAGE, epochs="4")
    assert "Estimating how long it will take …" in captions(at)
    assert "busy" not in captions(at)
    assert not button(at, "Start").disabled
    monkeypatch.setattr(sweep_estimate, "SLOW", 0.0)
    at.run()
    assert "The worker is busy with something else, or is still starting." in captions(at)
    assert len(asked) == 1, "asked once"


def test_an_estimate_that_cannot_be_had_is_said_and_asked_for_again(jobs):
    asked = estimating(jobs, problem="The worker was lost.")
    at = opened(PAGE, epochs="4")
    assert "How long it takes cannot be estimated just now: The worker was lost." in captions(at)
    at.run()
    assert len(asked) > 1
    start(at)
    assert jobs.submitted


def test_a_long_sweep_is_asked_for_twice(jobs):
    estimating(jobs, seconds=7300)
    at = opened(PAGE)
    assert button(at, "Start").disabled
    (yes,) = at.checkbox
    assert yes.label == "Yes, train for about 2.0\u00a0h"
    yes.check().run()
    start(at)
    assert jobs.submitted
    other = opened(PAGE, epochs="31")
    assert button(other, "Start").disabled, "another sweep is another question"


def test_a_press_on_start_that_comes_before_a_long_estimate_starts_nothing(jobs, monkeypatch):
    monkeypatch.setattr(sweep_estimate, "PATIENCE", 5.0)
    asked = estimating(jobs)
    at = opened(PAGE)
    assert not button(at, "Start").disabled
    future, _ = sweep_estimate._estimates(asked[0].id, None, None)
    future.set_result(Estimate(seconds=7300, memory=1).model_dump_json())
    start(at)
    assert not jobs.submitted
    assert "This sweep takes about 2.0\u00a0h. If you want that, say so beside Start" in said(at)
    assert at.checkbox


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "less than 1\u00a0s"),
        (38.4, "about 38\u00a0s"),
        (61, "about 61\u00a0s"),
        (300, "about 5\u00a0min"),
        (9000, "about 2.5\u00a0h"),
        (90_000, "about 25\u00a0h"),
    ],
)
def test_times_to_come_are_said_as_far_as_they_are_known(seconds, text):
    assert expected_duration(seconds) == text


def test_several_workers_share_the_work():
    said_of = sweep_estimate.in_words(Estimate(seconds=90, memory=25_000_000), workers=3)
    assert said_of.startswith("About 2\u00a0min for one worker; 3 share the work · 25.0\u00a0MB of memory")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "6 cells with a teacher and labels only, × 3 seeds: 21 students."),
        (
            {"temperatures": (4.0,), "alphas": (0.5,), "seeds": (0,)},
            "1 cell with a teacher and labels only, × 1 seed: 2 students.",
        ),
        ({"alphas": (0.0,)}, "Labels only, × 3 seeds: 3 students."),
        ({"alphas": (0.0,), "seeds": (7,)}, "Labels only, × 1 seed: 1 student."),
        ({"folds": 5, "seeds": (0,)}, "6 cells with a teacher and labels only, × 1 seed × 5 folds: 35 students."),
        (
            {"students": "784-30-30-10,784-128-10"},
            "12 cells with a teacher and 2 from labels only, × 3 seeds: 42 students.",
        ),
        ({"search": "halving", "epochs": 9}, "; the better third goes on, from 1 to 3 to 9 epochs."),
        ({}, "21 students. Then the choice is trained anew and tested, with seeds 3–5."),
        ({"test_seeds": "0-2"}, "Then the choice is trained once more and tested, with seeds 0–2."),
    ],
)
def test_how_many_students_there_will_be_is_said(changes, text):
    assert text in sweep_form.size_in_words(sweep(**changes))


def test_a_finished_sweep_shows_what_was_learnt_its_choice_and_its_slices(stored):
    wanted = sweep()
    stored(wanted, result=swept(wanted, tied=[(1.0, 0.75)]))
    at = opened(PAGE, data=None, run=wanted.id)
    assert "Best on the validation split is T = 4, α = 0.75" in whole(at)
    assert "Of six cells with a teacher, 6 are better than labels only." in markdown(at)
    assert "| **T = 4, α = 0.75** | 97.69\u00a0% ±\u00a00.40 | 8.3 |" in markdown(at)
    assert "| The same student, labels only | 95.56\u00a0% ±\u00a00.00 | 16.0 |" in markdown(at)
    assert "T and α were chosen on the 180 validation images" in captions(at)
    assert "with their teacher and the same student from labels only, were tried on the test images" in captions(at)
    assert "widened" not in captions(at).split("On the images that were held out")[1].split("verdicts compare")[0]
    assert (len(at.get("plotly_chart")), len(at.dataframe)) == (2, 0), "what is folded is made when somebody wants it"
    at.session_state["side_by_side"] = at.session_state["every_cell"] = True
    at.run()
    assert (len(at.get("plotly_chart")), len(at.dataframe)) == (3, 1)
    assert "**Over T**, at α = 0.75" in markdown(at)
    assert at.text_input(key="temperatures").value == "1,4,20", "a link that names a run alone brings its settings"
    assert at.number_input(key="epochs").value == 3
    assert button(at, "Start").disabled
    assert "Estimating" not in captions(at)
    assert "cannot be estimated" not in captions(at)
    runs = next(link.proto for link in at.get("page_link") if "Keep it" in link.proto.label)
    assert f"run={wanted.id}" in runs.query_string


def test_a_sweep_from_before_says_that_its_test_was_with_the_seeds_that_chose_and_its_link_means_it(stored):
    wanted = sweep(test_seeds="0-2")
    stored(wanted, result=swept(wanted))
    at = opened(PAGE, data=None, run=wanted.id, cell=key_of(cell(20.0, 0.5)))
    assert "Then it was trained once more with the seeds that chose it" in whole(at)
    assert "a “better” comes too easily" in whole(at)
    assert at.text_input(key="test_seeds").value == "0-2"
    assert at.code[0].value.endswith(" --test-seeds 0,1,2")
    assert button(at, "Start").disabled, "the controls mean this very sweep"


def test_a_selected_cell_stands_in_the_link_with_its_recipe(stored):
    wanted = sweep()
    stored(wanted, result=swept(wanted))
    at = opened(PAGE, run=wanted.id, cell=key_of(cell(20.0, 0.5)))
    assert "**The recipe of T = 20, α = 0.5**" in markdown(at)
    assert "| T | α | Data | Epochs | Teacher’s epochs |" in markdown(at)
    assert "| 20 | 0.5 | digits | 3 | 3 |" in markdown(at)
    first, second = at.code[0].value.splitlines()
    assert first.startswith("python -m kdviz train --data digits --epochs 3 ")
    assert "--temperature 20 --alpha 0.5" in first
    assert second.startswith("python -m kdviz sweep --data digits --epochs 3 ")
    links = [link.proto for link in at.get("link_button")]
    assert [link.label for link in links] == ["seed 0", "seed 1", "seed 2"]
    assert links[2].url == ("watch_it_train?data=digits&epochs=3&temperature=20&alpha=0.5&teacher_epochs=3&seed=2")
    assert "**Over T**, at α = 0.5" in markdown(at), "the slices follow"
    assert the_map(at)["cell"] == key_of(cell(20.0, 0.5))


@pytest.mark.parametrize("key", ["T=3 alpha=0.5", "<script>", ""])
def test_a_cell_that_is_none_of_the_sweeps_is_no_cell(stored, key):
    wanted = sweep()
    stored(wanted, result=swept(wanted))
    at = opened(PAGE, run=wanted.id, cell=key)
    assert "The recipe of" not in markdown(at)
    assert f"**Over T**, at α = {BEST[1]:g}" in markdown(at)


def test_a_cell_of_the_map_before_the_start_shows_its_recipe_too(jobs):
    at = opened(PAGE, cell="T=4 alpha=0.5")
    assert "**The recipe of T = 4, α = 0.5**" in markdown(at)


def test_one_seed_and_divergence_are_said(stored):
    wanted = sweep(seeds=(0,))
    stored(wanted, result=swept(wanted, diverged=[(20.0, 0.75)]))
    at = opened(PAGE, run=wanted.id)
    assert "One seed, no verdict" in markdown(at)
    assert "One student diverged in (T = 20, α = 0.75): its weights are no numbers any more" in markdown(at)
    assert "97.78\u00a0% (" in markdown(at)


def test_where_labels_only_was_chosen_it_stands_once_in_the_table(stored):
    wanted = sweep()
    found = swept(wanted)
    plain = found.choice.model_copy(update={"cell": cell(*BEST).plain})
    stored(wanted, result=found.model_copy(update={"choice": plain}))
    at = opened(PAGE, run=wanted.id)
    assert "The same student, labels only" not in markdown(at)
    assert "the choice is the student that learns from labels only" in whole(at)


def test_a_sweep_in_which_all_diverged_has_no_choice(stored):
    wanted = sweep()
    stored(wanted, result=swept(wanted, diverged=[(t, a) for t in (1.0, 4.0, 20.0) for a in (0.0, 0.5, 0.75)]))
    at = opened(PAGE, run=wanted.id)
    assert "Every student diverged: nothing could be chosen." in whole(at)
    assert not at.exception


@pytest.mark.parametrize("search", [{"search": "random", "draws": 6}, {"search": "halving"}, {"folds": 3}])
def test_every_kind_of_search_has_its_page(stored, search):
    wanted = sweep(**search)
    stored(wanted, result=swept(wanted))
    at = opened(PAGE, data=None, run=wanted.id)
    assert not at.exception
    assert not at.error
    assert button(at, "Start").disabled, "the controls show the very sweep of the run"
    wider = "(Student’s t, widened because folds learn from largely the same images)"
    assert (wider in captions(at)) == ("folds" in search)


def test_runs_of_one_kind_are_told_from_those_of_another(stored):
    wanted = Comparison(data="digits")
    stored(wanted, status="cancelled")
    at = opened(PAGE, run=wanted.id)
    assert f"Run {wanted.id} belongs to the page “Three ways to teach”" in said(at)
    assert the_map(at)
    mine = sweep()
    stored(mine, status="cancelled")
    at = opened(TRAIN, run=mine.id)
    assert f"Run {mine.id} belongs to the page “Explorer”" in said(at)


def test_every_kind_of_run_has_a_page():
    assert set(kinds.HOMES) == set(get_args(AnyRecipe))
