"""The command that carries out a lesson's study: `python -m kdviz study NAME`."""

from __future__ import annotations

import json
from typing import Any

import click

from kdviz.cli.console import FAILURE, USAGE_ERROR, end
from kdviz.cli.local import carry_out
from kdviz.cli.options import show
from kdviz.errors import PlainError
from kdviz.recipes.studies import STUDIES
from kdviz.recipes.study import Study
from kdviz.records.study import Studied
from kdviz.reports import study as study_tables
from kdviz.store import recorded

_FIRST, _ELSE = "mnist", "digits"


@click.command(epilog="\b\nThe studies:\n" + study_tables.names())
@click.argument("name", metavar="NAME", required=False)
@click.option("--data", metavar="VALUE", default=None, help="Data set [default: mnist, or digits where it is missing]")
@click.option("--seeds", metavar="VALUE", default=None, help="Seeds, as 0-4 or 0,2,7 [default: those of the study]")
@click.option("--quick", is_flag=True, help="A smaller version: fewer epochs and arms.")
@click.option(
    "--arms", metavar="VALUE", default=None, help="Some arms, with commas between, and whom they are judged against."
)
@click.option("--again", is_flag=True, help="Train even if the store has this run's result.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option("--record", is_flag=True, help="Keep the result as the one that the lesson's page shows at once.")
@click.option("--list", "listed", is_flag=True, help="The studies, each with its question.")
def study(
    name: str | None,
    data: str | None,
    seeds: str | None,
    quick: bool,
    arms: str | None,
    again: bool,
    as_json: bool,
    record: bool,
    listed: bool,
) -> None:
    """Put the question of a lesson to really trained networks, with several seeds, and say what they answer."""
    if listed:
        _list(as_json)
        return
    if name is None:
        end("say which study; `python -m kdviz study --list` names them.", USAGE_ERROR)
    if name not in STUDIES:
        end(f"there is no study {name}; the studies are {', '.join(STUDIES)}.", USAGE_ERROR)
    if record and (quick or arms):
        end("--record keeps whole studies only: leave out --quick and --arms.", USAGE_ERROR)
    options = {"quick": quick, "seeds": seeds, "arms": arms}
    given = {option: value for option, value in options.items() if value is not None}
    wanted = _suited(name, given) if data is None else Study.of(name, data, **given)
    ending = carry_out(wanted, again)
    assert isinstance(ending, Studied)  # what a study ends with
    if record:
        _record(ending)
    show(ending, as_json)


def _suited(name: str, given: dict[str, Any]) -> Study:
    """On MNIST where it is there, else on the digits; values are checked before any data is looked for."""
    there = STUDIES[name].data_sets
    wanted = Study.of(name, _FIRST if _FIRST in there else there[0], **given)
    if wanted.data != _FIRST or _ELSE not in there:
        return wanted
    from kdviz.engine import data

    try:
        data.load(_FIRST)
    except PlainError as error:
        click.echo(f"{error} Taken are the {_ELSE} of scikit-learn instead.", err=True)
        return Study.of(name, _ELSE, **given)
    return wanted


def _list(as_json: bool) -> None:
    if not as_json:
        click.echo(study_tables.names())
        return
    facts = [{"name": each.name, "title": each.title, "question": each.question} for each in STUDIES.values()]
    click.echo(json.dumps(facts, indent=2))


def _record(studied: Studied) -> None:
    try:
        path = recorded.record(studied)
    except OSError as error:
        end(f"the study cannot be recorded: {error.strerror}.", FAILURE)
    click.echo(f"Recorded in {path}.", err=True)
