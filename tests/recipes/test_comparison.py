"""A comparison's recipe refuses what cannot be run in one sentence, travels unharmed, and names its run."""

import json
import subprocess
import sys
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdviz.errors import PlainError
from kdviz.recipes.base import RecipeError, shortened
from kdviz.recipes.catalogue import ARCHITECTURES, assistant
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import DEFAULT, METHODS
from kdviz.recipes.number_lists import MOST_SEEDS
from kdviz.recipes.single import Recipe

CNN = {"teacher": "cnn-32-64", "student": "cnn-8-16"}
SEEDS = "it takes 1 to 20 whole numbers from 0 to 2,147,483,647, as 0-4 or 0,2,7."
A_METHOD = f"it takes one of {', '.join(METHODS)}."


@st.composite
def comparisons(draw):
    networks = [draw(st.sampled_from(sorted(ARCHITECTURES))) for _ in range(2)]
    fitting = [name for name, method in METHODS.items() if not method.fits(*networks)]
    return Comparison(
        data=draw(st.sampled_from(["mnist", "digits", "usps"])),
        teacher=networks[0],
        student=networks[1],
        methods=tuple(draw(st.lists(st.sampled_from(fitting)))),
        seeds=tuple(draw(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=MOST_SEEDS))),
        temperature=draw(st.floats(0.05, 1000)),
        alpha=draw(st.floats(0, 1)),
        online_temperature=draw(st.floats(0.05, 1000)),
        online_alpha=draw(st.floats(0, 1)),
        control=draw(st.booleans()),
        epochs=draw(st.integers(1, 500)),
        teacher_epochs=draw(st.none() | st.integers(1, 500)),
        labels=draw(st.none() | st.integers(10, 1257)),
        augmentation=draw(st.sampled_from(["none", "shift", "affine"])),
    )


# Methods.


def test_defaults_are_the_six_ways_and_one_seed():
    comparison = Comparison()
    assert comparison.methods == DEFAULT
    assert comparison.methods == ("plain", "offline", "mutual", "born-again", "deep-to-shallow", "earlier-self")
    assert (comparison.seeds, comparison.epochs, comparison.epochs_of_teacher) == ((0,), 3, 3)
    assert comparison.changes() == {}


@pytest.mark.parametrize(
    ("given", "methods"),
    [
        ("plain", ("plain",)),
        ("offline", ("plain", "offline")),
        ("mutual,offline,plain", ("plain", "offline", "mutual")),
        (" mutual , offline ", ("plain", "offline", "mutual")),
        ("offline,offline,offline", ("plain", "offline")),
        (["rkd", "label-smoothing"], ("plain", "label-smoothing", "rkd")),
        (("offline", "plain"), ("plain", "offline")),
        ([], ("plain",)),
    ],
)
def test_methods_stand_in_one_order_each_once_and_plain_is_always_among_them(given, methods):
    assert Comparison.parse({"methods": given}).methods == methods


@pytest.mark.parametrize("name", METHODS)
def test_every_method_fits_the_convolutional_pair(name):
    assert name in Comparison(methods=(name,), **CNN).methods


@pytest.mark.parametrize("teacher", ARCHITECTURES)
@pytest.mark.parametrize("student", ARCHITECTURES)
def test_a_method_that_does_not_fit_is_refused_in_a_sentence_and_one_that_fits_is_not(teacher, student):
    one_kind = ARCHITECTURES[teacher].convolutional == ARCHITECTURES[student].convolutional
    maps = one_kind and ARCHITECTURES[student].convolutional
    for name in METHODS:
        fits = {
            "hints": one_kind,
            "attention": maps,
            "fsp": maps,
            "assistant": assistant(teacher, student) is not None,
            "mutual-mixed": ARCHITECTURES[teacher].parameters > ARCHITECTURES[student].parameters,
        }.get(name, True)
        if fits:
            assert name in Comparison(teacher=teacher, student=student, methods=(name,)).methods
            continue
        with pytest.raises(RecipeError) as caught:
            Comparison.parse({"teacher": teacher, "student": student, "methods": name})
        sentence = str(caught.value)
        assert sentence.startswith(f"methods has {name}; ")
        assert sentence.endswith(".")
        assert teacher in sentence
        assert student in sentence


