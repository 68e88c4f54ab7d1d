"""Any link opens a page: what cannot be is said or passed over, whichever parameter of whichever page it stands in."""

import math
from contextlib import suppress
from typing import get_args

import pytest
import streamlit as st
from streamlit.runtime.state.query_params import QueryParams
from streamlit.runtime.state.query_params_proxy import QueryParamsProxy

from kdviz.recipes.base import RecipeError
from kdviz.recipes.study import STUDIES, Study
from kdviz.records.kinds import AnyRecipe
from kdviz.widgets import controls, link
from tests.samples.app_pages import APP, opened, said
from tests.samples.markup import HOSTILE as MARKUP
from tests.samples.markup import hostile_markup

PAGES = sorted(f"pages/{path.name}" for path in (APP.parent / "pages").glob("*.py"))
# What a page has to be asked for before it looks at some of its parameters.
ALSO = {
    "pages/explorer.py": {"search": "random", "select": "folds"},
    "pages/soft_targets.py": {"view": "Edit the logits"},
    "pages/three_ways.py": {"methods": "offline,mutual"},
}
HOSTILE = (
    *("inf", "-inf", "nan", "1e400", "", " ", "-1", "0", "1e9", "1:1e9:3", "0-99999999999", "2,5", ",", "a,b", "1;2"),
    *("²", "٣", "日本", "\x00", "<b>", "None", "true", "[]", "{}", "../..", "9" * 5000, "1," * 5000),
)
KINDS = [kind for kind in get_args(AnyRecipe) if kind is not Study]


@pytest.fixture
def noted(monkeypatch):
    """The names that are asked for from now on."""
    names = set()

    def note(of_class, method, place):
        original = getattr(of_class, method)

        def noting(self, *given, **named):
            names.add(given[place] if given else named["param_key"])
            return original(self, *given, **named)

        monkeypatch.setattr(of_class, method, noting)

    note(QueryParamsProxy, "__getitem__", 0)
    note(QueryParamsProxy, "get_all", 0)
    note(QueryParams, "bind_widget", 0)
    return names


@pytest.mark.parametrize("page", PAGES)
def test_no_value_of_any_parameter_breaks_a_page(jobs, noted, page):
    opened(page, **ALSO.get(page, {}))
    names = sorted(noted - {"data"})
    assert names or page in ("pages/start.py", "pages/playground.py")
    for value in ("inf", ""):
        opened(page, **dict.fromkeys(names, value), data=value)
    mixed = {name: HOSTILE[7 * place % len(HOSTILE)] for place, name in enumerate(names)}
    opened(page, **{**mixed, **ALSO.get(page, {})})


@pytest.mark.parametrize("page", PAGES)
def test_text_of_a_link_is_text(jobs, noted, page):
    """No parameter of any page brings Markdown or HTML: such a text would fetch pictures from anywhere."""
    opened(page, **ALSO.get(page, {}))
    names = sorted(noted)
    for query in (dict.fromkeys(names, MARKUP), *({name: MARKUP} for name in names)):
        also = {name: value for name, value in ALSO.get(page, {}).items() if name not in query}
        at = opened(page, **{**also, **query})
        assert not hostile_markup(at), sorted(query)


@pytest.mark.parametrize(
    ("page", "query", "sentence"),
    [
        ("watch_it_train", {"epochs": "inf"}, "epochs is inf; it takes a whole number from 1 to 500"),
        ("watch_it_train", {"seed": "inf"}, "seed is inf; it takes a whole number from 0"),
        ("watch_it_train", {"labels": "1e400"}, "labels is 1e400; it takes a whole number of at least 10"),
        ("three_ways", {"epochs": "inf"}, "epochs is inf; it takes a whole number from 1 to 500"),
        ("what_is_transferred", {"seed": "inf"}, "seed is inf; it takes a whole number from 0"),
        ("explorer", {"search": "random", "draws": "inf"}, "draws is inf; it takes a whole number from 1 to 1,000"),
        ("explorer", {"select": "folds", "folds": "inf"}, "folds is inf; it takes a whole number from 2 to 20"),
        ("explorer", {"student": ""}, "it has student without a value"),
        ("why_distil", {"student": ""}, "student is empty; it takes one of"),
        ("explorer", {"temperatures": "1:1e9:3"}, "temperatures is 1:1e9:3; it takes 1 to 30 numbers"),
        ("watch_it_train", {"epochs": "9" * 5000}, "epochs is 99999"),
    ],
)
def test_what_cannot_be_is_said_with_what_can(jobs, page, query, sentence):
    shown = said(opened(f"pages/{page}.py", **query))
    assert sentence in shown
    assert len(shown) < 1000, "a long value is shortened"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("given", HOSTILE, ids=lambda text: repr(text[:20]))
def test_every_field_takes_what_its_recipe_takes_and_else_the_default(monkeypatch, kind, given):
    usual = kind.suited("digits")
    for name in kind.model_fields:
        monkeypatch.setattr(st, "query_params", {name: given})
        value, problem = controls.of_url(name, usual), controls.link_problem(kind)
        try:
            assert value == getattr(kind.parse({name: given}), name)
        except RecipeError:
            assert value == getattr(usual, name)
            assert problem
        assert not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize("given", HOSTILE, ids=lambda text: repr(text[:20]))
def test_every_setting_of_a_study_is_checked(given):
    for name in ("seeds", "quick", "arms"):
        for study in STUDIES:
            with suppress(RecipeError):
                Study.of(study, STUDIES[study].data_sets[0], **{name: given})


@pytest.mark.parametrize("given", HOSTILE, ids=lambda text: repr(text[:20]))
def test_numbers_of_a_link_are_finite_and_within_their_limits(given):
    number, whole = link.number_in(given, 0.1, 100), link.whole_in(given, 1, 50)
    assert number is None or 0.1 <= number <= 100
    assert whole is None or 1 <= whole <= 50
