"""The ways of teaching, one short file each: paper, loss, gradient; the loop that trains stands in `engine`."""
