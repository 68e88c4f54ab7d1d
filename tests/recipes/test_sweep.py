"""A sweep's recipe refuses what cannot be run in one sentence, travels unharmed, and names every student once."""

import json
import subprocess
import sys
import time
from itertools import product
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kdviz.errors import PlainError
from kdviz.recipes.base import Conditions, RecipeError
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import KEPT, MOST_STACKED, MOST_STUDENTS, Cell, Stack, Sweep
from kdviz.records import sweep_plan
from kdviz.records.kinds import RECIPES
from tests.samples.sweep_plans import carried_out, learnt_stack, ranking

TEMPERATURES = "it takes 1 to 30 numbers from 0.05 to 1000, as 1,2,4 or LOW:HIGH:COUNT."
ALPHAS = "it takes 1 to 30 numbers from 0 to 1, as 1,2,4 or LOW:HIGH:COUNT."
RATES = "it takes 1 to 30 numbers from 1e-06 to 10, as 1,2,4 or LOW:HIGH:COUNT."
LABELS = "it takes up to 30 whole numbers of at least 10, as 100,1000."
SEEDS = "it takes 1 to 20 whole numbers from 0 to 2,147,483,647, as 0-4 or 0,2,7."
A_NETWORK = f"it takes one of {', '.join(ARCHITECTURES)}."
NAN = float("nan")


@st.composite
def sweeps(draw):
    """Sweeps of all kinds, small enough to look at each student."""
    data = draw(st.sampled_from(["mnist", "digits"]))
    search = draw(st.sampled_from(["grid", "random", "halving"]))
    folds = draw(st.none() | st.integers(2, 4))
    few = DATA_SETS[data].training_images // 2
    return Sweep(
        data=data,
        temperatures=tuple(draw(st.lists(st.floats(0.05, 1000), min_size=2, max_size=4, unique=True))),
        alphas=tuple(draw(st.lists(st.sampled_from([0.0, 0.001, 0.3, 0.5, 1.0]), min_size=1, max_size=4))),
        learning_rates=tuple(draw(st.lists(st.floats(1e-6, 10), max_size=2))),
        students=tuple(draw(st.lists(st.sampled_from(sorted(ARCHITECTURES)), max_size=2))),
        label_counts=tuple(draw(st.lists(st.integers(10, few), max_size=2))),
        labels=draw(st.none() | st.integers(10, few)),
        seeds=tuple(draw(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=2))),
        test_seeds=draw(st.none() | st.just((2**31 - 8, 2**31 - 7))),
        epochs=draw(st.integers(KEPT, 30)),
        teacher_epochs=draw(st.none() | st.integers(1, 500)),
        search=search,
        draws=draw(st.integers(1, 30)),
        select="validation" if folds is None else "folds",
        folds=folds,
    )


# Values.


def test_defaults_are_the_grid_of_five_by_five_and_three_seeds():
    sweep = Sweep()
    assert (sweep.temperatures, sweep.alphas) == ((1, 2, 4, 8, 20), (0, 0.25, 0.5, 0.75, 1))
    assert (sweep.seeds, sweep.epochs, sweep.epochs_of_teacher, sweep.search) == ((0, 1, 2), 3, 3, "grid")
    assert (sweep.seeds_of_test, sweep.has_fresh_test) == ((3, 4, 5), True)
    assert (sweep.select, sweep.folds) == ("validation", None)
    assert len(sweep.cells) == 25
    assert len(sweep.trained_cells) == 21
    assert sweep.changes() == {}


