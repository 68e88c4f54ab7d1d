"""What cannot be compressed so."""

from kdviz.errors import PlainError


class CompressionError(PlainError):
    """A network that cannot be compressed as asked; the message is one plain sentence."""
