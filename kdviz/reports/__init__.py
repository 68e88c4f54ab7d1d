"""Results as text and JSON for the command line and for files; no Streamlit and no charts."""
