"""Curves of several runs over one another, and the words that tell runs apart."""

import math

import pytest

from kdviz.charts.layout import SYMBOLS
from kdviz.charts.overlay import (
    MOST_RUNS,
    PLAIN_DASH,
    POINTS,
    LearningCurve,
    learning_curves,
    overlay_figure,
    run_colours,
)
from kdviz.charts.palette import palette
from kdviz.recipes.single import Recipe
from kdviz.records.sweep import FinishedStack, StackProgress
from kdviz.store.runs import RunStore
from kdviz.widgets.runs import words as run_words
from kdviz.widgets.runs.words import main_figures
from tests.samples.comparison_records import comparison, moment
from tests.samples.run_records import progress, put, recipe, result, stack_events, sweep, swept


@pytest.fixture
def store(tmp_path):
    found = RunStore(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield found
    found.close()


def test_a_single_run_has_both_students_over_its_epochs():
    wanted = recipe(epochs=8)
    distilled, plain = learning_curves(
        wanted, [*progress(wanted, "teacher"), *progress(wanted), *progress(wanted, "plain")]
    )
    assert (distilled.way, plain.way, plain.plain) == ("distilled", "without a teacher", True)
    assert distilled.epochs == (2, 4, 6, 8)
    assert distilled.accuracy[-1] == pytest.approx(0.95)


def test_a_long_run_is_thinned_and_keeps_its_end():
    wanted = recipe()
    (line,) = learning_curves(wanted, progress(wanted, steps=1000, reports=1000))
    assert len(line.epochs) <= POINTS
    assert line.epochs[-1] == wanted.epochs


def test_a_way_with_stages_shows_the_students_own_training_in_the_mean_over_the_seeds():
    wanted = comparison(methods=("plain", "born-again"))
    events = [
        moment("teacher", 100),
        moment("plain", 100, accuracy=(0.9, 0.8)),
        moment("born-again", 100, accuracy=(0.5,), stage="generation 1", number=1, stages=2),
        moment("born-again", 50, accuracy=(0.7, math.nan), number=2, stages=2),
    ]
    plain, again = learning_curves(wanted, events)
    assert plain.plain
    assert plain.accuracy == pytest.approx((0.85,))
    assert again.epochs == (1,)
    assert again.accuracy == (0.7,), "a seed that diverged is left out"


def test_a_sweep_shows_its_choice_and_the_control():
    wanted = sweep()
    chosen, plain = learning_curves(wanted, stack_events(wanted), swept(wanted))
    assert chosen.way == "T = 4, α = 1"
    assert chosen.epochs == (1, 2, 3, 4)
    assert chosen.accuracy[-1] == pytest.approx(0.9 + 0.004 * 4 + 0.001), "the mean over three seeds"
    assert plain.plain
    assert plain.accuracy[-1] == pytest.approx(0.901)


def test_what_a_stack_said_counts_once():
    wanted = sweep()
    events = stack_events(wanted)
    only_parts = [event for event in events if isinstance(event, FinishedStack)]
    assert learning_curves(wanted, events, swept(wanted)) == learning_curves(wanted, only_parts, swept(wanted))


def test_a_sweep_without_a_choice_shows_the_best_so_far():
    wanted = sweep()
    best, _ = learning_curves(wanted, [event for event in stack_events(wanted) if isinstance(event, StackProgress)])
    assert best.way == "T = 4, α = 1, best so far"
    assert learning_curves(wanted, []) == []


def test_only_where_all_seeds_have_got_is_there_a_mean():
    wanted = sweep(seeds="0,1")
    grown = [event for event in stack_events(wanted) if isinstance(event, StackProgress)]
    early = [event for event in grown if event.stack.seed == 0 or event.step <= 20]
    best, _ = learning_curves(wanted, early)
    assert best.epochs == (1, 2)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_are_told_apart_by_more_than_colour(theme):
    colours = palette(theme)
    line = LearningCurve("distilled", False, 2, (1.0, 2.0), (0.8, 0.9))
    control = LearningCurve("without a teacher", True, 2, (1.0, 2.0), (0.7, 0.8))
    runs = {f"run {number}": [line, line, control] for number in range(MOST_RUNS + 1)}
    traces = overlay_figure(runs, 0.6, colours).data
    assert len(traces) == 3 * MOST_RUNS
    looks = {(trace.line.color, trace.line.dash, trace.marker.symbol) for trace in traces}
    assert len(looks) == len(traces)
    assert [trace.line.dash for trace in traces[:3]] == ["solid", "dot", PLAIN_DASH]
    assert {trace.marker.symbol for trace in traces[::3]} == set(SYMBOLS)
    assert {colours.teacher, colours.label}.isdisjoint(run_colours(colours)), "they have their own meaning"
    assert contrast(colours.paper, run_colours(colours)) > 3


def contrast(paper, found):
    """The lowest contrast of these colours with the paper, as WCAG has it."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    pairs = [sorted((luminance(paper), luminance(colour))) for colour in found]
    return min((high + 0.05) / (low + 0.05) for low, high in pairs)


def test_the_axis_begins_at_the_floor_unless_a_line_ends_below_it():
    colours = palette("light")
    high, low = LearningCurve("a", False, 1, (1.0,), (0.9,)), LearningCurve("b", False, 1, (1.0,), (0.3,))
    assert overlay_figure({"x": [high]}, 0.6, colours).layout.yaxis.range == (0.6, 1)
    assert overlay_figure({"x": [high, low]}, 0.6, colours).layout.yaxis.range is None


def test_recipes_differ_only_in_what_plays_a_part():
    assert run_words.differing([recipe(), recipe()]) == {}
    assert run_words.differing([recipe(), recipe(seed=1, alpha=0.2)]) == {"alpha": ["0.7", "0.2"], "seed": ["0", "1"]}
    shipped = Recipe.suited("digits", {"pretrained": True})
    other = Recipe.suited("digits", {"pretrained": True, "teacher_epochs": 7})
    assert run_words.differing([shipped, other]) == {}, "the trained teacher has its own epochs"
    found = run_words.differing([sweep(), sweep(folds=3), sweep(search="random", draws=7)])
    assert found["folds"] == ["–", "3", "–"]
    assert found["draws"] == ["–", "–", "7"]
    of_all = run_words.differing([recipe(), comparison(), sweep()])
    assert of_all["study"] == ["single run", "comparison", "sweep"]
    assert of_all["temperature"] == ["5", "5", "1, 4"]
    assert of_all["seed"] == ["0", "0-2", "0-2"]
    assert not {"temperatures", "seeds", "students", "label_counts"} & of_all.keys()


def test_a_short_name_says_what_tells_a_run_from_the_others(store):
    runs = [put(store, recipe(temperature=t, seed=s), status="cancelled") for t, s in ((1.0, 0), (2.0, 0), (2.0, 1))]
    assert [name[6:] for name in run_words.short_names(runs).values()] == [
        " · T = 1, seed 0",
        " · T = 2, seed 0",
        " · T = 2, seed 1",
    ]
    assert run_words.short_names(runs[:1]) == {runs[0].id: runs[0].id[:6]}
    assert [name[6:] for name in run_words.short_names(runs[:2]).values()] == [" · T = 1", " · T = 2"]


def test_a_sweep_is_named_by_its_search_and_not_by_its_lists(store):
    swept = put(store, sweep(search="halving", temperatures="1:20:9"))
    several = put(store, sweep(search="halving", temperatures="1:20:9", seeds="0-4"))
    short = [name[6:] for name in run_words.short_names([swept, several]).values()]
    assert short == [" · halving, seed 0-2", " · halving, seed 0-4"]
    single = put(store, recipe())
    assert run_words.short_names([swept, single])[swept.id] == f"{swept.id[:6]} · halving"


def test_a_result_that_is_no_number_has_no_main_figures():
    wanted = recipe()
    diverged = result(wanted).model_copy(
        update={"distilled": result(wanted).distilled.model_copy(update={"test_accuracy": math.nan})}
    )
    assert main_figures(diverged) is None
    assert main_figures(None) is None
    found = main_figures(swept(sweep()))
    assert (found.who, found.accuracy, found.plain) == ("T = 4, α = 1", 0.97, 0.964)


def test_in_brief_the_legend_names_who_is_taught():
    alone = LearningCurve("without a teacher", True, 2, (1.0, 2.0), (0.7, 0.8))
    taught = LearningCurve("distilled", False, 2, (1.0, 2.0), (0.7, 0.9))

    def named(runs, **look):
        figure = overlay_figure(runs, 0.6, palette("light"), **look)
        listed = [trace.name for trace in figure.data if trace.showlegend is not False]
        return listed, [note.text for note in figure.layout.annotations]

    both = {"one": [taught, alone], "other": [alone]}
    assert named(both) == (["one: distilled", "one: without a teacher", "other: without a teacher"], [])
    assert named(both, brief=True) == (
        ["one: distilled", "other: without a teacher"],
        ["dashed: without a teacher"],
    )
    assert named({"other": [alone]}, brief=True) == (["other: without a teacher"], [])
