"""The playground's page without a browser: what it hands to the component, and what it says while a pack is made."""

from concurrent.futures import Future

import pytest
from streamlit.testing.v1 import AppTest

from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.store import playground
from kdviz.widgets import server
from tests.samples.app_pages import APP, RUN, button, component, folded, opened, said, text

PAGE = "pages/playground.py"


@pytest.fixture
def mnist_calls(jobs, monkeypatch):
    """What workers were asked for; they have not answered yet."""
    calls = []

    def call(function, *arguments, key):
        calls.append((function, *arguments, Future()))
        return calls[-1][-1]

    monkeypatch.setattr(jobs, "call", call)
    return calls


def handed(at):
    """What the component is mounted with."""
    return component(at, "pack", "query")


def test_the_page_hands_addresses_over_and_the_url_as_it_is(jobs):
    at = opened(PAGE, T="8", digits="78", units="1e9", view="<b>")
    data = handed(at)
    assert data["query"] == {"T": "8", "digits": "78", "units": "1e9", "view": "<b>"}
    assert data["data"] == "digits"
    assert data["names"] == list("0123456789")
    assert data["frame"] == "8x8"
    for name in ("pack", "weights"):
        assert data[name].endswith(".gz")
        assert not data[name].startswith("/")
    assert len(at.title) == 1
    assert at.title[0].value.endswith("?")
    assert not said(at)


def test_every_visitor_gets_the_same_addresses_and_nothing_is_read_again(jobs, monkeypatch):
    first = handed(opened(PAGE))
    monkeypatch.setattr(playground, "read", lambda data: pytest.fail("it was read before"))
    assert handed(opened(PAGE, T="2")) == {**first, "query": {"T": "2"}}


def test_data_that_no_pack_is_of_is_answered_in_a_sentence(jobs):
    assert f"data is usps; here it takes one of {', '.join(SHIPPED_TEACHERS)}" in said(opened(PAGE, data="usps"))


@pytest.mark.parametrize("query", [{"data": "mnist"}, {"data": None}])
def test_without_mnist_there_are_digits_and_the_reason(jobs, query):
    at = opened(PAGE, **query)
    assert handed(at)["data"] == "digits"
    assert "No MNIST here: these are scikit-learn’s digits\nThere is nothing in /nowhere" in folded(at)
    button(at, "Look again").click().run()
    assert not at.exception
    assert handed(at)["data"] == "digits"


def test_digits_are_there_at_once_while_mnist_is_made_and_stay_until_one_changes_over(mnist_calls):
    at = opened(PAGE, data=None, T="8")
    assert handed(at)["data"] == "digits"
    assert "MNIST is being made ready" in text(at)
    assert not at.button
    ((function, data, future),) = mnist_calls
    assert (function, data) == ("kdviz.runners.playground:fill", "mnist")

    future.set_result(playground.read("digits"))  # no image of MNIST is here; the bytes only travel
    at.run()
    assert not at.exception
    assert handed(at)["data"] == "digits", "nothing is exchanged under the hand"
    assert "MNIST is ready" in text(at)
    assert handed(opened(PAGE, data=None))["data"] == "mnist"

    button(at, "Show MNIST").click().run()
    assert not at.exception
    assert handed(at)["data"] == "mnist"
    assert handed(at)["query"] == {"T": "8"}
    assert "MNIST is" not in text(at)
    assert len(mnist_calls) == 1


def test_a_worker_is_asked_once_for_all_visitors_and_its_refusal_is_told(mnist_calls):
    first, second = opened(PAGE, data="mnist"), opened(PAGE, data="mnist")
    assert len(mnist_calls) == 1
    mnist_calls[0][-1].set_exception(server.PlainError("There is nothing in /nowhere."))
    for at in (first, second):
        at.run()
        assert not at.exception
        assert handed(at)["data"] == "digits"
        assert "No MNIST here: these are scikit-learn’s digits\nThere is nothing in /nowhere" in folded(at)


class Refusal(Future):
    """A call that is refused between two looks at it."""

    looks = 0

    def done(self):
        self.looks += 1
        if self.looks == 2:
            self.set_exception(server.PlainError("There is nothing in /nowhere."))
        return super().done()


def test_a_refusal_that_comes_while_the_page_is_drawn_is_told_and_not_taken_for_the_pack(jobs, monkeypatch):
    refusal = Refusal()
    monkeypatch.setattr(jobs, "call", lambda *_, key: refusal)
    at = opened(PAGE, data="mnist")
    assert refusal.looks >= 2
    assert "MNIST is ready" not in text(at)
    assert "No MNIST here: these are scikit-learn’s digits\nThere is nothing in /nowhere" in folded(at)


def test_the_playground_comes_directly_below_start_and_start_leads_to_it_first(jobs):
    at = AppTest.from_file(str(APP), default_timeout=RUN)
    at.query_params["data"] = "digits"
    at.run()
    assert not at.exception
    links = [found.proto for found in at.get("page_link")]
    assert links[0].page == "playground"
    assert "data=digits" in links[0].query_string
    sidebar = (APP.parent / "app.py").read_text(encoding="utf-8")
    assert sidebar.index("pages/start.py") < sidebar.index("pages/playground.py") < sidebar.index("for lesson in")
