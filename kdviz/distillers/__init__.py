"""The ways of teaching, one short file each."""
