"""The form of a study: its settings, and which run it stands for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from kdviz.recipes.base import RecipeError, shortened
from kdviz.recipes.number_lists import MOST_SEEDS
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.facts import StudyFacts
from kdviz.reports.text import ranges
from kdviz.store.run import Run
from kdviz.widgets import link, page, run_status, server

SETTINGS = ("seeds", "quick", "arms")  # in a link, besides the data set
_ADOPTED = "studies_adopted"


@dataclass(frozen=True)
class Controls:
    """The names of a study's settings in the URL; a page with two studies has a key for each."""

    key: str | None

    def name(self, setting: str) -> str:
        """`seeds`, or `few-labels.seeds`."""
        return setting if self.key is None else f"{self.key}.{setting}"

    def given(self, setting: str) -> str | None:
        """What the link says; the controls write to it and show what it says."""
        return st.query_params.get(self.name(setting))

    def write(self, setting: str, text: str) -> None:
        """Let the link say it; what is empty it need not say."""
        link.write(self.name(setting), text)

    def show(self, setting: str, value: Any, draw: Callable[..., Any], label: str, **options: Any) -> Any:
        """Draw a control that shows a value, and lets the link say what a visitor makes of it; what it shows."""
        name = self.name(setting)
        st.session_state[name] = value
        draw(label, key=name, on_change=self._keep, args=(setting,), **options)
        return st.session_state[name]

    def _keep(self, setting: str) -> None:
        value = st.session_state[self.name(setting)]
        self.write(setting, ",".join(value) if isinstance(value, list) else "true" if value is True else value or "")


def adopt(controls: Controls, run: Run | None) -> None:
    """Let the controls show the run of a link, where that does not set them; once, so that they can be changed."""
    form = f"{urlsplit(st.context.url or '').path} {controls.key}"
    adopted: dict[str, str] = st.session_state.setdefault(_ADOPTED, {})
    study = run_status.recipe_of(run, Study)
    if study is None or (adopted.get(form) == study.id and not link.brings_a_run()):
        return
    adopted[form], facts = study.id, study.facts
    texts = {
        "data": study.data if len(facts.data_sets) > 1 else "",
        "seeds": ranges(study.seeds) if study.seeds != facts.seeds else "",
        "quick": "true" if study.quick else "",
        "arms": ",".join(study.arms),
    }
    for setting, text in texts.items():
        if controls.given(setting) is None:
            controls.write(setting, text)


def of_link(facts: StudyFacts, controls: Controls) -> Study:
    """What the link asks for. Raises RecipeError."""
    given = {setting: text for setting in SETTINGS if (text := controls.given(setting)) is not None}
    return Study.of(facts.name, controls.given("data") or _usual_data(facts), **given)


def _usual_data(facts: StudyFacts) -> str:
    home = server.quiet_home() if len(facts.data_sets) > 1 else facts.data_sets[0]
    return home if home in facts.data_sets else facts.data_sets[0]


def study_form(facts: StudyFacts, controls: Controls) -> tuple[Study | None, str]:
    """The settings; None where they cannot be, and what is off with the link."""
    given, problem = controls.given("data"), ""
    data = given if given in facts.data_sets else _usual_data(facts)
    if given not in (None, data):
        problem = f"data is {shortened(given or '')}; {facts.name} takes one of {', '.join(facts.data_sets)}."
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(facts.data_sets) > 1:
            data = controls.show("data", data, st.selectbox, "Data", options=facts.data_sets, width=150)
        help_seeds = f"Up to {MOST_SEEDS}, as 0-4 or 0,2,7. With one seed there is no verdict."
        shown_seeds = controls.given("seeds") or ranges(facts.seeds)
        seeds = controls.show("seeds", shown_seeds, st.text_input, "Seeds", width=110, help=help_seeds)
        help_quick = "Fewer epochs and arms: a first impression."
        quick = controls.show("quick", controls.given("quick") == "true", st.checkbox, "Quick version", help=help_quick)
    titles = {arm.name: arm.title for arm in facts.arms_of(data, quick=quick)}
    named = [name for name in (controls.given("arms") or "").split(",") if name]
    if unknown := [name for name in named if name not in titles]:
        problem = problem or f"arms has {shortened(unknown[0])}; {facts.name} takes some of {', '.join(titles)}."
    arms = controls.show(
        "arms",
        [name for name in named if name in titles],
        st.multiselect,
        "Arms",
        options=list(titles),
        format_func=titles.__getitem__,
        placeholder="all",
        help="Whoever an arm is judged against is trained as well.",
    )
    if problem:
        problem = f"This link asks for something that cannot be: {problem} What does not fit is left out."
    try:
        return Study.of(facts.name, data, seeds=seeds, quick=quick, arms=arms), problem
    except RecipeError as error:
        page.problem(error)
        return None, ""
