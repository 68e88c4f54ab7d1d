"""What a page that trains shows before anything was started here: a finished run that comes with the program."""

from typing import TypeVar

import streamlit as st

from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.openings import OPENINGS
from kdviz.records.kinds import AnyRecipe
from kdviz.reports.called import called
from kdviz.reports.phrases import counted, listed
from kdviz.store.recorded_runs import RecordedRun, recorded
from kdviz.widgets.lesson import sentence
from kdviz.widgets.literal import literal
from kdviz.widgets.live_panel import LivePanel, panel_container

_FALLBACK = "digits"  # whose images are on every machine

R = TypeVar("R", bound=AnyRecipe)
D = TypeVar("D")


def found(page: str, data: str) -> RecordedRun | None:
    """The recorded run of a page, on this data set or the digits of scikit-learn; None where there is none."""
    return recorded(page, data) or recorded(page, _FALLBACK)


def show(page: str, panel: LivePanel[R, D], data: str) -> bool:
    """The recorded run of a page, on this data set or the digits of scikit-learn, labelled so; whether there is one."""
    run = found(page, data)
    if run is None:
        return False
    with panel_container():
        with st.container(key="recorded_run"):
            text, recipe = st.columns([7, 1], vertical_alignment="center")
            text.caption(_provenance(run))
            with recipe.popover("Recipe", icon=":material/receipt_long:", type="tertiary"):
                st.caption(sentence("runs", "recorded-again", page=page, data=run.run.recipe.data))
                st.json(run.run.recipe.model_dump(mode="json"))
        panel.show_recorded(run)
    return True


def show_default(page: str, panel: LivePanel[R, D], wanted: AnyRecipe | None) -> bool:
    """The same where the controls show what the page opens with: of other settings it has a picture of its own."""
    return wanted is not None and wanted == OPENINGS[page](wanted.data) and show(page, panel, wanted.data)


def _provenance(of: RecordedRun) -> str:
    recipe, result = of.run.recipe, of.run.result
    assert result is not None
    return sentence(
        "runs",
        "recorded-run",
        run=of.run.id,
        called=called(recipe),
        data=DATA_SETS[recipe.data].title,
        seeds=f"{'seed' if len(recipe.seeds) == 1 else 'seeds'} {listed([str(seed) for seed in recipe.seeds])}",
        device=literal(result.device),
        threads=counted(result.threads, "thread"),
        seconds=f"{result.seconds:.0f}",
    )
