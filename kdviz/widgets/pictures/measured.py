"""What the networks of a recorded run take: accuracy against bytes, time or energy, and the figures as a table."""

import pandas as pd
import streamlit as st

from kdviz.charts import measured as charts
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.records.compressed import MeasuredRun
from kdviz.reports import measurement as report
from kdviz.reports.phrases import listed
from kdviz.store import measured as recorded
from kdviz.widgets import link, page, server
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.literal import literal


def show(here: LessonPage, data: str) -> None:
    """The figures of that data set, else those of MNIST."""
    found = recorded.recorded(data) or recorded.recorded(server.FAVOURITE)
    if found is None:
        return
    here.text("measured", data=DATA_SETS[found.data].title, machine=found.machine, day=found.day)
    costs = {name: here.word(f"cost-{name}") for name in charts.COSTS}
    runtimes = {name.partition(" ")[0].lower(): name for name in _runtimes(found)}
    with st.container(horizontal=True, key="measured_choices"):
        cost = link.switch("cost", here.word("cost"), costs, label_visibility="collapsed")
        short = {name: runtime.partition("+")[0] for name, runtime in runtimes.items()}
        runtime = runtimes[link.switch("runtime", here.word("runtime"), short, label_visibility="collapsed")]
    axes = here.word(f"axis-{cost}"), here.word("axis-right")
    figure = charts.measured_figure(found.networks, runtime, cost, axes, page.colours())
    page.chart(figure, key="measured", alt=here.word("measured-alt"))
    shown = charts.places(found.networks, runtime, cost)
    names, best = [report.called(place.network) for place in shown], charts.front(shown)
    st.caption(" · ".join(f"**{number}**\u00a0{literal(name)}" for number, name in enumerate(names, 1)))
    on_front = [f"{at} ({name})" for at, (name, place) in enumerate(zip(names, shown, strict=True), 1) if place in best]
    here.say("front", names=listed(on_front))
    st.caption(" ".join(report.notes(found.networks)))
    place = page.unfolded(here.word("figures"), "measured_figures", icon=":material/table:")
    if place is not None:
        with place:
            rows = pd.DataFrame(report.rows(found.networks), columns=report.HEADER)
            st.dataframe(rows, hide_index=True, height="content", alt=here.word("figures"))


def _runtimes(measured: MeasuredRun) -> list[str]:
    return sorted({found.runtime for network in measured.networks for found in network.runtimes})
