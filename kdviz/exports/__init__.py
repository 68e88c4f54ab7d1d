"""What leaves the store as files and comes back: tables, bundles, model cards, scripts; nothing here asks Streamlit."""
