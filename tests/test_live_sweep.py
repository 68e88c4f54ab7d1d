"""A sweep while it trains, without a browser: where it is, what it says, and what the map is given."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from kdviz.charts import heat_map
from kdviz.charts.heard import hear
from kdviz.runs import Run
from kdviz.widgets import live_sweep, server
from tests import sweep_records
from tests.fake_training import finished_stack, progress, teaching
from tests.test_heat_map import cell_at, events_of, reports_of, stacks, sweep
from tests.test_pages import components, jobs, opened  # noqa: F401, a fixture
from tests.test_three_ways_page import Store

PAGE = "pages/explorer.py"


@pytest.fixture
def page(jobs, monkeypatch):  # noqa: F811
    """The page with a sweep of which these events are heard."""
    live_sweep._frame.clear()  # tests have the same run at different moments

    def show(wanted, events=(), status="running", result=None, **query):
        run = Run(id=wanted.id, recipe=wanted, status=status, attempt=1, created=datetime.now(UTC), result=result)
        monkeypatch.setattr(server, "jobs", lambda: Store(run, events))
        return opened(PAGE, run=wanted.id, **query)

    return show


def the_map(at):
    return next(data for data in components(at) if "scales" in data)


def bar(at):
    return next(element.proto for element in at.get("progress"))


def said(at):
    return " ".join(element.proto.body for element in at.get("html"))


def position(wanted, events):
    return live_sweep._position(wanted, hear(events), events)


def test_a_sweep_that_waits_shows_empty_cells(page):
    at = page(sweep(), status="queued")
    data = the_map(at)
    assert data["live"]
    assert set(data["cells"]["progress"]) == {0}
    assert "Nothing of a student has been measured yet." in said(at)


def test_a_live_sweep_says_where_it_is_and_what_is_best_so_far(page):
    wanted = sweep()
    first, second = stacks(wanted)
    at = page(wanted, [*reports_of(first), finished_stack(first, 6), *reports_of(second)[:2]])
    assert "Stack 2 of 2 · seed 1 · 7 students · epoch 1 of 3 · " in bar(at).text
    data = the_map(at)
    best = data["best"][0]
    accuracy, gain = data["cells"]["validation_accuracy"][best], data["cells"]["gains"]["validation_accuracy"][best]
    cell = wanted.trained_cells[best]
    assert (
        f"best cell is T = {cell.temperature:g}, α = {cell.alpha:g} with {100 * accuracy:.1f}\u00a0%; labels only has "
        f"{100 * (accuracy - gain):.1f}\u00a0%, with the same seeds and as far trained. Whether that is more than "
        "luck, the end will say."
    ) in said(at)
    assert len(data["details"]["cells"]) == len(wanted.trained_cells), "all of them are there when a finger points"


def test_before_a_student_is_done_the_sentence_says_so(page):
    wanted = sweep()
    at = page(wanted, reports_of(stacks(wanted)[0])[:2])
    assert "So far, in the middle of the training, " in said(at)


def test_labels_only_alone_is_not_called_the_best(page):
    wanted = sweep(label_counts=(100,))
    at = page(wanted, reports_of(stacks(wanted)[0])[:2])
    assert "labels only has" in said(at)
    assert "best cell" not in said(at)


def test_cells_that_share_the_best_figure_are_called_some_of_the_best():
    wanted = sweep()
    data = heat_map.picture(wanted, hear(events_of(wanted)))
    best, accuracies = data["best"][0], data["cells"]["validation_accuracy"]
    accuracies[best] = 0.99
    assert "the best cell is" in live_sweep._sentence(wanted, data)
    accuracies[best - 1] = 0.99
    assert "one of the best cells is" in live_sweep._sentence(wanted, data)


def test_while_a_teacher_learns_it_is_named():
    wanted = sweep()
    assert position(wanted, []) is None
    assert position(wanted, [teaching(wanted, 1, 2.0)]).text.startswith("The teacher of seed 1: epoch 1 of ")


def test_a_fold_is_named():
    wanted = sweep(folds=3, seeds=(4,))
    assert "seed 4, fold 1 · " in position(wanted, reports_of(stacks(wanted)[0])[:1]).text


def test_on_one_machine_the_seconds_left_are_those_that_it_says():
    wanted = sweep()
    reports = reports_of(stacks(wanted)[0])[:3]
    said_last = reports[-1].model_copy(update={"seconds_left": 77.0})
    found = position(wanted, [*reports[:-1], said_last])
    assert found.seconds_left == 77.0
    share = live_sweep.share_done(live_sweep.Plan.of(wanted), hear(reports))
    assert found.seconds / (found.seconds + found.seconds_left) == pytest.approx(share)
    assert 0 < share < 0.5 / 2


def test_where_stacks_train_at_once_the_whole_is_estimated_from_what_is_done():
    """Each of four stacks takes 10 s, two at once; the choice is as much work as 30 students of the 28."""
    wanted = sweep(seeds=(0, 1, 2, 3))
    parts = stacks(wanted)
    growing = [
        [
            r.model_copy(update={"seconds": r.step * 10 / 6, "seconds_left": 10 - r.step * 10 / 6})
            for r in reports_of(part)
        ]
        for part in parts
    ]
    both = [event for pair in zip(growing[0][:3], growing[1][:3], strict=True) for event in pair]
    early = position(wanted, both)
    assert early.text.startswith("2 stacks at once, 0 of 4 done · 14 students · ")
    work, choice = 4 * 7 * 3, 5 * 3 * 4
    left = (work + choice - 7 * 3) / 21 * 10 / 2
    assert early.seconds_left == pytest.approx(left)

    done = finished_stack(parts[0])
    trials = [trial.model_copy(update={"seconds": 10 / 7}) for trial in done.trials]
    later = position(wanted, [*both, done.model_copy(update={"trials": trials}), growing[1][3]])
    assert later.seconds_left == pytest.approx((work + choice - 21 - 21 * 4 / 6) / 21 * 10 / 2)
    assert later.text.startswith("Stack 2 of 4"), "of one that is left alone it is said as on one machine"


def test_the_choice_is_shown_and_the_bar_goes_on():
    wanted = sweep()
    events = events_of(wanted)
    before = position(wanted, events)
    runs = [progress(1, 4, 1.0), progress(4, 4, 8.0)]
    first = [event.model_copy(update={"seconds_left": left}) for event, left in zip(runs, (7.0, 0.0), strict=True)]
    at_first = position(wanted, [*events, first[0]])
    at_second = position(wanted, [*events, *first, first[0]])
    assert "The choice trains once more, for the test images · seed 0 · " in at_first.text
    assert " · seed 1 · " in at_second.text
    assert (at_first.seconds_left, at_second.seconds_left) == (15.0, 7.0)
    shares = [each.seconds / (each.seconds + each.seconds_left) for each in (before, at_first, at_second)]
    assert shares == sorted(shares)
    assert shares[1] > live_sweep.Plan.of(wanted).work / (live_sweep.Plan.of(wanted).work + 30)


def test_rounds_of_halving_are_planned_without_knowing_who_survives():
    wanted = sweep(search="halving", epochs=9)
    plan = live_sweep.Plan.of(wanted)
    assert plan.stacks == 3 * 2
    assert plan.work == 2 * (7 * 1 + 3 * 3 + 2 * 9), "six taught, then two, then one, each with the control"


def test_the_end_has_verdicts_on_the_map_and_its_summary_below(page):
    swept = sweep_records.swept()
    at = page(swept.recipe, status="finished", result=swept)
    data = the_map(at)
    assert sum(data["cells"]["chosen"]) == 1
    assert "What was learnt" in {header.value for header in at.subheader}
    assert "So far" not in said(at)


def test_a_link_selects_a_cell_and_one_that_is_not_there_selects_none(page):
    wanted = sweep()
    events = events_of(wanted)
    assert the_map(page(wanted, events, cell="T=4 alpha=0.5"))["cell"] == heat_map.key_of(cell_at(wanted, 4.0, 0.5))
    assert the_map(page(wanted, events, cell="T=5 alpha=<b>"))["cell"] is None
    assert the_map(page(wanted, events))["cell"] is None


def test_of_many_cells_only_the_best_and_the_selected_one_send_their_curves(page):
    wanted = sweep(temperatures="1:20:10", alphas="0.1:1:10", seeds=(0,))
    at = page(wanted, events_of(wanted), cell="T=20 alpha=0.1")
    data = the_map(at)
    best = data["cells"]["key"][data["best"][0]]
    assert set(data["details"]["cells"]) == {best, data["cell"]}


def preview_and_select():
    """The script of a page on which a browser has just sent a cell."""
    import streamlit as st

    from kdviz.widgets import live_sweep
    from tests.test_heat_map import sweep

    taken = {}
    live_sweep._map = lambda **kwargs: taken.update(kwargs)
    live_sweep.preview(sweep())
    st.session_state[live_sweep.KEY] = {"cell": st.session_state["sent"]}
    taken["on_cell_change"]()
    st.text(st.query_params.get("cell", "none"))


@pytest.mark.parametrize(
    ("sent", "cell"),
    [
        (
            "T=4 alpha=0.5 lr=0.001 student=784-128-10 labels=all",
            "T=4 alpha=0.5 lr=0.001 student=784-128-10 labels=all",
        ),
        (None, "none"),
        ("T=3 alpha=0.5", "none"),
        (["T=4 alpha=0.5"], "none"),
        ({"toString": 1}, "none"),
        (7, "none"),
    ],
)
def test_what_a_browser_sends_is_a_cell_of_the_sweep_or_none(monkeypatch, sent, cell):
    monkeypatch.setattr(live_sweep, "_map", live_sweep._map)  # put back afterwards
    at = AppTest.from_function(preview_and_select)
    at.session_state["sent"] = sent
    at.query_params["cell"] = "T=1 alpha=1"
    at.run()
    assert not at.exception
    assert at.text[0].value == cell


def test_a_run_of_another_kind_is_left_alone():
    live_sweep._panel(SimpleNamespace(), SimpleNamespace(recipe=None))
