"""The distillers of a fixed teacher's logits by the soft term that a recipe names."""

from collections.abc import Mapping

from kdviz.distillers.offline import Offline
from kdviz.distillers.offline_mse import MatchedLogits
from kdviz.distillers.offline_soft_ce import SoftCrossEntropy
from kdviz.engine.distiller import LogitDistiller
from kdviz.recipes.base import Loss

DISTILLERS: Mapping[Loss, type[LogitDistiller]] = {"kl": Offline, "soft-ce": SoftCrossEntropy, "mse": MatchedLogits}