# Seeds.


@pytest.mark.parametrize(
    ("given", "seeds"),
    [
        ("0", (0,)),
        ("0-4", (0, 1, 2, 3, 4)),
        ("7,2,0", (0, 2, 7)),
        ("3,1-2,3,3", (1, 2, 3)),
        ("5-5", (5,)),
        (" 1 , 2-3", (1, 2, 3)),
        ("0-19", tuple(range(20))),
        ("2147483647", (2**31 - 1,)),
        ([4, 1, 4], (1, 4)),
        ((9,), (9,)),
    ],
)
def test_seeds_are_in_order_and_each_once(given, seeds):
    assert Comparison.parse({"seeds": given}).seeds == seeds


@pytest.mark.parametrize(
    "given",
    [
        *("", "a", "0-20", "5-2", "0,5-2", "-1", "0-", "0,,1", "1.5", "²", "2147483648"),
        pytest.param("1" * 5000, id="long"),
        pytest.param("0-" + "9" * 5000, id="far"),
        *([-1], [1.0], [True], ["1"], [], list(range(21)), [2**31], 3, None, True, {"a": 1}),
    ],
)
def test_other_seeds_are_refused_in_a_sentence(given):
    with pytest.raises(RecipeError) as caught:
        Comparison.parse({"seeds": given})
    shown = shortened(given)
    assert str(caught.value) == f"seeds is {shown}; {SEEDS}"


# Everything else that is off.


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"methods": "offline,magic"}, f"methods is offline,magic; {A_METHOD}"),
        ({"methods": ["magic"]}, f"methods is ['magic']; {A_METHOD}"),
        ({"methods": ""}, f"methods is empty; {A_METHOD}"),
        ({"methods": "offline,"}, f"methods is offline,; {A_METHOD}"),
        ({"methods": 3}, f"methods is 3; {A_METHOD}"),
        ({"methods": None}, f"methods is None; {A_METHOD}"),
        ({"methods": [["plain"]]}, f"methods is [['plain']]; {A_METHOD}"),
        ({"methods": "independent"}, f"methods is independent; {A_METHOD}"),
        ({"study": "single"}, "study is single; it takes one of compare."),
        ({"online_temperature": 0}, "online_temperature is 0; it takes a number from 0.05 to 1,000."),
        ({"online_alpha": 1.5}, "online_alpha is 1.5; it takes a number from 0 to 1."),
        ({"control": "perhaps"}, "control is perhaps; it takes yes or no."),
        ({"teacher_epochs": 0}, "teacher_epochs is 0; it takes a whole number from 1 to 500."),
        ({"teacher_epochs": "many"}, "teacher_epochs is many; it takes a whole number from 1 to 500."),
        ({"epochs": 501}, "epochs is 501; it takes a whole number from 1 to 500."),
        ({"data": "cifar"}, "data is cifar; it takes one of mnist, fashion-mnist, usps, digits."),
        (
            {"data": "digits", "labels": 1258},
            "labels is 1258; it takes at most 1,257, the training images of digits.",
        ),
        (
            {"methods": "hints", "student": "cnn-8-16"},
            "methods has hints; it maps a hidden layer onto a hidden layer, and needs two networks of one kind, "
            "not 784-512-256-10 and cnn-8-16.",
        ),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence(values, sentence):
    with pytest.raises(RecipeError) as caught:
        Comparison.parse(values)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("option", ["loss", "pretrained", "seed", "temprature"])
