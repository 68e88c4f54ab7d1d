"""The command that makes the recorded runs with which pages open: `python -m kdviz record`."""

import click

from kdviz.cli.console import FAILURE, again_option, end
from kdviz.cli.local import carry_out, open_store
from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.recipes.openings import OPENINGS
from kdviz.store import recorded_runs


@click.command()
@click.argument("pages", metavar="[PAGE]...", nargs=-1, type=click.Choice(list(OPENINGS)))
@click.option("--data", type=click.Choice(list(SHIPPED_TEACHERS)), required=True)
@again_option
def record(pages: tuple[str, ...], data: str, again: bool) -> None:
    """Train what pages that train open with, all of them or those that are named, and keep it with the program."""
    store = open_store()
    for page in pages or OPENINGS:
        ending = carry_out(OPENINGS[page](data), again)
        run = store.get(ending.run_id)
        if run is None or run.result is None:
            end(f"run {ending.run_id} was deleted meanwhile.", FAILURE)
        events = store.events(run.id)
        before = [part for part in store.finished(run.id) if part not in events]  # of an attempt before the last one
        try:
            path = recorded_runs.record(page, run, [*before, *events])
        except OSError as error:
            end(f"the run cannot be recorded: {error.strerror}.", FAILURE)
        click.echo(f"{path}, {path.stat().st_size:,} bytes")
