"""A student's first layer as a product of two thin ones, which learn again by labels or soft targets."""

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

RANKS = (2, 4, 8, 16)
_WORDS = WORDS["low-rank"]


def _arm(line: str, rank: int) -> Arm:
    title = _WORDS["lines"][line]
    return Arm(
        name=f"{line}-{rank}",
        title=f"{_WORDS['place'].format(rank)}, {title}",
        line=title,
        x=rank,
        against=f"labels-{rank}" if line == "soft" else "",
        role="label" if line == "labels" else "student",
        quick=rank in (2, 8),
    )


FACTS = study(
    "low-rank",
    arms=(Arm("whole", weight=2.0), *(_arm(line, rank) for line in _WORDS["lines"] for rank in RANKS)),
)
