"""A run as a short Python script that repeats it with this package and prints the same accuracy. Torch-free."""

import json

from kdviz.exports.kinds import EXPORTS
from kdviz.records.kinds import RECIPES, AnyRecipe

_SCRIPT = """\
# Repeats run {id} of kdviz and prints {printed}: the same as before on the same kind of machine.
#
# Run it where Python finds the package: in the project's folder, or from anywhere with
#     PYTHONPATH=<the project's folder> python <this file>
# KDVIZ_DATA_DIR says where the data sets are. The app's runs are not touched.

from kdviz import repeat

RECIPE = r'''
{recipe}
'''

ending = repeat.train(RECIPE, "{id}", threads={threads})  # as many as {whose}
repeat.report(ending)
"""


def script(recipe: AnyRecipe, threads: int | None = None) -> str:
    """The script's text, which holds nothing of the run but its recipe.

    `threads`, those of the run, decide the last bits of its sums; as many as a worker has if not given.
    """
    checked = RECIPES.validate_json(recipe.model_dump_json())  # whatever made the recipe: names and numbers only
    return _SCRIPT.format(
        id=checked.id,
        printed=EXPORTS[type(checked)].printed(checked),
        recipe=json.dumps(checked.model_dump(mode="json"), indent=2),
        threads=None if threads is None else int(threads),
        whose="a worker has" if threads is None else "the run had",
    )
