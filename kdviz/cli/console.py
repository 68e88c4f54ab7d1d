"""What all commands share: options from the fields of a recipe, how an ending is shown, sentences and exit codes."""

import json
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, get_args

import click

from kdviz.errors import PlainError
from kdviz.recipes.base import Conditions, RecipeError
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.compression import Compression
from kdviz.recipes.number_lists import with_point
from kdviz.records.kinds import AnyRecipe, Ending
from kdviz.reports.kinds import report_of
from kdviz.store import data_files

USAGE_ERROR, FAILURE, INTERRUPTED = 2, 1, 130
Command = Callable[..., None]
AsConditions = TypeVar("AsConditions", bound=Conditions)

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
again_option = click.option("--again", is_flag=True, help="Train even if the store has this run's result.")


def options(kind: type[Conditions]) -> Callable[[Command], Command]:
    """One option for each field of a recipe, which alone knows what is allowed; and those of every training."""

    def add(command: Command) -> Command:
        command = again_option(json_option(command))
        for name, field in reversed(kind.model_fields.items()):
            if name == "study":
                continue  # the command itself says which
            flag = "--" + name.replace("_", "-")
            help_text = f"{field.description}{_default(name, field.default)}"
            if field.annotation is bool:
                option = click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=help_text)
            else:
                option = click.option(flag, name, metavar="VALUE", default=None, help=help_text)
            command = option(command)
        return command

    return add


def _default(name: str, value: Any) -> str:
    if value is None or value == ():
        return " [default: all]" if "labels" in name or name == "transfer_classes" else ""
    return f" [default: {','.join(map(str, value)) if isinstance(value, tuple) else value}]"


def recipe_of(kind: type[AsConditions], values: dict[str, Any]) -> AsConditions:
    """The recipe that the options ask for. Raises RecipeError."""
    given = {name: value for name, value in values.items() if value is not None}
    recipe = kind.suited(given.get("data", kind().data), given)
    facts = DATA_SETS[recipe.data]
    if facts in data_files.all_own():
        click.echo(
            f"The files in {data_files.folder_of(facts)} are not the published ones: {recipe.data} is what is in them.",
            err=True,
        )
    for name, value in given.items():
        if with_point(value) != value:
            click.echo(f"--{name.replace('_', '-')} {value} is read as {_read(getattr(recipe, name))}.", err=True)
    return recipe


def _read(value: Any) -> str:
    """A number or a list of numbers, as it was understood."""
    return " and ".join(f"{number:g}" for number in value) if isinstance(value, tuple) else f"{value:g}"


def show(ending: Ending, as_json: bool) -> None:
    """Write a result to standard output."""
    report = report_of(ending.recipe)
    if as_json:
        click.echo(json.dumps(report.document(ending), indent=2))
    else:
        click.echo(f"{report.title(ending.recipe)}\nrun {ending.run_id}\n\n{report.text(ending)}")


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
    if any(name in kind.model_fields for kind in (*get_args(AnyRecipe), Compression)):
        return f"--{name.replace('_', '-')} {rest}"
    return message
