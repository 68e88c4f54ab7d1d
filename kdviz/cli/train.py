"""The commands that train in this process: `python -m kdviz train` and `compare`."""

from typing import Any

import click

from kdviz.cli.local import carry_out
from kdviz.cli.options import options, recipe_of, show
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.single import Recipe


@click.command()
@options(Recipe)
def train(again: bool, as_json: bool, **values: Any) -> None:
    """Train a teacher, a student distilled from it, and the same student without a teacher."""
    show(carry_out(recipe_of(Recipe, values), again), as_json)
    if not as_json:
        click.echo("\nOne seed: differences of a few images are chance.")


@click.command()
@options(Comparison)
def compare(again: bool, as_json: bool, **values: Any) -> None:
    """Teach the same student in several ways, with several seeds, under the same conditions."""
    show(carry_out(recipe_of(Comparison, values), again), as_json)
