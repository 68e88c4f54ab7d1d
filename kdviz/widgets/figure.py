"""A figure on a page."""

import plotly.graph_objects as go
import streamlit as st

from kdviz.charts.layout import CONFIG


def chart(figure: go.Figure, key: str, alt: str) -> None:
    """A Plotly figure, for what is finished and explored; `alt` is what a screen reader says of it."""
    st.plotly_chart(figure, key=key, config=CONFIG, alt=alt)
