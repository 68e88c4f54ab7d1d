"""Errors whose message is shown to the person as it is."""


class PlainError(Exception):
    """A problem that the person can understand and mend; the message is one plain sentence, shown as it is."""

    plain = True
