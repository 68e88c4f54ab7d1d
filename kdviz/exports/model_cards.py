"""A kept student's model card (Mitchell et al. 2019, "Model Cards for Model Reporting") as Markdown. Torch-free."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from types import MappingProxyType

from kdviz.errors import PlainError
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS, Architecture
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import CONTROL, METHODS
from kdviz.recipes.single import Recipe
from kdviz.records.base import Scores
from kdviz.records.comparison import ComparisonResult, Trial
from kdviz.records.intervals import wilson_interval
from kdviz.records.single import Result
from kdviz.records.sweep import SweepResult
from kdviz.store.run import Run

# What is known of the licences of the images.
LICENCES = MappingProxyType(
    {
        "mnist": "the files name none; TensorFlow's documentation gives Creative Commons Attribution-ShareAlike 3.0",
        "fashion-mnist": "MIT",
        "usps": "none is known",
        "digits": "part of scikit-learn (BSD 3-Clause), from the UCI repository, which gives Creative Commons "
        "Attribution 4.0",
    }
)


class CardError(PlainError):
    """There is nothing to say of such a student."""


@dataclass(frozen=True)
class Subject:
    """The student that a card is about: how it was trained, and how it did."""

    taught: str  # in words
    recipe: Recipe | Comparison
    seed: int
    network: Architecture
    scores: Scores | Trial
    result: Result | ComparisonResult


def subject(run: Run, name: str) -> Subject:
    """The run's student called `name`. Raises CardError."""
    result, found = run.result, None
    if isinstance(result, Result) and name == "distilled":
        found = _of_single(result)
    elif isinstance(result, ComparisonResult):
        found = _of_comparison(result, name)
    elif isinstance(result, SweepResult) and result.choice:
        found = next((_of_single(each) for each in result.choice.results if name == f"seed {each.recipe.seed}"), None)
    if found is None:
        raise CardError(f"Run {run.id} has no result of a student of that name.")
    return found


def model_card(run: Run, name: str) -> str:
    """The card of the run's student called `name`. Raises CardError."""
    this = subject(run, name)
    facts, network = DATA_SETS[this.recipe.data], this.network
    kind = "convolutional network" if network.convolutional else "multi-layer perceptron"
    when = f" on {run.finished:%Y-%m-%d}" if run.finished else ""
    labels = f", {this.recipe.labels:,} of them with labels" if this.recipe.labels else ""
    parts = [
        f"# {network.name} for {facts.title}",
        f"A {kind} that tells ten classes of small grey images apart: a student, {this.taught}. "
        "The card follows Mitchell et al. 2019.",
        "## Model details",
        _list(
            f"{network.name}: {network.parameters:,} parameters, {network.multiply_adds:,} multiply-adds an image",
            f"student “{name}” of run {run.id} of kdviz, seed {this.seed}",
            f"trained{when} with torch {_plain(this.result.torch)} on {_plain(this.result.device)}, "
            f"{this.result.threads} threads",
        ),
        "## Input and output",
        _list(
            "ONNX: `images`, uint8 grey levels (N, 28, 28), 0 for the ground; the normalisation is part of the model",
            "safetensors: single precision, named as `kdviz.engine.models.build` names them; the network takes floats "
            "(N, 1, 28, 28), grey level × 2 / 255 − 1, and its dense weights lie as (inputs, outputs)",
            f"`logits`, floats (N, 10), for {', '.join(facts.class_names)}; their softmax gives probabilities",
        ),
        "## Intended use and limits",
        "For teaching and experiments about knowledge distillation. Whatever an image shows, the answer is one of the "
        f"ten classes. It was tried on {facts.title} alone: how it does on other images, pens or scanners is not "
        "known. It is not made for decisions about people.",
        "## Training data",
        _list(
            f"{facts.title} ({facts.source}): {facts.training_images:,} images{labels}; "
            f"{facts.validation_images:,} more are held out for validation",
            f"licence of the images: {LICENCES[facts.name]}",
        ),
        "## Evaluation",
        f"On the {this.scores.test_images:,} test images of {facts.title}, once, after the training.",
        _figures(this.scores),
        "The interval is Wilson’s, for 95 %: the chance of these test images, not of another seed. Calibration error "
        "in 15 bins of equal width.",
        "## Recipe",
        f"```json\n{json.dumps(this.recipe.model_dump(mode='json'), indent=2)}\n```",
    ]
    if run.tags or run.note:
        parts += ["## Tags and note", fenced("\n".join(filter(None, [", ".join(run.tags), run.note])))]
    return "\n\n".join(parts) + "\n"


def about(run: Run, name: str) -> dict[str, str]:
    """What a student's file says of it, as short texts: where it comes from, and how it was taught if that is known."""
    said = {"run_id": run.recipe.id, "student": name, "data": run.recipe.data}
    try:
        recipe = subject(run, name).recipe
    except CardError:
        return said
    temperature, alpha = recipe.temperature, recipe.alpha
    if isinstance(recipe, Comparison) and name in METHODS:
        temperature, alpha = recipe.temperature_of(name), recipe.alpha_of(name)
    return {**said, "temperature": f"{temperature:g}", "alpha": f"{alpha:g}"}


def fenced(text: str) -> str:
    """Any text as a literal block: nothing in it is Markdown or HTML, as its fence is longer than any inside."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _of_single(result: Result) -> Subject:
    recipe = result.recipe
    taught = f"distilled from {recipe.teacher} with T = {recipe.temperature:g} and α = {recipe.alpha:g}"
    return Subject(
        taught if recipe.alpha > 0 else "trained on labels alone",
        recipe,
        recipe.seed,
        ARCHITECTURES[recipe.student],
        result.distilled,
        result,
    )


def _of_comparison(compared: ComparisonResult, name: str) -> Subject | None:
    recipe = compared.recipe
    seed = recipe.seeds[0]
    trial = next((t for t in (*compared.trials, *compared.controls) if (t.method, t.seed) == (name, seed)), None)
    if trial is None:
        return None
    taught = f"taught by the method “{METHODS[name].title if name in METHODS else CONTROL}”"
    return Subject(taught, recipe, seed, ARCHITECTURES[recipe.student], trial, compared)


def _figures(scores: Scores | Trial) -> str:
    low, high = wilson_interval(scores.test_accuracy, scores.test_images)
    rows = [
        ("test accuracy", f"{scores.test_accuracy:.2%} ({low:.2%} to {high:.2%})"),
        ("test errors", f"{scores.test_errors:,} of {scores.test_images:,}"),
        ("validation accuracy", f"{scores.validation_accuracy:.2%}"),
        ("negative log-likelihood, nats", f"{scores.nll:.4f}"),
        ("expected calibration error", f"{scores.ece:.4f}"),
    ]
    if scores.agreement is not None:
        rows.append(("agreement with the teacher", f"{scores.agreement:.2%}"))
    return "\n".join(["| figure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _list(*lines: str) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _plain(text: str) -> str:
    """What a machine calls itself, without signs that mean something in Markdown or HTML."""
    return re.sub(r"[^\w .+()/-]", "", text)[:80].replace("_", " ")
