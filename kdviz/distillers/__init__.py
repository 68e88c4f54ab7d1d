"""The ways of teaching, a short file of each one's name: paper, loss, gradient; the loop that trains is in `engine`."""
