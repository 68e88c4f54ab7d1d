"""What is written into a link stays written, whatever else the visitor touches meanwhile."""

from time import monotonic

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from kdviz.widgets import link


class Interrupted(dict):
    """Stands for the parameters of a URL, of which the first write is broken off by a rerun."""

    broken_off = False

    def __setitem__(self, name, text):
        if not self.broken_off:
            self.broken_off = True
            raise RerunException(RerunData())
        super().__setitem__(name, text)


@pytest.fixture
def parameters(monkeypatch):
    shown = Interrupted()
    monkeypatch.setattr(st, "query_params", shown)
    monkeypatch.setattr(st, "session_state", {})
    return shown


def test_what_a_callback_could_not_write_is_written_by_the_next_run_of_the_page(parameters):
    with pytest.raises(RerunException):
        link.write("run", "0123456789ab")
    assert parameters == {}
    link.catch_up()
    assert parameters == {"run": "0123456789ab"}


def test_a_rerun_that_brings_the_url_from_before_does_not_undo_it(parameters):
    parameters.broken_off = True
    parameters["T"] = "2"
    link.write("T", "4")
    parameters["T"] = "2"
    link.catch_up()
    assert parameters == {"T": "4"}
    parameters["T"] = "8"
    link.catch_up()
    assert parameters == {"T": "8"}, "a newer value stays"


def test_it_is_over_after_a_second_and_on_another_page(parameters, monkeypatch):
    parameters.broken_off = True
    link.write("T", "4")
    with monkeypatch.context() as later:
        later.setattr(link, "monotonic", lambda: monotonic() + 2)
        del parameters["T"]  # as by a step back
        link.catch_up()
    assert parameters == {}
    link.write("T", "4")
    del parameters["T"]
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(link, "page", lambda: "/elsewhere")
        link.catch_up()
    assert parameters == {}


def test_a_browser_that_was_told_otherwise_meanwhile_is_told_again(parameters, monkeypatch):
    parameters.broken_off = True
    told = []
    monkeypatch.setattr(parameters, "update", lambda changes: told.append({**parameters, **changes}))
    link.write("stage", "1")
    del parameters["stage"]  # the second key was pressed before the browser had the answer to the first
    link.write("stage", "")
    assert told == [{}], "or the answer to the first would be the last"


def test_a_rerun_that_brings_what_was_written_between_does_not_undo_the_last(parameters):
    parameters.broken_off = True
    link.write("stage", "1")
    del parameters["stage"]
    link.write("stage", "")
    parameters["stage"] = "1"
    link.catch_up()
    assert "stage" not in parameters


def test_one_thing_gives_way_to_another_and_all_else_stays():
    class Parameters(dict):
        def get_all(self, name):
            return [self[name]]

        def from_dict(self, values):
            self.clear()
            self.update(values)

    with pytest.MonkeyPatch.context() as monkey:
        shown = Parameters(study="few-labels", run="abc", seeds="0-4", data="digits", lesson="x")
        monkey.setattr(st, "query_params", shown)
        monkey.setattr(st, "session_state", {})
        link.replace({"study": "sizes"}, instead_of=("study", "run", "seeds"))
    assert shown == {"study": "sizes", "data": ["digits"], "lesson": ["x"]}


def test_what_is_broken_off_while_something_slow_goes_on_is_written_all_the_same(parameters, monkeypatch):
    class OutOfReach(dict):
        def __getitem__(self, key):
            raise RerunException(RerunData())  # Streamlit breaks off at a look at the session's state

        __setitem__ = setdefault = get = __getitem__

    write_run = link.writer("run")
    with monkeypatch.context() as overtaken:
        overtaken.setattr(st, "session_state", OutOfReach())
        with pytest.raises(RerunException):
            write_run("0123456789ab")
    link.catch_up()
    assert parameters == {"run": "0123456789ab"}
