"""A run's results as files: a flat table (CSV, Parquet), one JSON document; scripts and cards by their own modules.

Torch-free. What people wrote, tags and notes, stays data: no cell of a CSV file begins as a formula would.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from kdviz.errors import PlainError
from kdviz.exports.model_cards import model_card
from kdviz.exports.scripts import script
from kdviz.recipes.study import Study
from kdviz.records.comparison import ComparisonResult
from kdviz.records.intervals import wilson_interval
from kdviz.records.kinds import Ending, kind_name
from kdviz.records.single import Result
from kdviz.records.study import StudyResult
from kdviz.reports import sweep as sweep_tables
from kdviz.reports.kinds import report_of
from kdviz.store.run import Run

__all__ = ["ExportError", "as_csv", "as_json", "as_parquet", "file_name", "model_card", "script", "table"]

# How a cell begins that a spreadsheet works out; some read wide signs as the narrow ones.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class ExportError(PlainError):
    """A run that has nothing to export."""


def table(run: Run) -> pd.DataFrame:
    """A row for each network that was tried, with the run's recipe as JSON. Raises ExportError.

    Single runs: teacher, distilled and plain. Comparisons: each method and seed, controls and teachers. Sweeps: each
    cell, seed and fold, then the choice's students. Lessons' studies: each arm and seed; their curves are in the JSON
    document. Figures that are no numbers are missing values; a column without any value is left out.
    """
    study = run.recipe.study if isinstance(run.recipe, Study) else kind_name(run.recipe) or "single"
    whose = {"run_id": run.id, "study": study}
    said = {"recipe": run.recipe.model_dump_json(), "tags": ", ".join(run.tags) or None, "note": run.note or None}
    rows = [{**whose, **{name: _figure(value) for name, value in row.items()}, **said} for row in _rows(run)]
    return pd.DataFrame(rows).dropna(axis="columns", how="all").convert_dtypes()


def as_csv(run: Run) -> bytes:
    """The table as CSV, UTF-8. Raises ExportError."""
    frame = table(run)
    texts = [name for name in frame.columns if isinstance(frame[name].dtype, pd.StringDtype)]
    for name in texts:
        frame[name] = frame[name].map(_harmless, na_action="ignore")
    return frame.to_csv(index=False).encode()


def as_parquet(run: Run) -> bytes:
    """The table as Parquet. Raises ExportError."""
    buffer = io.BytesIO()
    table(run).to_parquet(buffer, index=False)
    return buffer.getvalue()


def as_json(run: Run) -> bytes:
    """The document that the command line writes of such a run, with its tags and note; UTF-8. Raises ExportError."""
    document = report_of(run.recipe).document(_result(run)) | {"tags": list(run.tags), "note": run.note}
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode()


def file_name(run: Run, ending: str) -> str:
    """A name for a file of this run, made of its data set and its id alone, and of a tidied `ending`."""
    tidy = re.sub(r"[^a-z0-9]+", "-", run.recipe.data)
    parts = [re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in ending.split(".")]
    return ".".join([f"kdviz-{tidy}-{re.sub('[^0-9a-z]', '', run.id)}", *filter(None, parts)])


def _result(run: Run) -> Ending:
    if run.result is None:
        raise ExportError(f"Run {run.id} has no results to export, as it is {run.status}; its script repeats it.")
    return run.result


def _rows(run: Run) -> Iterator[dict[str, Any]]:
    result = _result(run)
    if isinstance(result, Result):
        for role, scores in (("teacher", result.teacher), ("distilled", result.distilled), ("plain", result.plain)):
            yield {"role": role, "seed": result.recipe.seed, **_with_interval(scores.model_dump())}
    elif isinstance(result, ComparisonResult):
        for role, trials in (("student", result.trials), ("control", result.controls), ("teacher", result.teachers)):
            for trial in trials:
                yield {"role": role, **_with_interval(_flat(trial.model_dump(exclude={"reliability", "others"})))}
    elif isinstance(result, StudyResult):
        for arm in result.recipe.chosen:
            finished = result.arm(arm.name)
            for row in finished.rows if finished else []:
                said = {"role": "arm", "arm": arm.name, "title": arm.title, "against": arm.against or None, "x": arm.x}
                yield {**said, "seed": row.seed, **row.figures}
    else:
        document = sweep_tables.document(result)
        for role, name in (("trial", "rows"), ("control", "controls")):
            yield from ({"role": role, **row} for row in document[name])
        if result.choice is not None:
            cell = result.choice.cell.model_dump()
            for each in result.choice.results:
                figures = _with_interval(each.distilled.model_dump())
                yield {"role": "choice", **cell, "seed": each.recipe.seed, **figures}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Expenses as columns of their own; a teacher's are called so."""
    expense, teacher = row.pop("expense"), row.pop("teacher")
    return {**row, **expense, **{f"teacher_{name}": value for name, value in (teacher or {}).items()}}


def _with_interval(row: dict[str, Any]) -> dict[str, Any]:
    low, high = wilson_interval(row["test_accuracy"], row["test_images"])
    return {**row, "test_accuracy_low": low, "test_accuracy_high": high}


def _figure(value: Any) -> Any:
    """What a diverged training left is a missing value, be it a float or the text that JSON has for it."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return None if value in ("nan", "inf", "-inf") else value


def _harmless(text: str) -> str:
    """A spreadsheet shows the text after the apostrophe and works nothing out."""
    return f"'{text}" if text.startswith(_FORMULA) else text
