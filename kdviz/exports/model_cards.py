"""A kept student's model card (Mitchell et al. 2019, "Model Cards for Model Reporting") as Markdown. Torch-free."""

import json
import re
from types import MappingProxyType

from kdviz.errors import PlainError
from kdviz.exports.kinds import EXPORTS
from kdviz.exports.subject import Subject
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.records.base import Scores
from kdviz.records.comparison import Trial
from kdviz.records.intervals import wilson_interval
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


def subject(run: Run, student: str) -> Subject:
    """The run's student of that name. Raises CardError."""
    card = EXPORTS[type(run.recipe)].subject(run.result, student) if run.result else None
    if card is None:
        raise CardError(f"Run {run.id} has no result of a student of that name.")
    return card


def model_card(run: Run, name: str) -> str:
    """The card of the run's student called `name`. Raises CardError."""
    student = subject(run, name)
    facts, network = DATA_SETS[student.recipe.data], student.network
    kind = "convolutional network" if network.convolutional else "multi-layer perceptron"
    when = f" on {run.finished:%Y-%m-%d}" if run.finished else ""
    labels = f", {student.recipe.labels:,} of them with labels" if student.recipe.labels else ""
    parts = [
        f"# {network.name} for {facts.title}",
        f"A {kind} that tells ten classes of small grey images apart: a student, {student.taught}. "
        "The card follows Mitchell et al. 2019.",
        "## Model details",
        _list(
            f"{network.name}: {network.parameters:,} parameters, {network.multiply_adds:,} multiply-adds an image",
            f"student “{name}” of run {run.id} of kdviz, seed {student.seed}",
            f"trained{when} with torch {_plain(student.result.torch)} on {_plain(student.result.device)}, "
            f"{student.result.threads} threads",
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
        f"On the {student.scores.test_images:,} test images of {facts.title}, once, after the training.",
        _figures(student.scores),
        "The interval is Wilson’s, for 95 %: the chance of these test images, not of another seed. Calibration error "
        "in 15 bins of equal width.",
        "## Recipe",
        f"```json\n{json.dumps(student.recipe.model_dump(mode='json'), indent=2)}\n```",
    ]
    if run.tags or run.note:
        parts += ["## Tags and note", fenced("\n".join(filter(None, [", ".join(run.tags), run.note])))]
    return "\n\n".join(parts) + "\n"


def about(run: Run, name: str) -> dict[str, str]:
    """What a student's file says of it, as short texts: where it comes from, and how it was taught if that is known."""
    origin = {"run_id": run.recipe.id, "student": name, "data": run.recipe.data}
    try:
        student = subject(run, name)
    except CardError:
        return origin
    return {**origin, "temperature": f"{student.temperature:g}", "alpha": f"{student.alpha:g}"}


def fenced(text: str) -> str:
    """Any text as a literal block: nothing in it is Markdown or HTML, as its fence is longer than any inside."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


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
