"""`python -m kdviz`."""

from kdviz.cli import main

main(prog_name="python -m kdviz")