def test_values_come_as_text():
    sweep = Sweep.parse(
        {
            "temperatures": "20,1,4",
            "alphas": "0:1:3",
            "learning_rates": "0.001:0.1:3",
            "students": "784-30-30-10, 784-128-10",
            "label_counts": "1000,100",
            "seeds": "0-2",
            "test_seeds": "7,5-6",
            "folds": "4",
        }
    )
    assert sweep.seeds_of_test == (5, 6, 7)
    assert sweep.temperatures == (1, 4, 20)
    assert sweep.alphas == (0, 0.5, 1)
    assert sweep.learning_rates == (0.001, 0.01, 0.1)
    assert sweep.students == ("784-128-10", "784-30-30-10")
    assert sweep.label_counts == (100, 1000)
    assert (sweep.seeds, sweep.select, sweep.folds) == ((0, 1, 2), "folds", 4)


@pytest.mark.parametrize("empty", ["", (), []])
@pytest.mark.parametrize("option", ["learning_rates", "students", "label_counts", "test_seeds"])
def test_an_empty_list_of_what_need_not_be_varied_varies_nothing(option, empty):
    assert Sweep.parse({option: empty}) == Sweep()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"temperatures": ""}, f"temperatures is empty; {TEMPERATURES}"),
        ({"temperatures": []}, f"temperatures is empty; {TEMPERATURES}"),
        ({"temperatures": "0"}, f"temperatures is 0; {TEMPERATURES}"),
        ({"temperatures": "1,nan"}, f"temperatures is 1,nan; {TEMPERATURES}"),
        ({"temperatures": [NAN]}, f"temperatures is [nan]; {TEMPERATURES}"),
        ({"temperatures": "1:1e9:5"}, f"temperatures is 1:1e9:5; {TEMPERATURES}"),
        ({"temperatures": "1:20:1000000"}, f"temperatures is 1:20:1000000; {TEMPERATURES}"),
        ({"temperatures": "20:1:5"}, "temperatures is 20:1:5; the range is reversed: write 1:20:5."),
        ({"temperatures": None}, f"temperatures is None; {TEMPERATURES}"),
        ({"alphas": ""}, f"alphas is empty; {ALPHAS}"),
        ({"alphas": "0,1.1"}, f"alphas is 0,1.1; {ALPHAS}"),
        ({"alphas": "1:0:5"}, "alphas is 1:0:5; the range is reversed: write 0:1:5."),
        ({"alphas": "-0.1"}, f"alphas is -0.1; {ALPHAS}"),
        ({"alphas": "0:1:31"}, f"alphas is 0:1:31; {ALPHAS}"),
        ({"learning_rates": "0"}, f"learning_rates is 0; {RATES}"),
        ({"learning_rates": "1e9"}, f"learning_rates is 1e9; {RATES}"),
        ({"learning_rates": "nan"}, f"learning_rates is nan; {RATES}"),
        ({"label_counts": "9"}, f"label_counts is 9; {LABELS}"),
        ({"label_counts": "10.5"}, f"label_counts is 10.5; {LABELS}"),
        ({"label_counts": [True]}, f"label_counts is [True]; {LABELS}"),
        ({"label_counts": "999999999999"}, f"label_counts is 999999999999; {LABELS}"),
        ({"label_counts": None}, f"label_counts is None; {LABELS}"),
        ({"students": "784-128-10,resnet"}, f"students is 784-128-10,resnet; {A_NETWORK}"),
        ({"students": None}, f"students is None; {A_NETWORK}"),
        ({"seeds": ""}, f"seeds is empty; {SEEDS}"),
        ({"seeds": "2-0"}, f"seeds is 2-0; {SEEDS}"),
        ({"seeds": "0-99999999"}, f"seeds is 0-99999999; {SEEDS}"),
        ({"test_seeds": "x"}, f"test_seeds is x; {SEEDS}"),
        ({"test_seeds": [True]}, f"test_seeds is [True]; {SEEDS}"),
        (
            {"test_seeds": "2-4"},
            "test_seeds is 2-4; it takes seeds that are not among those that choose, 0,1,2, or all of these.",
        ),
        ({"seeds": "x", "test_seeds": "0"}, f"seeds is x; {SEEDS}"),
        ({"search": "luck"}, "search is luck; it takes one of grid, random, halving."),
        ({"draws": 0}, "draws is 0; it takes a whole number from 1 to 1,000."),
        ({"draws": 1001}, "draws is 1001; it takes a whole number from 1 to 1,000."),
        ({"select": "test"}, "select is test; it takes one of validation, folds."),
        ({"folds": 1}, "folds is 1; it takes a whole number from 2 to 20."),
        ({"folds": 21}, "folds is 21; it takes a whole number from 2 to 20."),
        ({"folds": ""}, "folds is empty; it takes a whole number from 2 to 20."),
        (
            {"folds": 5, "select": "validation"},
            "folds is 5 with select validation; folds go with select folds.",
        ),
        ({"epochs": 501}, "epochs is 501; it takes a whole number from 1 to 500."),
        ({"study": "compare"}, "study is compare; it takes one of sweep."),
        (
            {"epochs": 2, "search": "halving"},
            "epochs is 2 with search halving; it takes at least 3, as the first cells are judged after a 3rd of the "
            "epochs.",
        ),
        (
            {"search": "random", "temperatures": "4", "alphas": "1"},
            "search is random with one temperature and one alpha; it takes at least two of one, to draw between.",
        ),
        (
            {"label_counts": "100,55001"},
            "label_counts has 55,001; it takes at most 55,000, the images a student learns from.",
        ),
        (
            {"label_counts": "100,56000", "folds": 20},  # a fold has 57,000; the choice's runs have 55,000
            "label_counts has 56,000; it takes at most 55,000, the images a student learns from.",
        ),
        (
            {"labels": 40_000, "folds": 2},
            "labels has 40,000; it takes at most 30,000, the images a student learns from.",
        ),
        (
            {"data": "digits", "batch_size": 1000, "folds": 2},
            "batch_size has 1,000; it takes at most 718, the images a student learns from.",
        ),
        (
            {"data": "digits", "teacher_labels": 1000, "folds": 2},
            "teacher_labels has 1,000; it takes at most 718, the images a student learns from.",
        ),
        ({"labels": 55_001}, "labels is 55001; it takes at most 55,000, the training images of mnist."),
        (
            {"temperatures": "1:20:30", "alphas": "0:1:30", "seeds": "0-9"},
            "temperatures, alphas and what else is listed make 8,710 students with their seeds and folds; "
            "a sweep takes at most 3,000.",
        ),
        (
            {"search": "random", "draws": 1000, "seeds": "0-9"},
            "temperatures, alphas and what else is listed make 9,990 students with their seeds and folds; "
            "a sweep takes at most 3,000.",
        ),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence(values, sentence):
    with pytest.raises(RecipeError) as caught:
        Sweep.parse(values)
    assert str(caught.value) == sentence


