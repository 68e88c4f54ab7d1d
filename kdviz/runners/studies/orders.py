"""A student is distilled, pruned and quantised to int8, in three orders (Han, Mao, Dally 2016: prune, then quantise).

Every student ends with as many bytes and had as many epochs: those of its first training, and twice those of learning
again, the last time but in one order with the rounding of its quantisation.
"""

from kdviz.engine.compression.pruning import by_magnitude
from kdviz.engine.compression.quantisation import quantised
from kdviz.recipes.compression import Scheme
from kdviz.recipes.study_facts.orders import NARROW
from kdviz.runners.studies import compressed
from kdviz.runners.studies.compressed import Networks
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One order, with one share of the weights left."""
    line, _, fewer = arm.rpartition("-")
    networks = yield from _in_order(lab, line, int(fewer))
    logits = compressed.logits_of(lab, [quantised(network, "int8") for network in networks])
    return compressed.rows_of(lab, logits, {"kilobytes": compressed.kilobytes(networks, "int8")}), []


def _in_order(lab: Lab, line: str, fewer: int) -> Reporting[Networks]:
    """The students before their weights become whole numbers."""
    first = "labels" if line in ("labels", "prune-first") else "soft"  # prune first: what no teacher has taught yet
    again = "labels" if line == "labels" else "soft"
    model = f"784-{NARROW[fewer]}-10" if line == "narrow" else compressed.STUDENT
    networks = yield from compressed.students(lab, first, model)
    if line not in ("narrow", "quantise-first"):
        networks = [by_magnitude(network, 1 - 1 / fewer) for network in networks]
    early: Scheme = "int8" if line == "quantise-first" else "none"
    networks = yield from compressed.learn_again(lab, networks, again, scheme=early, share=(1 - lab.part) / 2)
    if line == "quantise-first":
        networks = [by_magnitude(network, 1 - 1 / fewer) for network in networks]
    return (yield from compressed.learn_again(lab, networks, again, scheme="int8"))