def test_what_a_comparison_has_not_is_refused_with_the_list_of_options(option):
    with pytest.raises(RecipeError, match=f"There is no option {option}; the options are data, teacher, .*methods"):
        Comparison.parse({option: 5})


@given(
    st.dictionaries(
        st.sampled_from([*Comparison.model_fields, "x"]),
        st.text() | st.floats() | st.none() | st.lists(st.integers() | st.text()),
        max_size=4,
    )
)
def test_whatever_is_given_there_is_a_comparison_or_one_plain_sentence(values):
    sentence = "."
    try:
        assert isinstance(Comparison.parse(values), Comparison)
    except PlainError as error:
        sentence = str(error)
    assert sentence.endswith(".")


# Identity and travel.


def test_equal_conditions_have_one_id_however_they_were_written():
    one = Comparison(methods=("offline", "mutual"), seeds=(0, 1, 2), teacher_epochs=3)
    assert Comparison.parse({"methods": "mutual,plain,offline,offline", "seeds": "2,0-1,1"}).id == one.id
    assert Comparison(teacher_epochs=None).id == Comparison(teacher_epochs=3).id
    assert Comparison(alpha=-0.0).id == Comparison(alpha=0.0).id
    assert Comparison(online_alpha=-0.0).id == Comparison(online_alpha=0.0).id


