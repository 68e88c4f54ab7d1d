"""Lists of numbers as people write them, and what is said of those that are none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kdviz.recipes.comparison import Comparison
from kdviz.recipes.number_lists import MOST_SEEDS, MOST_VALUES, seeds_in, values_in, with_point
from kdviz.recipes.single import Recipe
from kdviz.recipes.sweep import Sweep

ALLOWED = "it takes 1 to 30 numbers from 0.05 to 1000, as 1,2,4 or LOW:HIGH:COUNT."


def temperatures(given):
    return values_in(given, 0.05, 1000.0, geometric=True)


def alphas(given):
    return values_in(given, 0.0, 1.0, geometric=False)


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ("1,2,4", (1, 2, 4)),
        ("4, 2 ,1,2", (1, 2, 4)),
        ([20, 1.5], (1.5, 20)),
        ((3,), (3,)),
        (["1", "2.5"], (1, 2.5)),
        (5, (5,)),
        ("0.05,1000", (0.05, 1000)),
        ("1:16:5", (1, 2, 4, 8, 16)),
        ("1:20:5", (1, 2.1, 4.5, 9.5, 20)),
        (" 1 : 100 : 3 ", (1, 10, 100)),
        ("3:3:4", (3,)),
        ("2:9:1", (2,)),
        ("2:9:2", (2, 9)),
        ("2,5", (2, 5)),
        ("2,5;4", (2.5, 4)),
        ("0,5; 2.5; 20", (0.5, 2.5, 20)),
        ("0,5:50:3", (0.5, 5, 50)),
    ],
)
def test_temperatures_are_in_order_each_once_and_of_equal_ratio_over_a_range(given, values):
    assert temperatures(given) == values


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ("0,0.5,1", (0, 0.5, 1)),
        ("0:1:5", (0, 0.25, 0.5, 0.75, 1)),
        ("0:1:4", (0, 0.3333, 0.6667, 1)),
        ("-0.0", (0,)),
    ],
)
def test_alphas_are_of_equal_distance_over_a_range(given, values):
    assert alphas(given) == values
    assert math.copysign(1, alphas(given)[0]) == 1  # no -0.0: equal recipes have one id


def test_values_that_lie_close_together_stay_apart_and_inside():
    assert temperatures("1:1.05:4") == (1, 1.02, 1.03, 1.05)
    assert temperatures("1.06:1.09:3") == (1.06, 1.07, 1.09)
    assert alphas("0.1:0.10001:3") == (0.1, 0.100005, 0.10001)


@pytest.mark.parametrize(
    "given",
    [
        *(
            "",
            ",",
            "1,",
            "a",
            "1,b",
            "1;b",
            "1;2,5;1,000",
            "nan",
            "inf",
            "-1",
            "0",
            "1001",
            "1e400",
            "0.049",
            "1,2,1000.1",
        ),
        *("1:20", "1:20:5:6", ":::", "1:20:0", "1:20:31", "1:20:-1", "1:20:1.5", "1:20:99999999", "1:20:²", "a:b:3"),
        *("0:1:3", "-1:5:3", "nan:1:3", "1:nan:3", "1:inf:4", "1e-300:1e300:5", "1:1e300:5"),
        *([], (), None, True, [True], [None], {}, {"a": 1}, [[1]], list(range(1, 32)), [10**400], float("nan")),
        pytest.param("1" * 5000, id="long"),
        pytest.param(",".join(["1"] * 10_000 + ["0"]), id="many"),
    ],
)
def test_other_values_are_refused_with_the_limits(given):
    with pytest.raises(ValueError, match=f"^{ALLOWED}$"):
        temperatures(given)


@pytest.mark.parametrize("given", ["20:1:5", "1000:0.05:30"])
def test_a_reversed_range_is_refused_with_the_right_one(given):
    first, last, count = given.split(":")
    with pytest.raises(ValueError, match=f"^the range is reversed: write {last}:{first}:{count}.$"):
        temperatures(given)


def test_a_reversed_range_of_too_many_values_is_refused_with_the_limits():
    with pytest.raises(ValueError, match=f"^{ALLOWED}$"):
        temperatures("20:1:999")


@given(st.floats(0.05, 1000), st.floats(0.05, 1000), st.integers(1, MOST_VALUES))
def test_a_range_has_its_ends_and_as_many_values_as_were_asked_for(one, other, count):
    low, high = sorted((one, other))
    try:
        values = temperatures(f"{low}:{high}:{count}")
    except ValueError:
        assert high / low < 1 + 1e-12  # closer together than floats can tell
        return
    assert values[0] == low
    assert list(values) == sorted(set(values))
    if low < high and count > 1:
        assert values[-1] == high
        assert len(values) == count


@given(st.text() | st.floats() | st.integers() | st.lists(st.floats() | st.text() | st.none()))
def test_whatever_is_given_there_are_values_or_one_sentence(given):
    for read in (temperatures, alphas, seeds_in):
        sentence = "."
        try:
            assert read(given)
        except ValueError as error:
            sentence = str(error)
        assert sentence.endswith(".")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        *[("2,5", "2.5"), ("0,001", "0.001"), (" -12,25 ", "-12.25"), ("1000,5", "1000.5"), ("1,0000", "1.0000")],
        *[(kept, kept) for kept in ("1,000", "12,345", "1,2,3", "2.5", "2,", ",5", "1.000,5", "1,5e3", "", 2.5, None)],
    ],
)
def test_a_decimal_comma_is_a_point_and_a_thousand_is_not(given, read):
    assert with_point(given) == read


@pytest.mark.parametrize("kind", [Recipe, Comparison, Sweep])
def test_every_number_of_a_recipe_may_have_a_decimal_comma(kind):
    fractions = [name for name, field in kind.model_fields.items() if field.annotation is float]
    assert "learning_rate" in fractions
    for name in fractions:
        assert getattr(kind.parse({name: "0,25"}), name) == 0.25


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=MOST_SEEDS))
def test_seeds_come_back_from_their_own_text(seeds):
    assert seeds_in(",".join(map(str, seeds))) == seeds_in(seeds) == tuple(sorted(set(seeds)))
