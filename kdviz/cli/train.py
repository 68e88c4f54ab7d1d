"""The commands that train in this process: `python -m kdviz train` and `compare`, and how what they made is shown."""

from __future__ import annotations

from typing import Any

import click

from kdviz.cli.local import carry_out
from kdviz.cli.options import asked, options, show
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe


@click.command()
@options(Recipe)
def train(again: bool, as_json: bool, **values: Any) -> None:
    """Train a teacher, a student distilled from it, and the same student without a teacher."""
    show(carry_out(asked(Recipe, values), again), as_json)


@click.command()
@options(Comparison)
def compare(again: bool, as_json: bool, **values: Any) -> None:
    """Teach the same student in several ways, with several seeds, under the same conditions."""
    show(carry_out(asked(Comparison, values), again), as_json)