def test_millions_of_students_are_refused_at_once():
    begun = time.monotonic()
    of_each = (30 * 30 + 1) * 30 * 29 * 10 * 20  # cells with a teacher and the control, rates, labels, seeds, folds
    with pytest.raises(RecipeError, match=f"make {of_each * len(ARCHITECTURES):,} students"):
        Sweep.parse(
            {
                "temperatures": "1:20:30",
                "alphas": "0.01:1:30",
                "learning_rates": "0.0001:0.1:30",
                "students": ",".join(ARCHITECTURES),
                "label_counts": ",".join(str(100 + number) for number in range(29)),
                "seeds": "0-9",
                "folds": 20,
            }
        )
    assert time.monotonic() - begun < 1


@given(sweeps())
def test_the_limit_is_on_what_is_trained(sweep):
    trained = len(sweep.trained_cells) * len(sweep.seeds) * (sweep.folds or 1)
    assert trained <= MOST_STUDENTS
    assert sweep._cells_to_train() == len(sweep.trained_cells)


@pytest.mark.parametrize("option", ["temperature", "alpha", "methods", "seed", "pretrained"])
def test_what_a_sweep_has_not_is_refused_with_the_list_of_options(option):
    with pytest.raises(RecipeError, match=f"There is no option {option}; the options are data, teacher, .*alphas"):
        Sweep.parse({option: 5})


