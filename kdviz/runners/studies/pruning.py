"""A taught student loses weights by magnitude and learns again (Han, Pool, Tran, Dally 2015; Zhu, Gupta 2017).

Every arm learns again for as many epochs, the whole student too: what differs is what was taken away, when, and from
what is learnt afterwards.
"""

from kdviz.engine.compression.pruning import by_magnitude, by_units, gradually
from kdviz.recipes.study_facts.pruning import STEPS
from kdviz.runners.studies import compressed
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One way of pruning, with one share of the weights left."""
    networks = yield from compressed.students(lab)
    line, _, fewer = arm.rpartition("-")
    extra = {}
    if not line:
        networks = yield from compressed.learn_again(lab, networks, "soft")
    elif line == "gradual":
        for sparsity in gradually(1 - 1 / int(fewer), STEPS):
            pruned = [by_magnitude(network, sparsity) for network in networks]
            networks = yield from compressed.learn_again(lab, pruned, "soft", 1, share=(1 - lab.part) / STEPS)
    else:
        cut = by_units if line.startswith("units") else by_magnitude
        networks = [cut(network, 1 - 1 / int(fewer)) for network in networks]
        extra["at_once"] = compressed.right(lab, networks)
        networks = yield from compressed.learn_again(lab, networks, line.rpartition("-")[2])
    return compressed.rows(lab, networks, {**extra, "kilobytes": compressed.kilobytes(networks)}), []
