"""A taught student's first layer factored by SVD, which learns again (Sainath et al. 2013; Denton et al. 2014).

Every arm learns again for as many epochs, the whole student too.
"""

from kdviz.engine.compression.low_rank import factored
from kdviz.runners.studies import compressed
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One rank and what is learnt from afterwards."""
    networks = yield from compressed.students(lab)
    line, _, rank = arm.rpartition("-")
    extra = {}
    if line:
        networks = [factored(network, int(rank)) for network in networks]
        extra["at_once"] = compressed.right(lab, networks)
    networks = yield from compressed.learn_again(lab, networks, line or "soft")
    return compressed.rows(lab, networks, {**extra, "kilobytes": compressed.kilobytes(networks)}), []