@given(
    st.dictionaries(
        st.sampled_from([*Sweep.model_fields, "x"]),
        st.text() | st.floats() | st.none() | st.integers() | st.lists(st.integers() | st.text() | st.floats()),
        max_size=4,
    )
)
def test_whatever_is_given_there_is_a_sweep_or_one_plain_sentence(values):
    sentence = "."
    try:
        assert isinstance(Sweep.parse(values), Sweep)
    except PlainError as error:
        sentence = str(error)
    assert sentence.endswith(".")


def test_folds_are_five_where_nothing_else_is_said():
    assert Sweep(select="folds").folds == 5
    assert Sweep(folds=3).select == "folds"
    assert Sweep(folds=None) == Sweep()


# Identity and travel.


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"temperatures": "4,1,4"}, {"temperatures": (1.0, 4.0)}),
        ({"alphas": [-0.0, 1]}, {"alphas": "0,1"}),
        ({"teacher_epochs": 3}, {"teacher_epochs": None}),
        ({"students": "784-128-10"}, {}),
        ({"students": "784-30-30-10"}, {"student": "784-30-30-10"}),
        ({"student": "784-256-10", "students": "784-30-30-10,784-128-10"}, {"students": "784-128-10,784-30-30-10"}),
        ({"learning_rates": "0.01", "learning_rate": 0.5}, {"learning_rate": 0.01}),
        ({"labels": 100}, {"label_counts": "100"}),
        ({"draws": 7}, {}),
        ({"select": "folds"}, {"folds": 5}),
        ({"seeds": "2,1,0"}, {"seeds": (0, 1, 2)}),
        ({"test_seeds": "3-5"}, {}),
        ({"seeds": "0,9", "test_seeds": "10,11"}, {"seeds": "0,9"}),
    ],
)
def test_equal_students_chosen_in_the_same_way_have_one_id(one, other):
    assert Sweep.parse(one).id == Sweep.parse(other).id


@pytest.mark.parametrize(
    "change",
    [
        {"data": "usps"},
        {"teacher": "cnn-32-64"},
        {"student": "784-30-30-10"},
        {"temperatures": (1, 2)},
        {"alphas": (0, 0.5)},
        {"learning_rates": (0.1,)},
        {"students": ("784-30-30-10",)},
        {"label_counts": (100,)},
        {"seeds": (1,)},
        {"test_seeds": (3, 4)},
        {"test_seeds": (0, 1, 2)},
        {"search": "halving"},
        {"search": "random", "draws": 7},
        {"select": "folds"},
        {"folds": 4},
        {"epochs": 4},
        {"teacher_epochs": 4},
        {"teacher_labels": 100},
        {"teacher_augmentation": "shift"},
        {"labels": 100},
        {"augmentation": "affine"},
        {"batch_size": 65},
        {"optimizer": "sgd"},
        {"learning_rate": 2e-3},
        {"schedule": "one-cycle"},
    ],
)
def test_every_field_is_part_of_the_identity(change):
    assert Sweep(**change).id != Sweep().id


def test_every_field_is_in_the_test_above():
    mark = next(m for m in test_every_field_is_part_of_the_identity.pytestmark if m.name == "parametrize")
    assert {name for change in mark.args[1] for name in change} == set(Sweep.model_fields) - {"study"}


def test_draws_matter_to_a_random_search():
    assert Sweep(search="random", draws=24).id != Sweep(search="random").id


