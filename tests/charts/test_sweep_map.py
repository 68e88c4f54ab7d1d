"""What the map of a sweep is drawn from: cells, levels, scales, curves."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdviz.charts import sweep_map as heat_map
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.records.sweep_plan import waiting
from kdviz.records.sweep_so_far import MEASURES, dropped, gather, level
from tests.samples import sweep_records
from tests.samples.fake_training import finished_stack, grown
from tests.samples.live_sweeps import cell_at, events_of, reports_of, stacks, sweep


def picture(of, events, swept=None):
    data = heat_map.picture(of, gather(events, swept.trials if swept else ()), swept)
    json.dumps(data, allow_nan=False)
    return data


def column(data, of, temperature, alpha):
    """Everything that is said of a cell."""
    at = of.trained_cells.index(cell_at(of, temperature, alpha))
    return {name: values[at] for name, values in data["cells"].items() if name != "gains"} | {
        f"{measure} gained": values[at] for measure, values in data["cells"]["gains"].items()
    }


def test_a_key_leads_back_to_its_cell():
    wanted = sweep(students=("784-30-30-10", "784-128-10"), label_counts=(30, 300), learning_rates=(0.001, 0.01))
    keys = [heat_map.key_of(cell) for cell in wanted.trained_cells]
    assert len(set(keys)) == len(wanted.trained_cells)
    assert [heat_map.cell_of(wanted, key) for key in keys] == list(wanted.trained_cells)


def test_cells_that_are_one_student_have_one_key():
    wanted = sweep()
    keys = {heat_map.key_of(cell) for cell in wanted.cells if cell.alpha == 0}
    assert keys == {"T=1 alpha=0 lr=0.001 student=784-128-10 labels=all"}
    assert heat_map.cell_of(wanted, "T=20 alpha=0") == cell_at(wanted, 1.0, 0.0)


def test_a_key_may_leave_open_what_the_sweep_does_not_vary():
    assert heat_map.cell_of(sweep(), "T=4 alpha=0.5") == cell_at(sweep(), 4.0, 0.5)


@pytest.mark.parametrize("key", [None, "", "T=3 alpha=0.5", "T", "=", "T=4 alpha=0.5 more=1", "<b>", "T=nan"])
def test_what_names_no_cell_is_none(key):
    assert heat_map.cell_of(sweep(), key) is None


def test_before_anything_is_heard_every_cell_is_there_and_empty():
    wanted = sweep(alphas=(0.5, 1.0))
    data = picture(wanted, [])
    assert data["cells"]["alpha"].count(0.0) == 1, "labels only is trained, asked for or not"
    assert len(data["cells"]["key"]) == 1 + 3 * 2
    assert set(data["cells"]["progress"]) == {0.0}
    assert set(data["cells"]["validation_accuracy"]) == {None}
    assert data["best"] == [None]
    assert data["scales"] == [dict.fromkeys(MEASURES)]
    assert "word" not in data["cells"], "verdicts are for the end"


def test_a_cell_that_learns_is_compared_with_labels_only_at_the_same_update():
    wanted = sweep(temperatures="1:20:9", alphas=(0.5, 1.0))  # two stacks for each seed: labels only is in the first
    first, second = stacks(wanted)[:2]
    plain, late = first.cells[0], second.cells[0]
    assert plain.alpha == 0
    growing = reports_of(second)[:2]
    heard = gather([*reports_of(first), finished_stack(first, 6), *growing])
    stands = level(heard, late, 2)
    report = reports_of(first)[1]
    for measure in MEASURES:
        mine = getattr(growing[-1], measure)[0]
        assert stands.means[measure] == pytest.approx(mine)
        assert stands.gains[measure] == pytest.approx(mine - getattr(report, measure)[0])
    assert stands.progress == pytest.approx(2 / 6 / 2), "one of two seeds is a third of its way"
    assert (stands.done, stands.running) == (0, 1)


def test_a_cell_is_not_compared_with_labels_only_that_is_behind():
    wanted = sweep(label_counts=(100,))  # labels only has its own batches, so a stack of its own
    alone, taught = stacks(wanted)[:2]
    assert [cell.alpha for cell in alone.cells] == [0.0]
    stands = level(gather([*reports_of(alone)[:2], *reports_of(taught)[:5]]), taught.cells[0], 2)
    assert stands.means
    assert not stands.gains
    stands = level(gather([*reports_of(alone)[:5], *reports_of(taught), finished_stack(taught)]), taught.cells[0], 2)
    assert not stands.gains, "a student that is done is not compared with one that learns"


def test_means_are_over_students_that_are_done_once_there_are_some():
    wanted = sweep()
    first, second = stacks(wanted)
    data = picture(wanted, [*reports_of(first), finished_stack(first), *reports_of(second)[:1]])
    trial = finished_stack(first).trials[first.cells.index(cell_at(wanted, 4.0, 0.5))]
    cell = column(data, wanted, 4.0, 0.5)
    assert cell["validation_accuracy"] == pytest.approx(trial.validation_accuracy)
    assert (cell["done"], cell["running"]) == (1, 1)
    assert cell["progress"] == pytest.approx((1 + 1 / 6) / 2, abs=1e-3)
    assert cell["validation_accuracy gained"] == pytest.approx(
        trial.validation_accuracy - finished_stack(first).trials[0].validation_accuracy
    )


def test_of_a_stack_that_begins_once_more_the_latest_counts():
    stack = stacks(sweep())[0]
    again = grown(stack, 2, 6).model_copy(update={"validation_accuracy": [0.5] * len(stack.cells)})
    heard = gather([*reports_of(stack)[:4], again])
    assert level(heard, stack.cells[1], 1).means["validation_accuracy"] == 0.5
    assert [report.step for report in heard.students[stack.cells[1], stack.epochs][0, None].reports] == [1, 2]
    assert [report.step for report in heard.growing] == [2]


def test_parts_that_were_done_before_are_said_again_and_counted_once():
    wanted = sweep()
    once = events_of(wanted)
    assert picture(wanted, [*once, *once]) == picture(wanted, once)


def test_a_student_that_diverged_is_counted_and_costs_its_neighbours_nothing():
    wanted = sweep(learning_rates=(0.001, 2.0))
    data = picture(wanted, events_of(wanted))
    for at, cell in enumerate(wanted.trained_cells):
        broken = cell.learning_rate == 2.0
        assert data["cells"]["diverged"][at] == (2 if broken else 0)
        assert (data["cells"]["validation_accuracy"][at] is None) == broken
        assert (data["cells"]["gains"]["nll"][at] is None) == (broken or cell.alpha == 0)
    assert data["scales"][1] == dict.fromkeys(MEASURES)
    assert data["best"][1] is None
    running = picture(wanted, [event for stack in stacks(wanted) for event in reports_of(stack)[:2]])
    assert running["cells"]["diverged"] == data["cells"]["diverged"], "seen while it happens"


def test_one_of_several_seeds_may_diverge():
    wanted = sweep()
    first, second = stacks(wanted)
    done = finished_stack(second)
    trials = [trial.model_copy(update={"diverged": True, "nll": math.nan}) for trial in done.trials]
    cell = cell_at(wanted, 4.0, 0.5)
    stands = level(gather([finished_stack(first), done.model_copy(update={"trials": trials})]), cell, 2)
    assert (stands.done, stands.diverged) == (2, 1)
    kept = finished_stack(first).trials[first.cells.index(cell)]
    assert stands.means["validation_accuracy"] == kept.validation_accuracy


def test_the_end_says_who_differs_what_is_chosen_and_what_ties():
    swept = sweep_records.swept(tied=((4.0, 0.5),))
    wanted = swept.recipe
    data = picture(wanted, [], swept)
    words = {summary.cell: summary.against_plain for summary in swept.summaries}
    assert data["cells"]["word"] == [words[c].word if words[c] else "" for c in wanted.trained_cells]
    assert [c for c, chosen in zip(wanted.trained_cells, data["cells"]["chosen"], strict=True) if chosen] == [
        swept.choice.cell
    ]
    assert column(data, wanted, 4.0, 0.5)["tied"] == 1
    low, high = column(data, wanted, 4.0, 0.75)["interval"]
    assert low < column(data, wanted, 4.0, 0.75)["validation_accuracy gained"] < high
    for summary in swept.summaries:
        cell = column(data, wanted, summary.cell.temperature, summary.cell.alpha)
        assert cell["validation_accuracy"] == pytest.approx(summary.validation_accuracy.mean, abs=1e-4)
        assert cell["progress"] == 1


def test_without_a_choice_there_is_none_on_the_map():
    wanted = sweep_records.sweep()
    swept = sweep_records.swept(wanted, diverged={(c.temperature, c.alpha) for c in wanted.trained_cells})
    assert set(picture(wanted, [], swept)["cells"]["chosen"]) == {0}


def test_maps_are_counted_as_the_lists_that_choose_among_them():
    wanted = sweep(students=("784-30-30-10", "784-128-10"), label_counts=(30, 300), learning_rates=(0.001, 0.01))
    data = picture(wanted, events_of(wanted))
    sizes = [len(chooser["values"]) for chooser in data["choosers"]]
    assert [chooser["name"] for chooser in data["choosers"]] == ["Student", "Labels", "Learning rate"]
    assert sizes == [2, 2, 2]
    for at, cell in enumerate(wanted.trained_cells):
        number = data["cells"]["facet"][at]
        assert data["choosers"][0]["values"][number // 4] == ARCHITECTURES[cell.student].called
        assert data["choosers"][1]["values"][number // 2 % 2] == f"{cell.labels} labels"
        assert data["choosers"][2]["values"][number % 2] == f"{cell.learning_rate:g}"
    assert len(data["scales"]) == len(data["best"]) == 8
    assert all(data["cells"]["facet"][best] == number for number, best in enumerate(data["best"]))


def test_random_search_is_points_and_all_maps_can_be_one():
    wanted = sweep(search="random", draws=9, students=("784-30-30-10", "784-128-10"))
    data = picture(wanted, events_of(wanted))
    assert data["shape"] == "points"
    assert data["together"]
    assert len(data["scales"]) == 3
    drawn = {(cell.temperature, cell.alpha) for cell in wanted.cells}
    assert drawn <= set(zip(data["cells"]["temperature"], data["cells"]["alpha"], strict=True))
    assert not picture(sweep(search="random"), [])["together"]


def test_halving_leaves_cells_behind_and_compares_each_at_its_own_epochs():
    wanted = sweep(search="halving", epochs=9)
    first = events_of(wanted)
    assert not dropped(wanted, gather(first[:-1])), "nobody is left behind before all are judged"
    gone = dropped(wanted, gather(first))
    assert len(gone) == 4
    assert all(cell.alpha > 0 for cell in gone)
    finished = [event for event in first if hasattr(event, "trials")]
    second = [event for stack in waiting(wanted, finished) for event in reports_of(stack)[:2]]
    data = picture(wanted, [*first, *second])
    for at, cell in enumerate(wanted.trained_cells):
        assert data["cells"]["dropped"][at] == (cell in gone)
        assert data["cells"]["epochs"][at] == (1 if cell in gone else 3)
        assert (data["cells"]["gains"]["nll"][at] is None) == (cell.alpha == 0)
    assert data["cells"]["done"][data["best"][0]] > 0, "who is done with a rung is better known than who learns"


def test_the_scale_is_not_ruined_by_one_bad_cell():
    good = [0.950, 0.952, 0.955, 0.957, 0.960]
    assert heat_map.scale(good, "validation_accuracy") == [0.95, 0.96, 0.0]
    worst, best, cut = heat_map.scale([0.10, *good], "validation_accuracy")
    assert 0.93 < worst < 0.95
    assert 0.96 <= best < 0.97
    assert cut == 1.0, "that there is worse is said"


def test_of_what_is_better_when_it_is_less_the_scale_runs_down():
    worst, best, cut = heat_map.scale([0.10, 0.11, 0.12, 0.13, 5.0], "nll")
    assert best <= 0.10
    assert 0.13 <= worst < 1
    assert cut == 1.0


def test_cells_that_hardly_differ_do_not_fill_the_scale():
    worst, best, _ = heat_map.scale([0.9500, 0.9502], "validation_accuracy")
    assert best - worst >= heat_map.LEAST_SPAN["validation_accuracy"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from(MEASURES))
def test_a_scale_has_its_best_figure_and_two_ends(figures, measure):
    worst, best, _ = heat_map.scale(figures, measure)
    if measure in ("nll", "ece"):
        assert best <= min(figures) * (1 + 1e-3)
        assert worst > best
    else:
        assert best >= max(figures) * (1 - 1e-3)
        assert worst < best


def test_cells_that_only_begin_have_no_colour_beside_those_that_are_done():
    wanted = sweep(temperatures="1:20:9", alphas=(0.5, 1.0))
    first, second = stacks(wanted)[:2]
    done = [*reports_of(first), finished_stack(first)]
    before = picture(wanted, done)
    assert not any(before["cells"]["young"])
    after = picture(wanted, [*done, *reports_of(second)[:1]])
    assert after["scales"] == before["scales"], "they do not move the scale"
    begun = [int(cell in second.cells) for cell in wanted.trained_cells]
    assert after["cells"]["young"] == begun
    assert {share for share, young in zip(after["cells"]["share"], begun, strict=True) if young} == {0.17}
    finished = picture(wanted, [*done, *reports_of(second), finished_stack(second)])
    assert not any(finished["cells"]["young"])


def test_in_the_middle_of_the_training_cells_as_far_as_one_another_are_compared():
    wanted = sweep(temperatures="1:20:9", alphas=(0.5, 1.0))
    first, second = stacks(wanted)[:2]
    together = picture(wanted, [*reports_of(first)[:3], *reports_of(second)[:3]])
    assert not any(together["cells"]["young"])
    apart = picture(wanted, [*reports_of(first)[:5], *reports_of(second)[:3]])
    assert apart["cells"]["young"] == [int(cell in second.cells) for cell in wanted.trained_cells]


def test_a_cell_of_which_one_seed_is_done_has_its_colour():
    wanted = sweep()
    first, second = stacks(wanted)
    data = picture(wanted, [*reports_of(first), finished_stack(first), *reports_of(second)[:1]])
    assert not any(data["cells"]["young"])


def test_in_halving_survivors_are_not_compared_with_those_that_were_left_behind():
    wanted = sweep(search="halving", epochs=9)
    first = events_of(wanted)
    finished = [event for event in first if hasattr(event, "trials")]
    one = waiting(wanted, finished)[0]
    learning = picture(wanted, [*first, *reports_of(one)[:2]])
    assert not any(learning["cells"]["young"]), "all that go on are as far as one another"
    own = [a for a, e in zip(learning["cells"]["nll"], learning["cells"]["epochs"], strict=True) if e == 3]
    best = heat_map.scale(own, "nll")[:2]
    assert learning["scales"][0]["nll"][:2] == best, "the scale is of those that go on"
    assert not any(picture(wanted, [*first, *reports_of(one), finished_stack(one)])["cells"]["young"])


def test_a_replay_begins_with_the_first_report_and_ends_with_the_last():
    wanted = sweep()
    events = events_of(wanted, reports=12)
    frames = heat_map.replay(wanted, events)
    assert len(frames) == heat_map.FRAMES
    trained = [sum(frame["cells"]["done"]) for frame in frames]
    assert trained == sorted(trained)
    assert (trained[0], sum(frames[0]["cells"]["running"])) == (0, len(stacks(wanted)[0].cells))
    assert trained[-1] >= len(stacks(wanted)[0].cells)
    assert not set(frames[0]["cells"]) & set(heat_map.PLACES), "what stays is not said again"
    assert heat_map.replay(wanted, []) == []


def test_any_finished_sweep_has_a_replay_a_short_one_of_its_reports_and_a_large_one_of_fewer_moments():
    assert len(heat_map.replay(sweep(), events_of(sweep(), reports=12)[:5])) == 5
    wanted = sweep(temperatures=tuple(range(1, 30)), alphas=(0, 0.3, 0.6, 1))
    frames = heat_map.replay(wanted, events_of(wanted, reports=12))
    assert 2 <= len(frames) < heat_map.FRAMES
    assert len(frames) * len(wanted.trained_cells) <= heat_map.MOST_IN_FRAMES


def test_details_have_curves_labels_only_at_the_same_updates_and_soft_targets():
    wanted = sweep()
    first, second = stacks(wanted)
    cell = cell_at(wanted, 4.0, 0.5)
    at = first.cells.index(cell)
    found = heat_map.details(wanted, gather([*reports_of(first), *reports_of(second)]), [cell])
    detail = found["cells"][heat_map.key_of(cell)]
    assert detail["step"] == [1, 2, 3, 4, 5, 6]
    assert detail["steps"] == 6
    for step, (accuracy, plain, soft) in enumerate(
        zip(detail["accuracy"], detail["plain"], detail["soft"], strict=True), 1
    ):
        both = [grown(stack, step, 6) for stack in (first, second)]
        assert accuracy == pytest.approx(sum(r.validation_accuracy[at] for r in both) / 2, abs=1e-4)
        assert plain == pytest.approx(sum(r.validation_accuracy[0] for r in both) / 2, abs=1e-4)
        assert soft == pytest.approx(0.5 / step, abs=1e-4)
    assert "logits" not in detail
    assert found["watched"] == {}

    found = heat_map.details(wanted, gather(events_of(wanted)), wanted.trained_cells)
    json.dumps(found, allow_nan=False)
    detail = found["cells"][heat_map.key_of(cell)]
    trial = finished_stack(first).trials[at]
    assert detail["watched"] == "seed 0"
    assert detail["logits"] == [[pytest.approx(z, abs=0.01) for z in row] for row in trial.watched_logits]
    assert list(found["watched"]) == ["seed 0"], "images travel once"
    assert found["watched"]["seed 0"]["labels"] == [0, 1]
    assert len(found["names"]) == 10


def test_curves_of_seeds_that_are_not_as_far_end_where_all_are():
    wanted = sweep()
    first, second = stacks(wanted)
    cell = cell_at(wanted, 4.0, 0.5)
    found = heat_map.details(wanted, gather([*reports_of(first)[:5], *reports_of(second)[:2]]), [cell])
    assert found["cells"][heat_map.key_of(cell)]["step"] == [1, 2]


def test_a_fold_is_named_with_its_seed():
    wanted = sweep(folds=3, seeds=(4,))
    found = heat_map.details(wanted, gather(events_of(wanted)), [cell_at(wanted, 4.0, 0.5)])
    assert list(found["watched"]) == ["seed 4, fold 1"]


def test_details_of_a_cell_that_has_not_begun_or_diverged_are_none():
    wanted = sweep(learning_rates=(2.0,))
    assert heat_map.details(wanted, gather([]), wanted.trained_cells)["cells"] == {}
    assert heat_map.details(wanted, gather(events_of(wanted)), wanted.trained_cells)["cells"] == {}


def test_a_message_stays_small():
    wanted = sweep(temperatures="1:40:20", alphas="0.05:1:20", seeds=(0,))
    heard = gather(events_of(wanted, 36))
    assert len(json.dumps(heat_map.picture(wanted, heard))) < 80_000
    usual = sweep(temperatures=(1, 2, 4, 8, 20), alphas=(0, 0.25, 0.5, 0.75, 1))
    heard = gather(events_of(usual, 36))
    assert len(json.dumps(heat_map.picture(usual, heard))) < 8_000
    assert len(json.dumps(heat_map.details(usual, heard, usual.trained_cells))) < 60_000
