"""The ways of teaching, one short file each; `ways.py` finds them by name."""