@settings(max_examples=50)
@given(sweeps())
def test_equal_ids_mean_equal_trainings_of_teachers_and_students(sweep):
    """What `id` leaves out decides nothing: the first of the lists stand in for single values."""
    other = Sweep(
        **{
            **sweep.model_dump(),
            "student": (sweep.students or (sweep.student,))[0],
            "learning_rate": (sweep.learning_rates or (sweep.learning_rate,))[-1],
            "labels": (sweep.label_counts or (sweep.labels,))[0],
        }
    )
    assert other.id == sweep.id
    assert other.cells == sweep.cells
    assert other.seeds_of_test == sweep.seeds_of_test
    stacks = sweep.stacks(sweep.trained_cells, sweep.epochs)
    assert other.stacks(other.trained_cells, other.epochs) == stacks
    assert [other.teacher_of_stack(s) for s in stacks] == [sweep.teacher_of_stack(s) for s in stacks]
    assert [other.training_of_stack(s) for s in stacks] == [sweep.training_of_stack(s) for s in stacks]


def test_ids_are_the_same_in_every_process():
    code = "from kdviz.recipes.sweep import Sweep; s = Sweep(search='random'); print(s.id, s.stacks(s.cells, 3)[0].id)"
    sweep = Sweep(search="random")
    said = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    assert said == [sweep.id, sweep.stacks(sweep.cells, 3)[0].id]


@given(sweeps())
def test_json_and_url_give_the_same_sweep_back(sweep):
    again = Sweep.model_validate_json(sweep.model_dump_json())
    assert again == sweep
    assert again.id == sweep.id
    assert Sweep.parse(sweep.changes()) == sweep
    changes = {
        name: ",".join(map(str, value)) if isinstance(value, list) else value for name, value in sweep.changes().items()
    }
    query = urlencode(changes)
    again = Sweep.parse(dict(parse_qsl(query, strict_parsing=bool(query))))
    assert again == sweep
    assert again.id == sweep.id


def test_json_schema_is_json_and_every_option_has_a_description():
    json.dumps(Sweep.model_json_schema())
    assert all(field.description for field in Sweep.model_fields.values())


# The seeds of the test.


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=20, unique=True))
def test_by_default_as_many_seeds_test_as_chose_and_none_of_them_chose(seeds):
    sweep = Sweep(seeds=tuple(seeds))
    assert len(set(sweep.seeds_of_test) - set(seeds)) == len(seeds) == len(sweep.seeds_of_test)
    assert sweep.has_fresh_test
    assert max(sweep.seeds_of_test) < 2**31
    if max(seeds) < 2**31 - 21:
        assert min(sweep.seeds_of_test) == max(seeds) + 1


BEFORE = {"study": "sweep", "seeds": [0, 1, 2], "epochs": 4}  # a document that no field of today is in


def test_a_sweep_stored_before_tests_had_seeds_of_their_own_keeps_its_id_and_its_document():
    sweep = RECIPES.validate_python(BEFORE)
    assert (sweep.seeds_of_test, sweep.has_fresh_test) == ((0, 1, 2), False)
    assert sweep.id == "ba1d48f9ae2b"  # as that version named it
    document = sweep.model_dump(mode="json")
    assert "test_seeds" not in document
    assert RECIPES.validate_python(document) == sweep
    assert sweep.changes() == {"epochs": 4, "test_seeds": [0, 1, 2]}  # a link means it, and no other
    assert Sweep.parse(sweep.changes()) == sweep


def test_a_new_sweep_is_another_and_names_its_seeds_wherever_it_is_written_whole():
    sweep = Sweep(epochs=4)
    assert sweep.id != RECIPES.validate_python(BEFORE).id
    document = sweep.model_dump(mode="json")
    assert document["test_seeds"] == [3, 4, 5]
    assert json.loads(sweep.model_dump_json()) == document
    assert RECIPES.validate_python(document) == sweep
    assert sweep.changes() == {"epochs": 4}


# Cells.


