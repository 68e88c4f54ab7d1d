"""How commands end: one sentence on standard error, and an exit code."""

from typing import Any, NoReturn, get_args

import click

from kdviz.errors import PlainError
from kdviz.recipes.base import RecipeError
from kdviz.records.kinds import AnyRecipe

USAGE_ERROR, FAILURE, INTERRUPTED = 2, 1, 130


class PlainGroup(click.Group):
    """Ends a PlainError with its sentence: exit code 2 for bad values, 1 for everything else; Ctrl-C with 130."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; its problems in plain words go to standard error."""
        try:
            return super().invoke(ctx)
        except RecipeError as error:
            end(_as_option(str(error)), USAGE_ERROR)
        except PlainError as error:
            end(str(error), FAILURE)
        except KeyboardInterrupt:  # where nothing is trained; a training says what of it is kept
            end("stopped.", INTERRUPTED)


def end(message: str, code: int) -> NoReturn:
    """End the command with a sentence."""
    click.echo(f"Error: {message}", err=True)
    raise click.exceptions.Exit(code)


def _as_option(message: str) -> str:
    """`batch_size is 0; …` as the command line calls it: `--batch-size is 0; …`."""
    name, _, rest = message.partition(" ")
    if any(name in kind.model_fields for kind in get_args(AnyRecipe)):
        return f"--{name.replace('_', '-')} {rest}"
    return message
