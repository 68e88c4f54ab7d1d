"""A sweep while it trains, without a browser: where it is, what it says, and what the map is given."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from kdviz.charts import sweep_map as heat_map
from kdviz.records.sweep_so_far import gather
from kdviz.widgets.sweep import live as live_sweep
from kdviz.widgets.sweep import time_left as sweep_time
from tests.samples import sweep_records
from tests.samples.app_pages import component, opened, run_of
from tests.samples.fake_training import finished_stack, progress, teaching
from tests.samples.live_sweeps import cell_at, events_of, reports_of, stacks, sweep

PAGE = "pages/explorer.py"


@pytest.fixture
def page(keep):
    """The page with a sweep of which these events are heard."""

    def show(wanted, events=(), status="running", result=None, **query):
        keep(run_of(wanted, status, result), events=events)
        return opened(PAGE, run=wanted.id, **query)

    return show


def the_map(at):
    return component(at, "scales")


def bar(at):
    return next(element.proto for element in at.get("progress"))


def said(at):
    return " ".join(element.proto.body for element in at.get("html"))


def position(wanted, events):
    return live_sweep._position(wanted, gather(events), events)


def test_a_sweep_that_waits_shows_empty_cells(page):
    at = page(sweep(), status="queued")
    data = the_map(at)
    assert data["live"]
    assert set(data["cells"]["progress"]) == {0}
    assert "Nothing of a student has been measured yet." in said(at)


def test_the_teacher_that_learns_first_is_drawn_until_a_student_is_heard_of(page):
    wanted = sweep()
    learning = [teaching(wanted, 0, step=step, steps=9) for step in (3, 6)]
    at = page(wanted, learning)
    assert the_map(at)["teaching"]["step"] == [3, 6]
    first, _ = stacks(wanted)
    for heard in (
        [*learning, *reports_of(first)[:1]],
        [*learning, finished_stack(first, 6)],
        [*learning, *events_of(wanted)],
    ):
        assert live_sweep._read(wanted, run_of(wanted, "running", None), heard).data.picture["teaching"] is None


def test_a_live_sweep_says_where_it_is_and_what_is_best_so_far(page):
    wanted = sweep()
    first, second = stacks(wanted)
    later = [report.model_copy(update={"seconds": 4.0}) for report in reports_of(second)[:2]]
    at = page(wanted, [*reports_of(first), finished_stack(first, 6), *later])
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
    data = heat_map.picture(wanted, gather(events_of(wanted)))
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


def timed(stack, pace=0.2, before=2.0):
    """Reports of a stack that is ready to begin after a while, and then takes `pace` seconds of each update."""
    return [report.model_copy(update={"seconds": before + pace * report.step}) for report in reports_of(stack)]


def done_in_time(stack, **times):
    return finished_stack(stack).model_copy(update={"moments": timed(stack, **times)})


def left(wanted, events):
    return sweep_time.times(wanted, events).seconds_left


def test_before_anything_is_heard_there_are_no_times():
    assert sweep_time.times(sweep(), []) is None


def test_the_seconds_left_are_of_all_stacks_and_of_the_choice():
    """Both stacks take 3.2 s, for 7 x 3 epochs of a student; the choice is as much as 2 x 5 x 3 of them.

    Before it come the two teachers of its seeds.
    """
    wanted = sweep()
    of_test = 2 * 3.2 / 21 * sweep_time.Plan.of(wanted).teacher
    first, second = stacks(wanted)
    early = timed(first)[:3]
    rest = 3.2 / 21 * (2 * 21 + 30 - 21 / 2)
    teacher = left(wanted, early) - rest
    assert teacher > of_test > 0, "the second seed's teacher is to come"
    done = done_in_time(first)
    assert left(wanted, [*early, done, *timed(second)[:2]]) == pytest.approx(3.2 / 21 * (21 * 4 / 6 + 30) + of_test)
    assert left(wanted, [*early, done, done_in_time(second)]) == pytest.approx(3.2 / 21 * 30 + of_test), "never nothing"


def test_while_a_teacher_learns_the_students_to_come_are_counted():
    wanted = sweep()
    plan = sweep_time.Plan.of(wanted)
    events = [teaching(wanted, 0, 2.0, 1, 4)]  # a teacher takes 8 s
    assert len(plan.teachers) == 2 + 2, "those of the test are others"
    assert left(wanted, events) == pytest.approx(8 * (3.75 + (plan.work + plan.choice) / plan.teacher))
    ready = [teaching(wanted, 0, 8.0, 4, 4)]
    assert left(wanted, ready) == pytest.approx(8 * (3 + (plan.work + plan.choice) / plan.teacher))
    assert len(sweep_time.Plan.of(sweep(test_seeds="0-1")).teachers) == 2


def test_the_first_report_of_a_stack_is_not_taken_for_its_pace():
    """It has the teacher's answers in it."""
    wanted = sweep()
    stack = stacks(wanted)[0]
    taught = [teaching(wanted, seed, 1.0, 4, 4) for seed in (*wanted.seeds, *wanted.seeds_of_test)]
    slow = timed(stack, before=9.0)
    one, two = left(wanted, [*taught, *slow[:1]]), left(wanted, [*taught, *slow[:2]])
    assert two == pytest.approx((9.0 + 6 * 0.2) / 21 * (72 - 7))
    assert one < 9.2 * 6 / 21 * 60


