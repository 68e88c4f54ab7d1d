"""One trained network on the test images, looked at once."""

from __future__ import annotations

from torch import Tensor, nn

from kdviz import evaluation
from kdviz.records import Bin, Expense, Trial
from kdviz.studies.setting import Setting


def trial_of(
    setting: Setting,
    method: str,
    seed: int,
    network: nn.Module,
    teacher_test: Tensor,
    others: dict[str, Tensor],
    *,
    expense: Expense,
    teacher: Expense | None = None,
) -> Trial:
    """One network on the test images, and everybody else by their logits there."""
    test, validation = setting.data.test, setting.data.validation
    said = evaluation.logits_of(network, test.images)
    return Trial(
        method=method,
        seed=seed,
        validation_accuracy=evaluation.accuracy(evaluation.logits_of(network, validation.images), validation.labels),
        **evaluation.test_figures(said, test.labels),
        agreement=evaluation.agreement(said, teacher_test),
        fidelity_kl=evaluation.fidelity_kl(said, teacher_test),
        reliability=[
            Bin(count=int(count), confidence=sure / max(count, 1), accuracy=right / max(count, 1))
            for count, sure, right in evaluation.reliability(said, test.labels).tolist()
        ],
        others={name: evaluation.accuracy(logits, test.labels) for name, logits in others.items()},
        expense=expense,
        teacher=teacher,
    )
