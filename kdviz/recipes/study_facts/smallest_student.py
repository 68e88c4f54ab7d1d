"""How small a student can be at a given accuracy: widths and two depths, with and without a teacher."""

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

WIDTHS = (8, 16, 32, 64, 128)  # units in each hidden layer
TEMPERATURES = {"taught": 1.0, "hot": 4.0}  # of the ways that have a teacher
DEPTHS = {"one": 1, "two": 2}  # hidden layers, by the name that arms give them
_WORDS = WORDS["smallest-student"]


def model_of(depth: str, width: int) -> str:
    """The network with `width` units in each of "one" or "two" hidden layers."""
    return "-".join(map(str, (784, *(width,) * DEPTHS[depth], 10)))


def _arms(line: str, title: str, width: int) -> Arm:
    way, depth = line.split("-")
    return Arm(
        name=f"{line}-{width}",
        title=_WORDS["arms"][way].format(model_of(depth, width)),
        line=title,
        x=width,
        against="" if way == "labels" else f"labels-{depth}-{width}",
        role="label" if way == "labels" else "student",
        weight=1 + width / 64,
        quick=width in (8, 32),
    )


FACTS = study(
    "smallest-student",
    arms=(_arms(line, title, width) for line, title in _WORDS["lines"].items() for width in WIDTHS),
)
