"""What every page has."""

import plotly.graph_objects as go
import pytest

from kdviz.widgets import link, page


@pytest.mark.parametrize("on_stage", [True, False])
def test_a_figure_that_others_see_too_stays_as_it_is(monkeypatch, on_stage):
    shown = []
    monkeypatch.setattr(link, "on_stage", lambda: on_stage)
    monkeypatch.setattr(page.st, "plotly_chart", lambda figure, **_: shown.append(figure))
    figure = go.Figure(layout={"height": 300})
    page.chart(figure, key="figure", alt="")
    assert figure.layout.height == 300
    assert shown[0].layout.height == (None if on_stage else 300)
