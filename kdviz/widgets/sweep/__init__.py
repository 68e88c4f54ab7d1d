"""Form, estimate, live panel, summary and sentences of a sweep."""
