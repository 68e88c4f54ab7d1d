"""The command that carries out a lesson's study: `python -m kdviz study NAME`."""

import json
from typing import Any

import click

from kdviz.cli.console import FAILURE, USAGE_ERROR, again_option, end, json_option, show
from kdviz.cli.local import carry_out
from kdviz.errors import PlainError
from kdviz.recipes.study import STUDIES, Study
from kdviz.records.study import StudyResult
from kdviz.reports import study as reports
from kdviz.store import recorded

_PREFERRED, _FALLBACK = "mnist", "digits"


@click.command(epilog="\b\nThe studies:\n" + reports.names())
@click.argument("name", metavar="NAME", required=False)
@click.option("--data", metavar="VALUE", default=None, help="Data set [default: mnist, or digits where it is missing]")
@click.option("--seeds", metavar="VALUE", default=None, help="Seeds, as 0-4 or 0,2,7 [default: those of the study]")
@click.option("--quick", is_flag=True, help="A smaller version: fewer epochs and arms.")
@click.option(
    "--arms", metavar="VALUE", default=None, help="Some arms, with commas between, and whom they are judged against."
)
@again_option
@json_option
@click.option("--record", is_flag=True, help="Keep the result as the one that the lesson's page shows at once.")
@click.option("--list", "list_only", is_flag=True, help="The studies, each with its question.")
def study(
    name: str | None,
    data: str | None,
    seeds: str | None,
    quick: bool,
    arms: str | None,
    again: bool,
    as_json: bool,
    record: bool,
    list_only: bool,
) -> None:
    """Put the question of a lesson to really trained networks, with several seeds, and say what they answer."""
    if list_only:
        facts = [{"name": study.name, "title": study.title, "question": study.question} for study in STUDIES.values()]
        click.echo(json.dumps(facts, indent=2) if as_json else reports.names())
        return
    if name is None:
        end("say which study; `python -m kdviz study --list` names them.", USAGE_ERROR)
    if name not in STUDIES:
        end(f"there is no study {name}; the studies are {', '.join(STUDIES)}.", USAGE_ERROR)
    if record and (quick or arms):
        end("--record keeps whole studies only: leave out --quick and --arms.", USAGE_ERROR)
    options = {"quick": quick, "seeds": seeds, "arms": arms}
    given = {option: value for option, value in options.items() if value is not None}
    ending = carry_out(_on_data_at_hand(name, given) if data is None else Study.of(name, data, **given), again)
    assert isinstance(ending, StudyResult)  # what a study ends with
    if record:
        try:
            click.echo(f"Recorded in {recorded.record(ending)}.", err=True)
        except OSError as error:
            end(f"the study cannot be recorded: {error.strerror}.", FAILURE)
    show(ending, as_json)


def _on_data_at_hand(name: str, given: dict[str, Any]) -> Study:
    """On MNIST where it is there, else on the digits; values are checked before any data is looked for."""
    data_sets = STUDIES[name].data_sets
    recipe = Study.of(name, _PREFERRED if _PREFERRED in data_sets else data_sets[0], **given)
    if recipe.data != _PREFERRED or _FALLBACK not in data_sets:
        return recipe
    from kdviz.engine import data

    try:
        data.load(_PREFERRED)
    except PlainError as error:
        click.echo(f"{error} Taken are the {_FALLBACK} of scikit-learn instead.", err=True)
        return Study.of(name, _FALLBACK, **given)
    return recipe
