"""The browser-side pictures of the lessons and the data they are mounted with; no forms and no runs."""
