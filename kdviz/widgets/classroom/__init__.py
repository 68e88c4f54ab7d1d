"""A class: what the stage shows is followed by seats, plain pages on phones that are no sessions of Streamlit."""
