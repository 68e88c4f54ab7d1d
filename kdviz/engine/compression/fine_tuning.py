"""What a compressed network learns again: zeros stay zeros, and it may feel the rounding that is to come."""

from collections.abc import Sequence

from torch import nn

from kdviz.engine.compression.pruning import hold_zeros, without_masks
from kdviz.engine.compression.quantisation import with_dense_layers, with_fake_quantisation
from kdviz.engine.models import Cohort, name_of
from kdviz.recipes.compression import Scheme


def learners(networks: Sequence[nn.Sequential], scheme: Scheme = "none") -> Cohort:
    """Copies that any distiller can teach in `training.fit`, as a cohort; their zeros are held at 0.

    With a scheme they round in their forward passes as the quantised network will. Raises CompressionError.
    """
    copies = [hold_zeros(_trainable(network, scheme)) for network in networks]
    return Cohort(name_of(networks[0]), copies)


def learnt(cohort: Cohort) -> list[nn.Sequential]:
    """What the learners have become: plain networks without masks, in evaluation mode, not quantised yet."""
    return [with_dense_layers(without_masks(network)).eval().requires_grad_(False) for network in cohort.networks]


def _trainable(network: nn.Sequential, scheme: Scheme) -> nn.Sequential:
    return with_fake_quantisation(network, scheme).requires_grad_(True)