def test_a_grid_has_each_cell_once_and_cells_without_a_teacher_are_one_student():
    sweep = Sweep(
        temperatures=(1, 4), alphas=(0, 0.5), students=("784-128-10", "784-30-30-10"), label_counts=(100, 200)
    )
    assert len(sweep.cells) == len(set(sweep.cells)) == 16
    assert len(sweep.trained_cells) == 4 + 8
    for cell in sweep.cells:
        assert cell.plain in sweep.trained_cells
        assert cell.trained_as in sweep.trained_cells
        assert cell.trained_as == (cell if cell.alpha else cell.plain)


@given(sweeps())
def test_the_students_are_the_cells_asked_for_and_their_controls_each_once(sweep):
    cells = sweep.trained_cells
    assert len(set(cells)) == len(cells)
    assert set(cells) == {c.trained_as for c in sweep.cells} | {c.plain for c in sweep.cells}
    assert len(set(sweep.cells)) == len(sweep.cells)


@given(
    st.lists(st.floats(0.05, 1000), min_size=1, max_size=3),
    st.lists(st.floats(0, 1), min_size=2, max_size=3, unique=True),
    st.integers(1, 200),
)
def test_random_draws_lie_inside_the_ranges_and_depend_on_the_recipe_alone(temperatures, alphas, draws):
    wanted = {"temperatures": tuple(temperatures), "alphas": tuple(alphas), "search": "random", "draws": draws}
    sweep = Sweep(seeds=(0,), students=("784-128-10", "784-256-10"), **wanted)
    assert 1 <= len(sweep.cells) <= draws
    assert sweep.cells == Sweep(**sweep.model_dump()).cells
    for cell in sweep.cells:
        assert sweep.temperatures[0] <= cell.temperature <= sweep.temperatures[-1]
        assert sweep.alphas[0] <= cell.alpha <= sweep.alphas[-1]
        assert cell.student in sweep.students


def test_a_cell_that_is_drawn_twice_is_there_once():
    cells = Sweep(search="random", temperatures=(4,), alphas=(0.5, 0.502), draws=30).cells
    assert [(cell.temperature, cell.alpha) for cell in sorted(cells, key=lambda cell: cell.alpha)] == [
        (4, 0.5),
        (4, 0.501),
        (4, 0.502),
    ]


def test_random_draws_spread_over_the_logarithm_of_t():
    sweep = Sweep(search="random", draws=400, temperatures=(1, 100), seeds=(0,))
    below = sum(cell.temperature < 10 for cell in sweep.cells) / len(sweep.cells)
    assert 0.4 < below < 0.6
    assert len(sweep.cells) > 390


# Stacks and trainings.


@given(sweeps())
def test_stacks_hold_each_student_with_each_seed_and_fold_once(sweep):
    stacks = sweep.stacks(sweep.trained_cells, sweep.epochs)
    held = [(cell, stack.seed, stack.fold) for stack in stacks for cell in stack.cells]
    folds = [None] if sweep.folds is None else range(sweep.folds)
    assert len(held) == len(set(held))
    assert set(held) == set(product(sweep.trained_cells, sweep.seeds, folds))
    assert len({stack.id for stack in stacks}) == len(stacks)
    for stack in stacks:
        assert 1 <= len(stack.cells) <= MOST_STACKED
        assert stack.epochs == sweep.epochs
        assert len({(c.student, c.labels, c.learning_rate) for c in stack.cells}) == 1
        if stack.cells[0].labels is not None:  # a plain student sees other images then
            assert len({cell.alpha == 0 for cell in stack.cells}) == 1


def test_a_stack_too_large_is_cut_into_almost_equal_parts():
    sweep = Sweep(seeds=(0,), temperatures="1:20:8", alphas="0:1:5")  # 33 students
    assert [len(stack.cells) for stack in sweep.stacks(sweep.trained_cells, 3)] == [11, 11, 11]


