"""Pages run by Streamlit's AppTest, without a browser and without a cluster."""

import itertools
import json
import re
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest

from kdviz.jobs.queue import JobError
from kdviz.store.rights import OPERATOR
from kdviz.store.run import Run
from kdviz.widgets.literal import JOINER

APP = Path(__file__).resolve().parents[2] / "app.py"
RUN = 30  # seconds for one script run on a machine that does other things too
_numbers = itertools.count()


class FakeJobs:
    """Stands for the queue and its cluster: shows the runs it is given, with these events, and starts none."""

    trouble = awaited = ""
    held = False
    line = (0, 1)  # how many of others wait, and which number a new run would have
    queued = False  # whether a run waits for the other live ones

    def __init__(self, *runs, events=()):
        self.runs, self.said, self.submitted = {run.id: run for run in runs}, list(events), []
        self.cluster = SimpleNamespace(device={"name": "CPU", "threads": 2})
        self._number = next(_numbers)  # another test may show the same run at another moment

    def get(self, run_id):
        return self.runs.get(run_id)

    def events(self, run_id, after=0):
        return self.said[after:]

    def version(self, run_id):
        return (self.runs[run_id].status, self._number, len(self.said))

    def ahead(self, run_id):
        return [run for run in self.runs.values() if run.live and run.id != run_id] if self.queued else []

    def in_line(self, who):
        return self.line

    def awaits(self, run_id):
        return self.awaited

    def submit(self, recipe, who=OPERATOR, *, anew=False):
        self.submitted.append((recipe, "anew") if anew else recipe)
        return SimpleNamespace(id=recipe.id)

    def call(self, function, *args, key, alone=False):
        future = Future()
        future.set_exception(JobError("There is nothing in /nowhere, and the network gave no answer."))
        return future

    def pause(self, run_id, who=OPERATOR):
        raise AssertionError("nobody pressed a button")

    resume = cancel = pause


def run_of(recipe, status="finished", result=None, visitor=""):
    """The run of a recipe as it lies in the store."""
    facts = {"attempt": 1, "created": datetime.now(UTC), "visitor": visitor}
    return Run(id=recipe.id, recipe=recipe, status=status, result=result, **facts)


def opened(page, **query):
    """The page as a link opens it, on digits unless `data` says otherwise."""
    at = AppTest.from_file(str(APP), default_timeout=RUN)
    at._bidi_component_manager = known_components()
    for name, value in {"data": "digits", **query}.items():
        if value is not None:
            at.query_params[name] = value
    at.switch_page(page).run()
    assert not at.exception, at.exception
    return at


@cache
def known_components():
    """The components of all installed packages, as a server knows them; an AppTest would look for them each time."""
    manager = BidiComponentManager()
    manager.discover_and_register_components(start_file_watching=False)
    return manager


def components(at):
    """The data of every component on the page that is drawn in the browser."""
    texts = [element.proto.json for element in at.get("bidi_component")]
    return [json.loads(text) if text else {} for text in texts]


def component(at, *fields):
    """The data of the first component that has all these fields."""
    return next(data for data in components(at) if set(fields) <= set(data))


def button(at, label):
    return next(found for found in at.button if found.label == label)


def start(at):
    """Press Start."""
    button(at, "Start").click().run()
    assert not at.exception


def said(at):
    """Warnings, notes and errors, as they are read."""
    return read(" ".join(element.value for kind in (at.warning, at.info, at.error) for element in kind))


def read(markdown):
    """What a person reads of text that is not ours: see `literal`."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace(JOINER, "")


def folded(at):
    """What is folded: each label with what is behind it."""
    return "\n".join("\n".join([each.label, *(found.value for found in each.markdown)]) for each in at.expander)


def markdown(at):
    return "\n".join(element.value for element in at.markdown)


def html(at):
    """The sentences that pages write as HTML, tags and all."""
    return " ".join(element.proto.body for element in at.get("html"))


def text(at):
    """All sentences of a page, without tags."""
    pieces = [found.value for found in (*at.markdown, *at.caption, *at.info, *at.warning)]
    return "\n".join([*pieces, *(re.sub("<[^>]+>", "", found.proto.body) for found in at.get("html"))])
