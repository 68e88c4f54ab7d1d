"""How small a student can be where few images have labels: by these labels, or by a teacher's soft targets of all."""

from kdviz.recipes.study_facts.facts import WORDS, Arm, study
from kdviz.recipes.study_facts.smallest_student import WIDTHS, model_of

LABELS = {"hundred": 100, "thousand": 1_000}  # of the lines that learn from labels
_WORDS = WORDS["smallest-few-labels"]


def _arm(line: str, width: int) -> Arm:
    title = _WORDS["lines"][line]
    return Arm(
        name=f"{line}-{width}",
        title=f"{model_of('one', width)}, {title}",
        line=title,
        x=width,
        against=f"thousand-{width}" if line == "taught" else "",
        role="label" if line in LABELS else "student",
        weight=1 + width / 64,
        quick=width in (8, 32),
    )


FACTS = study("smallest-few-labels", arms=(_arm(line, width) for line in _WORDS["lines"] for width in WIDTHS))