@settings(max_examples=50)
@given(sweeps())
def test_every_student_of_a_stack_is_trained_as_its_own_recipe_says(sweep):
    for stack in sweep.stacks(sweep.trained_cells, sweep.epochs):
        training, teacher = sweep.training_of_stack(stack), sweep.teacher_of_stack(stack)
        assert (training.fold, teacher.fold) == (stack.fold, stack.fold)
        assert training.folds == teacher.folds == sweep.folds
        alone = {"fold": None, "folds": None}
        for cell in stack.cells:
            recipe = sweep.recipe_of(cell, stack.seed)
            assert training.model_copy(update=alone) == recipe.student_training
            assert teacher.model_copy(update=alone) == recipe.teacher_training
            assert (recipe.temperature, recipe.alpha, recipe.seed) == (cell.temperature, cell.alpha, stack.seed)
            assert (recipe.loss, recipe.pretrained) == ("kl", False)


def test_recipe_of_a_cell_drops_none_of_the_conditions():
    conditions = {
        "data": "usps",
        "teacher": "784-800-800-10",
        "epochs": 7,
        "teacher_labels": 500,
        "teacher_augmentation": "shift",
        "augmentation": "affine",
        "batch_size": 32,
        "optimizer": "sgd",
        "schedule": "one-cycle",
    }
    own = {"student": "784-30-30-10", "learning_rate": 0.02, "labels": 200}
    assert conditions.keys() | own.keys() == Conditions.model_fields.keys()
    sweep = Sweep(teacher_epochs=9, **conditions, **own)
    recipe = sweep.recipe_of(sweep.cells[8], 4)
    assert (sweep.cells[8].temperature, sweep.cells[8].alpha) == (2, 0.75)
    assert recipe == Recipe(**conditions, **own, teacher_epochs=9, temperature=2, alpha=0.75, seed=4)


def test_what_is_listed_stands_in_for_what_is_not():
    sweep = Sweep(students=("784-30-30-10",), label_counts=(50,), learning_rates=(0.1,), labels=99, learning_rate=0.2)
    recipe = sweep.recipe_of(sweep.cells[3], 0)
    assert (recipe.student, recipe.labels, recipe.learning_rate) == ("784-30-30-10", 50, 0.1)


def test_each_learning_rate_has_its_own_teacher_as_a_single_run_would():
    sweep = Sweep(learning_rates=(0.001, 0.01), seeds=(0,))
    rates = [sweep.teacher_of_stack(stack).learning_rate for stack in sweep.stacks(sweep.trained_cells, 3)]
    assert set(rates) == {0.001, 0.01}


def test_folds_have_trainings_of_their_own():
    sweep = Sweep(folds=3, seeds=(0,))
    stacks = sweep.stacks(sweep.trained_cells, sweep.epochs)
    assert {stack.fold for stack in stacks} == {0, 1, 2}
    for training in (sweep.training_of_stack, sweep.teacher_of_stack):
        assert len({training(stack).id for stack in stacks}) == 3
    assert sweep.training_images == 40_000
    assert Sweep().training_images == 55_000
    assert Sweep(data="digits", folds=2).training_images == 718  # of 1,437 the larger half is held out once


# What comes next.


def test_rungs_end_with_all_epochs_and_grow_three_times_or_so():
    assert Sweep(epochs=9).rungs == (9,)
    assert Sweep(epochs=9, search="halving").rungs == (1, 3, 9)
    assert Sweep(epochs=30, search="halving").rungs == (1, 3, 10, 30)
    assert Sweep(epochs=3, search="halving").rungs == (1, 3)
    assert Sweep(epochs=5, search="halving").rungs == (1, 5)
    for epochs in range(KEPT, 501):
        rungs = Sweep(epochs=epochs, search="halving").rungs
        assert rungs[-1] == epochs
        assert rungs[0] >= 1
        assert list(rungs) == sorted(set(rungs))


def test_a_grid_waits_for_all_stacks_at_once():
    sweep = Sweep()
    stacks = sweep.stacks(sweep.trained_cells, 3)
    assert sweep_plan.waiting(sweep, []) == stacks
    assert sweep_plan.waiting(sweep, map(learnt_stack, stacks[2:])) == stacks[:2]
    assert sweep_plan.waiting(sweep, map(learnt_stack, stacks)) == []


