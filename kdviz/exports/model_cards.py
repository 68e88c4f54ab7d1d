"""A kept student's model card (Mitchell et al. 2019, "Model Cards for Model Reporting") as Markdown. Torch-free."""

import json
import re

from kdviz.errors import PlainError
from kdviz.exports.kinds import EXPORTS
from kdviz.exports.subject import Subject
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS
from kdviz.records.intervals import wilson_interval
from kdviz.store.run import Run
from kdviz.texts import lesson


class CardError(PlainError):
    """There is nothing to say of such a student."""


def subject(run: Run, student: str) -> Subject:
    """The run's student of that name. Raises CardError."""
    card = EXPORTS[type(run.recipe)].subject(run.result, student) if run.result else None
    if card is None:
        raise CardError(f"Run {run.id} has no result of a student of that name.")
    return card


def model_card(run: Run, name: str) -> str:
    """The card of the run's student called `name`, in the words of `model_card.md`. Raises CardError."""
    student, text = subject(run, name), lesson.read("model_card")
    recipe, scores = student.recipe, student.scores
    facts, network = DATA_SETS[recipe.data], ARCHITECTURES[recipe.student]
    low, high = wilson_interval(scores.test_accuracy, scores.test_images)
    agreement = "" if scores.agreement is None else f"{scores.agreement:.2%}"
    places = {
        "network": network.name,
        "kind": text.word("convolutional" if network.convolutional else "dense"),
        "taught": student.taught,
        "parameters": f"{network.parameters:,}",
        "multiply_adds": f"{network.multiply_adds:,}",
        "student": name,
        "run": run.id,
        "seed": student.seed,
        "imported": f"\n- {text.say('imported').markdown}" if run.imported else "",
        "when": f" {text.say('when').filled({'date': f'{run.finished:%Y-%m-%d}'})}" if run.finished else "",
        "torch": _plain(student.result.torch),
        "device": _plain(student.result.device),
        "threads": student.result.threads,
        "data": facts.title,
        "source": facts.source,
        "classes": ", ".join(facts.class_names),
        "training_images": f"{facts.training_images:,}",
        "validation_images": f"{facts.validation_images:,}",
        "labels": text.say("labels").filled({"number": f"{recipe.labels:,}"}) if recipe.labels else "",
        "licence": text.word(facts.name),
        "test_images": f"{scores.test_images:,}",
        "accuracy": f"{scores.test_accuracy:.2%}",
        "low": f"{low:.2%}",
        "high": f"{high:.2%}",
        "errors": f"{scores.test_errors:,}",
        "validation_accuracy": f"{scores.validation_accuracy:.2%}",
        "nll": f"{scores.nll:.4f}",
        "ece": f"{scores.ece:.4f}",
        "agreement": agreement and "\n" + text.say("agreement").filled({"agreement": agreement}),
        "recipe": json.dumps(recipe.model_dump(mode="json"), indent=2),
    }
    parts = [f"# {text.say('title').filled(places)}", text.text("card").filled(places)]
    if run.tags or run.note:
        noted = "\n".join(filter(None, [", ".join(run.tags), run.note]))
        parts += [text.say("annotated").markdown, fenced(noted)]
    return "\n\n".join(parts) + "\n"


def about(run: Run, name: str) -> dict[str, str]:
    """What a student's file says of it, as short texts: where it comes from, and how it was taught if that is known."""
    origin = {"run_id": run.id, "student": name, "data": run.recipe.data}
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


def _plain(text: str) -> str:
    """What a machine calls itself, without signs that mean something in Markdown or HTML."""
    return re.sub(r"[^\w .+()/-]", "", text)[:80].replace("_", " ")
