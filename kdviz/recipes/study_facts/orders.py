"""Distil, prune, quantise: in which order, at equal bytes; without a teacher, and by a narrow student as it is."""

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

NARROW = {4: 12, 8: 8, 16: 6}  # by how many times fewer weights: hidden units of a whole student of as many bytes
KILOBYTES = {4: 9.9, 8: 6.7, 16: 5.1}  # of the pruned and quantised students; the narrow ones have a little less
_AGAINST = {"distil-first": "labels", **dict.fromkeys(("prune-first", "quantise-first", "narrow"), "distil-first")}
_WORDS = WORDS["orders"]


def _arm(line: str, fewer: int) -> Arm:
    title = _WORDS["lines"][line]
    against = _AGAINST.get(line)
    return Arm(
        name=f"{line}-{fewer}",
        title=f"{title}, {_WORDS['place'].format(KILOBYTES[fewer])}",
        line=title,
        x=KILOBYTES[fewer],
        against=f"{against}-{fewer}" if against else "",
        role="label" if line == "labels" else "student",
        quick=fewer == 8,
    )


FACTS = study("orders", arms=(_arm(line, fewer) for line in _WORDS["lines"] for fewer in NARROW))
