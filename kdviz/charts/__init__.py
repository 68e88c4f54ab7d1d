"""Figures (Plotly) and specifications (Vega-Lite) from records; no Streamlit and no text of a page."""
