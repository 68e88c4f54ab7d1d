"""Page furniture in Streamlit: forms, live panels, results, pictures; a page's own order stands in `pages`."""
