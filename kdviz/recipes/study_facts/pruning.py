"""How many weights a student can lose: single ones or whole units, at once or in steps, by labels or soft targets."""

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

STEPS = 4  # of gradual pruning, with an epoch after each
FEWER = {  # of each line, how many times fewer weights are left
    "labels": (4, 8, 16, 32),
    "soft": (4, 8, 16, 32),
    "gradual": (4, 8, 16, 32),
    "units-labels": (2, 4, 8),
    "units-soft": (2, 4, 8),
}
_AGAINST = {"soft": "labels", "gradual": "soft", "units-soft": "units-labels"}
_WORDS = WORDS["pruning"]


def _arm(line: str, fewer: int) -> Arm:
    title = _WORDS["lines"][line]
    return Arm(
        name=f"{line}-{fewer}",
        title=f"{title}, {_WORDS['place'].format(fewer)}",
        line=title,
        x=fewer,
        against=f"{_AGAINST[line]}-{fewer}" if line in _AGAINST else "",
        role="label" if line.endswith("labels") else "student",
        quick=fewer in (8, 16),
    )


FACTS = study(
    "pruning",
    arms=(Arm("whole", weight=3.0), *(_arm(line, fewer) for line, places in FEWER.items() for fewer in places)),
)
