"""Errors whose message is meant for the person who asked."""


class PlainError(Exception):
    """A problem that the person can understand and mend; the message is one plain sentence, shown as it is."""

    plain = True
