"""What every page has."""

import re

import plotly.graph_objects as go
import pytest

from kdviz.settings import ASSETS
from kdviz.widgets import link, page

STYLES = ASSETS / "styles"


@pytest.mark.parametrize("on_stage", [True, False])
def test_a_figure_that_others_see_too_stays_as_it_is(monkeypatch, on_stage):
    shown = []
    monkeypatch.setattr(link, "on_stage", lambda: on_stage)
    monkeypatch.setattr(page.st, "plotly_chart", lambda figure, **_: shown.append(figure))
    figure = go.Figure(layout={"height": 300})
    page.chart(figure, key="figure", alt="")
    assert figure.layout.height == 300
    assert shown[0].layout.height == (None if on_stage else 300)


def test_every_style_sheet_of_a_page_has_its_page():
    own, pages = (
        {path.stem for path in folder.glob(f"*.{kind}")}
        for folder, kind in ((STYLES / "pages", "css"), (ASSETS.parent / "pages", "py"))
    )
    assert own
    assert own <= pages


@pytest.mark.parametrize("name", ["page", "stage"])
def test_no_rule_asks_the_whole_document_which_page_it_is(name):
    text = (STYLES / f"{name}.css").read_text(encoding="utf-8")
    assert not re.findall(r"(?:\.stApp|html)[^{},]*:has\(\.st-key-", text)
