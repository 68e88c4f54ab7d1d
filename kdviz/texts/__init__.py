"""What the lessons say, read from `assets/lessons`; no numbers of runs and no Streamlit."""
