"""A run as files: a flat table (CSV, Parquet), one JSON document, a script that repeats it; cards by their own module.

Torch-free. What people wrote, tags and notes, stays data: no cell of a CSV file is a formula.
"""

import io
import json
import math
import re
from functools import partial
from typing import Any

import pandas as pd

from kdviz.errors import PlainError
from kdviz.exports.cells import VISIBLE, as_text
from kdviz.exports.kinds import EXPORTS
from kdviz.exports.model_cards import model_card
from kdviz.records.kinds import RECIPES, AnyRecipe, Ending
from kdviz.reports.kinds import report_of
from kdviz.store.run import Run

__all__ = ["ExportError", "as_csv", "as_json", "as_parquet", "file_name", "model_card", "script", "table"]

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


class ExportError(PlainError):
    """A run that has nothing to export."""


def table(run: Run) -> pd.DataFrame:
    """A row for each network that was tried, with the run's recipe as JSON. Raises ExportError.

    Single runs: teacher, distilled and plain. Comparisons: each method and seed, controls and teachers. Sweeps: each
    cell, seed and fold, then the choice's students. Lessons' studies: each arm and seed; their curves are in the JSON
    document. Figures that are no numbers are missing values; a column without any value is left out.
    """
    result = _result(run)
    first = {"run_id": run.id, **_origin(run), "study": run.recipe.model_dump().get("study", "single")}
    last = {"recipe": run.recipe.model_dump_json(), "tags": ", ".join(run.tags) or None, "note": run.note or None}
    rows = [
        {**first, **{name: _figure(value) for name, value in row.items()}, **last}
        for row in EXPORTS[type(run.recipe)].rows(result)
    ]
    return pd.DataFrame(rows).dropna(axis="columns", how="all").convert_dtypes()


def as_csv(run: Run) -> bytes:
    """The table as CSV, UTF-8. Raises ExportError."""
    frame = table(run)
    for name, kind in frame.dtypes.items():
        if isinstance(kind, pd.StringDtype) and name != "recipe":  # whose lists may hold a minus
            frame[name] = frame[name].map(partial(as_text, mark=VISIBLE), na_action="ignore")
    return frame.to_csv(index=False).encode()


def as_parquet(run: Run) -> bytes:
    """The table as Parquet. Raises ExportError."""
    buffer = io.BytesIO()
    table(run).to_parquet(buffer, index=False)
    return buffer.getvalue()


def as_json(run: Run) -> bytes:
    """The document that the command line writes of such a run, with its tags and note; UTF-8. Raises ExportError."""
    noted = {"run_id": run.id, **_origin(run), "tags": list(run.tags), "note": run.note}
    document = report_of(run.recipe).document(_result(run)) | noted
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode()


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


def file_name(run: Run, ending: str) -> str:
    """A name for a file of this run, made of its data set and its id alone, and of a tidied `ending`."""
    tidy = re.sub(r"[^a-z0-9]+", "-", run.recipe.data)
    parts = [re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in ending.split(".")]
    return ".".join([f"kdviz-{tidy}-{re.sub('[^0-9a-z-]', '', run.id)}", *filter(None, parts)])


def _origin(run: Run) -> dict[str, bool]:
    """What a reader has to know of the figures: that they are what a file said, where it is so."""
    return {"imported": True} if run.imported else {}


def _result(run: Run) -> Ending:
    if run.result is None:
        raise ExportError(f"Run {run.id} has no results to export, as it is {run.status}; its script repeats it.")
    return run.result


def _figure(value: Any) -> Any:
    """What a diverged training left is a missing value, be it a float or the text that JSON has for it."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return None if value in ("nan", "inf", "-inf") else value