@pytest.mark.parametrize(
    "change",
    [
        {"data": "usps"},
        {"teacher": "cnn-32-64"},
        {"student": "784-30-30-10"},
        {"temperature": 5.0000001},
        {"alpha": 0.71},
        {"online_temperature": 2.0},
        {"online_alpha": 0.4},
        {"standardised_temperature": 3.0, "methods": ("standardised",)},
        {"standardised_alpha": 0.8, "methods": ("standardised",)},
        {"hint_layer": "middle", "methods": ("hints",)},
        {"transfer_classes": (0, 1)},
        {"control": False},
        {"methods": ("plain",)},
        {"seeds": (1,)},
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
    assert Comparison(**change).id != Comparison().id


def test_every_field_is_in_the_test_above():
    mark = next(m for m in test_every_field_is_part_of_the_identity.pytestmark if m.name == "parametrize")
    assert {name for change in mark.args[1] for name in change} == set(Comparison.model_fields) - {"study"}


def test_a_comparison_and_a_single_run_have_different_ids():
    assert Comparison(methods=("plain", "offline"), epochs=5).id != Recipe().id


def test_id_is_the_same_in_every_process():
    code = "from kdviz.recipes.comparison import Comparison; print(Comparison().id)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == Comparison().id


@given(comparisons())
def test_json_and_url_give_the_same_comparison_back(comparison):
    again = Comparison.model_validate_json(comparison.model_dump_json())
    assert again == comparison
    assert again.id == comparison.id
    changes = {
        name: ",".join(map(str, value)) if isinstance(value, list) else value
        for name, value in comparison.changes().items()
    }
    query = urlencode(changes)
    again = Comparison.parse(dict(parse_qsl(query, strict_parsing=bool(query))))
    assert again == comparison
    assert again.id == comparison.id


def test_json_schema_is_json_and_every_option_has_a_description():
    json.dumps(Comparison.model_json_schema())
    assert all(field.description for field in Comparison.model_fields.values())


# What follows from a comparison.


def test_teachers_and_students_are_trained_as_a_single_run_would_train_them():
    options = {"epochs": 2, "teacher_epochs": 7, "teacher_labels": 500, "labels": 20, "augmentation": "shift"}
    comparison = Comparison(seeds=(4, 6), **options)
    for seed in (4, 6):
        recipe = Recipe(seed=seed, **options)
        assert comparison.teacher_training(seed) == recipe.teacher_training
        assert comparison.training_of_student(seed) == recipe.student_training


def test_whoever_is_taught_by_a_learner_has_a_temperature_and_alpha_of_its_own():
    comparison = Comparison(temperature=4, alpha=0.7, online_temperature=3, online_alpha=0.3)
    learning = {name for name in METHODS if comparison.temperature_of(name) == 3}
    assert learning == {name for name in METHODS if comparison.alpha_of(name) == 0.3}
    assert learning == {"mutual", "mutual-mixed", "mutual-three", "deep-to-shallow", "earlier-self", "earlier-average"}
    assert (comparison.temperature_of("standardised"), comparison.alpha_of("standardised")) == (2, 0.9)
    others = set(METHODS) - learning - {"standardised"}
    assert {comparison.temperature_of(name) for name in others} == {4}
    assert {comparison.alpha_of(name) for name in others} == {0.7}


def test_digits_take_more_epochs():
    assert Comparison.suited("digits").epochs == 30
    assert Comparison.suited("mnist") == Comparison()


def test_rkd_takes_no_batch_whose_angles_would_fill_the_memory():
    Comparison(methods=("rkd",), batch_size=256)
    with pytest.raises(RecipeError, match=r"batch_size is 257; with rkd it takes at most 256, since"):
        Comparison.parse({"methods": "rkd", "batch_size": 257})
    Comparison(methods=("plain",), batch_size=257)


def test_what_changes_nothing_does_not_change_the_identity():
    assert Comparison(methods=("plain",), control=False).id == Comparison(methods=("plain",)).id
    assert Comparison(methods=("offline",), control=False).id != Comparison(methods=("offline",)).id
    assert Comparison(methods=("offline",), online_alpha=0.1).id == Comparison(methods=("offline",)).id
    assert Comparison(methods=("mutual",), online_alpha=0.1).id != Comparison(methods=("mutual",)).id
    for change in ({"standardised_temperature": 3.0}, {"standardised_alpha": 0.8}):
        assert Comparison(**change).id == Comparison().id
        assert Comparison(**change, methods="standardised").id != Comparison(methods="standardised").id
    assert Comparison(hint_layer="middle").id == Comparison().id
    assert Comparison(hint_layer="middle", methods="hints").id != Comparison(methods="hints").id


def test_ids_from_before_newer_options_stay():
    """Pinned: another id means that stored runs are lost."""
    assert Comparison().id == "70955ce4b6f3"
    # What was stored of this comparison named every field that there was.
    before = Comparison(methods="plain,standardised,hints").model_dump(mode="json")
    for name in ("standardised_temperature", "standardised_alpha"):
        del before[name]
    assert not before.keys() & {"hint_layer", "transfer_classes"}, "left out where they say what was so before"
    stored = Comparison.model_validate_json(json.dumps(before))
    assert stored.id == "0e4de43e7af5"
    assert (stored.temperature_of("standardised"), stored.alpha_of("standardised")) == (5.0, 0.7), "as it was trained"
    assert stored.hint_layer == "last"
    assert Comparison.model_validate_json(stored.model_dump_json()) == stored
    assert json.loads(stored.model_dump_json()) == before, "and packed again it is what it was"
    asked = Comparison.parse({"methods": "standardised,hints"})
    assert asked.id != stored.id
    assert asked.temperature_of("standardised") == 2.0


def test_remarks_on_methods_that_come_to_nothing():
    assert "plain training" in Comparison(epochs=1).remark("earlier-self")
    assert Comparison(epochs=2).remark("earlier-self") == ""
    assert "one hidden layer" in Comparison().remark("deep-to-shallow")
    assert Comparison(student="784-30-30-10").remark("deep-to-shallow") == ""
    assert "plain training" in Comparison(alpha=0).remark("decoupled")
    assert Comparison(alpha=0).remark("standardised") == ""
    assert "plain training" in Comparison(standardised_alpha=0).remark("standardised")
    assert Comparison(standardised_alpha=0).arrows("standardised") == ()
    assert Comparison(alpha=0).arrows("standardised") == (("teacher", "student"),)
    assert Comparison(alpha=0).remark("mutual") == ""
