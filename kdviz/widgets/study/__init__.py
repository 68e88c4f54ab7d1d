"""Form, live panel, result and sentences of a lesson's study."""
