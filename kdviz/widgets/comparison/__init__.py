"""Form, live panel, summary and sentences of a comparison."""