def test_halving_trains_a_third_of_the_cells_on_each_rung_and_all_controls():
    sweep = Sweep(search="halving", epochs=9, seeds=(0,), students=("784-128-10", "784-30-30-10"))
    rungs = {epochs: [] for epochs in sweep.rungs}
    for stack in carried_out(sweep):
        rungs[stack.epochs] += stack.cells
    taught = {epochs: {cell for cell in cells if cell.alpha > 0} for epochs, cells in rungs.items()}
    assert [len(cells) for cells in taught.values()] == [40, 14, 5]
    assert taught[9] < taught[3] < taught[1]
    assert min(map(ranking, taught[9])) >= max(map(ranking, taught[1] - taught[9]))
    for cells in rungs.values():
        assert sum(cell.alpha == 0 for cell in cells) == 2


def test_a_cell_that_diverged_does_not_survive_others():
    sweep = Sweep(search="halving", temperatures=(1, 2, 3), alphas=(0.5,), seeds=(0, 1))
    one, two, three = (cell for cell in sweep.trained_cells if cell.alpha)
    accuracy = {one: 0.5, two: 0.6, three: 0.9}
    finished = [
        learnt_stack(stack, lambda cell: accuracy.get(cell, 0.4), diverged=[three] if stack.seed == 1 else [])
        for stack in sweep_plan.waiting(sweep, [])
    ]
    (left,) = {stack.cells for stack in sweep_plan.waiting(sweep, finished)}
    assert left == (one.plain, two)


@settings(max_examples=60)
@given(st.data())
def test_a_sweep_goes_on_from_any_subset_of_its_stacks(data):
    sweep = data.draw(sweeps())
    whole = carried_out(sweep)
    kept = data.draw(st.lists(st.sampled_from(whole), unique=True))
    rest = carried_out(sweep, [learnt_stack(stack, ranking) for stack in kept])
    assert len(rest) + len(kept) == len(whole)
    assert {stack.id for stack in rest} | {stack.id for stack in kept} == {stack.id for stack in whole}
    assert sweep_plan.expected(sweep, map(learnt_stack, whole)) == [] or sweep.search == "halving"


@given(sweeps())
def test_as_many_stacks_are_expected_as_there_will_be_students(sweep):
    expected = sum(len(stack.cells) for stack in sweep_plan.expected(sweep))
    assert expected == sum(len(stack.cells) for stack in carried_out(sweep))


def test_trials_are_in_order_and_each_once():
    sweep = Sweep(seeds=(0, 1), search="halving")
    finished = [learnt_stack(stack, ranking) for stack in carried_out(sweep)]
    trials = sweep_plan.trials_of(sweep, [*reversed(finished), *finished])
    assert [(t.epochs, t.seed) for t in trials] == sorted((t.epochs, t.seed) for t in trials)
    assert len(trials) == sum(len(part.trials) for part in finished)


def test_a_student_of_two_stacks_has_one_trial():
    """As where an earlier version put other students together."""
    sweep = Sweep(data="digits", seeds=(0,))
    stacks = carried_out(sweep)
    smaller = stacks[0].model_copy(update={"cells": stacks[0].cells[:2]})
    trials = sweep_plan.trials_of(sweep, map(learnt_stack, [*stacks, smaller]))
    assert [trial.cell for trial in trials] == list(sweep.trained_cells)


def test_trials_of_stacks_that_the_sweep_does_not_ask_for_are_left_out():
    sweep = Sweep(seeds=(0,))
    cell = Cell(temperature=3, alpha=0.5, learning_rate=1e-3, student="784-128-10", labels=None)
    foreign = learnt_stack(Stack(seed=0, fold=None, epochs=3, cells=(cell,)))
    assert sweep_plan.trials_of(sweep, [foreign]) == []
