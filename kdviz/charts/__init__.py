"""Data frames in, charts out: Vega-Lite for what grows, Plotly for what is finished and explored. No Streamlit."""