def test_the_share_only_grows_and_ends_before_the_choice():
    wanted = sweep()
    first, second = stacks(wanted)
    events = [
        *(teaching(wanted, 0, 0.5 * step, step, 4) for step in (1, 4)),
        *timed(first),
        done_in_time(first),
        *(teaching(wanted, 1, 0.5 * step, step, 4) for step in (1, 4)),
        *timed(second),
        done_in_time(second),
        progress(1, 4, 1.0).model_copy(update={"seconds_left": 7.0}),
    ]
    shares = [sweep_time.times(wanted, events[: n + 1]).share for n in range(len(events))]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.1
    assert 0.5 < shares[-1] < 1
    found = position(wanted, events[:5])
    assert found.seconds / (found.seconds + found.seconds_left) == pytest.approx(shares[4])


def test_where_stacks_train_at_once_they_share_the_time():
    wanted = sweep(seeds=(0, 1, 2, 3))
    parts = stacks(wanted)
    both = [event for pair in zip(timed(parts[0]), timed(parts[1]), strict=True) for event in pair][:6]
    taught = [teaching(wanted, seed, 1.0, 4, 4) for seed in (*wanted.seeds, *wanted.seeds_of_test)]
    early = position(wanted, [*taught, *both])
    assert early.text.startswith("2 stacks at once, 0 of 4 done · 14 students · ")
    assert early.seconds_left == pytest.approx(3.2 / 21 * ((84 - 21) / 2 + 60))
    later = position(wanted, [*taught, *both, done_in_time(parts[0]), timed(parts[1])[3]])
    assert later.seconds_left == pytest.approx(3.2 / 21 * ((84 - 21 - 14) / 2 + 60))
    assert later.text.startswith("Stack 2 of 4"), "of one that is left alone it is said as on one machine"


def test_students_count_by_their_size():
    wanted = sweep(students=("784-30-30-10", "784-128-10"))
    work = {stack.cells[0].student: sweep_time.work_of(wanted, stack) for stack in stacks(wanted)}
    assert work["784-128-10"] > 4 * work["784-30-30-10"]
    assert sweep_time.Plan.of(wanted).work == pytest.approx(2 * sum(work.values()))


def test_the_choice_is_shown_and_the_bar_goes_on():
    wanted = sweep()
    events = events_of(wanted)
    before = position(wanted, events)
    runs = [progress(1, 4, 1.0), progress(4, 4, 8.0)]
    first = [event.model_copy(update={"seconds_left": left}) for event, left in zip(runs, (7.0, 0.0), strict=True)]
    at_first = position(wanted, [*events, first[0]])
    at_second = position(wanted, [*events, *first, first[0]])
    assert "For the test, the choice trains anew · seed 2 · epoch 1 of 1" in at_first.text
    assert " · seed 3 · " in at_second.text
    of_teacher = position(wanted, [*events, first[0].model_copy(update={"role": "teacher"})])
    assert " · seed 2 · its teacher, epoch 1 of 1" in of_teacher.text
    assert (at_first.seconds_left, at_second.seconds_left) == (15.0, 7.0)
    shares = [each.seconds / (each.seconds + each.seconds_left) for each in (before, at_first, at_second)]
    assert shares == sorted(shares)
    assert shares[1] > 42 / (42 + 30)


def test_rounds_of_halving_are_planned_without_knowing_who_survives():
    wanted = sweep(search="halving", epochs=9)
    plan = sweep_time.Plan.of(wanted)
    assert plan.stacks == 3 * 2
    assert plan.work == 2 * (7 * 1 + 3 * 3 + 2 * 9), "six taught, then two, then one, each with the control"


def test_the_end_has_verdicts_on_the_map_and_its_summary_below(page):
    swept = sweep_records.swept()
    at = page(swept.recipe, status="finished", result=swept)
    data = the_map(at)
    assert sum(data["cells"]["chosen"]) == 1
    assert "What was learnt" in {header.value for header in at.header}
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

    from kdviz.widgets.sweep import live as live_sweep
    from tests.samples.live_sweeps import sweep

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
    live_sweep.PANEL.follow(SimpleNamespace(), SimpleNamespace(recipe=None, live=False), "a1")
