"""A finished run to explore: all its curves over one axis."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from kdviz.charts.live import NAMES, SOFT_TERMS
from kdviz.charts.palette import Palette
from kdviz.recipe import Loss

PANELS = ("Terms of the loss, nats, logarithmic", "Share of the soft term", "Accuracy", "Agreement with the teacher")


def run_figure(frame: pd.DataFrame, loss: Loss, colours: Palette) -> go.Figure:
    """Loss terms (logarithmic), the soft term's share of loss and gradient, accuracies and agreement, over the updates.

    `frame` as from `live.curves`.
    """
    figure = make_subplots(
        rows=4,
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.06,
        subplot_titles=PANELS,
    )
    distilled = frame[frame.role == "distilled"]
    _line(figure, 1, distilled.step, distilled.loss_kd, SOFT_TERMS[loss], colours.teacher)
    _line(figure, 1, distilled.step, distilled.loss_ce, "(1−α)·CE", colours.label)
    total = distilled.loss_kd + distilled.loss_ce
    _line(figure, 2, distilled.step, distilled.loss_kd / total, "of the loss", colours.teacher)
    _line(figure, 2, distilled.step, distilled.gradient_share_kd, "of the gradient", colours.student, "dot")
    plain = frame[frame.role == "plain"]
    for network, role, colour in ((distilled, "distilled", colours.student), (plain, "plain", colours.plain)):
        _line(figure, 3, network.step, network.validation_accuracy, f"{NAMES[role]}, validation", colour)
        _line(figure, 3, network.step, network.training_accuracy, f"{NAMES[role]}, training", colour, "dot")
    _line(figure, 4, distilled.step, distilled.agreement, NAMES["distilled"], colours.student)
    _line(figure, 4, plain.step, plain.agreement, NAMES["plain"], colours.plain, "dash")
    figure.update_yaxes(type="log", dtick=1, row=1)
    figure.update_yaxes(tickformat=".0%", range=[0, 1], row=2)
    figure.update_yaxes(tickformat=".0%", row=3)
    figure.update_yaxes(tickformat=".0%", row=4)
    figure.update_xaxes(title_text="update", row=4)
    figure.update_layout(
        height=720, hovermode="x unified", margin={"l": 10, "r": 10, "t": 30, "b": 10}, legend={"orientation": "h"}
    )
    return figure


def _line(figure: go.Figure, row: int, x: pd.Series, y: pd.Series, name: str, colour: str, dash: str = "solid") -> None:
    figure.add_trace(
        go.Scatter(x=x, y=y, name=name, mode="lines", line={"color": colour, "dash": dash, "width": 2}), row=row, col=1
    )
