"""Form, live panel and summary of a single run."""
