"""How the networks of letters are made that come with the program.

`python -m kdviz teacher --data pride-and-prejudice` repeats it: first the teacher, then a student that it taught.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from kdviz.engine.letters import evaluation, network, windows
from kdviz.engine.letters.network import LetterNetwork
from kdviz.engine.letters.telling import Labels, SoftTargets
from kdviz.engine.letters.training import Told, fit
from kdviz.engine.letters.windows import Windows
from kdviz.engine.teachers import write
from kdviz.recipes.base import Training
from kdviz.recipes.letters import CONTEXT, NOVEL, SHAPES
from kdviz.runners.session import training_device
from kdviz.store import novel, shipped_letters

DROPOUT = 0.25
RECIPES = {
    role: Training.reference(NOVEL, role, epochs, batch_size=batch, learning_rate=rate, schedule="one-cycle")
    for role, epochs, batch, rate in (("teacher", 100, 128, 3e-3), ("student", 40, 64, 4e-3))
}
_STEP = 37  # letters by which the windows of an epoch begin later than those of the one before


@dataclass(frozen=True)
class Shifted:
    """Labels alone, of windows that begin elsewhere in every epoch: a network sees each letter at all places."""

    text: Tensor

    def windows(self, epoch: int) -> Windows:
        """As many in every epoch."""
        count = (len(self.text) - CONTEXT - 1) // CONTEXT
        all_of_them = windows.learning(self.text, _STEP * epoch % CONTEXT)
        return Windows(*(tensor[:count] for tensor in all_of_them))

    def told(self, student: Tensor, labels: Tensor, chosen: Tensor, counted: Tensor) -> Told:
        """The hard term."""
        return Labels(self.windows(0)).told(student, labels, chosen, counted)


def make(folder: Path | None, on_report: Callable[[int, int, float], None]) -> dict[str, Any]:
    """Train both, round them to half precision and write them; how they were made and their figures.

    Without a folder they replace the shipped ones. `on_report` is called with the epoch, the number of epochs and the
    loss. Raises TeacherError.
    """
    device = training_device()
    text = {part: torch.from_numpy(novel.part(part)).to(device) for part in ("training", "validation", "held-out")}
    made: dict[str, Any] = {}
    teacher: LetterNetwork | None = None
    for role, training in RECIPES.items():
        torch.manual_seed(training.seed)
        dropout = DROPOUT if role == "teacher" else 0.0
        learner = network.build(SHAPES[role], training.seed, dropout).to(device)
        if teacher is None:
            reports = fit(learner, training, Shifted(text["training"]))
        else:
            of = windows.learning(text["training"])
            reports = fit(learner, training, SoftTargets(of, evaluation.logits_of(teacher, of.letters)))
        begun = time.perf_counter()
        for report in reports:
            if report is not None and report.ends_epoch:
                on_report(report.epoch, training.epochs, report.loss_kd + report.loss_ce)
        seconds = time.perf_counter() - begun
        learner.half().float().eval()
        made[role] = {
            "training": training.model_dump(mode="json", exclude_defaults=True),
            "dropout": dropout,
            "taught": "by labels" if teacher is None else "by soft targets: T = 1, alpha = 1",
            "parameters": SHAPES[role].parameters,
            "cost": {"seconds": round(seconds, 1), "letters_seen": training.epochs * len(text["training"])},
            "figures": {part: _figures(learner, text[part], teacher) for part in ("validation", "held-out")},
        }
        path = shipped_letters.FILES[role]
        write(path if folder is None else folder / f"{role}.safetensors", learner.half(), made[role])
        teacher = learner.float() if role == "teacher" else teacher
    return made


def _figures(learner: LetterNetwork, text: Tensor, teacher: LetterNetwork | None) -> dict[str, float]:
    counting = windows.counting(text)
    of_teacher = None if teacher is None else evaluation.logits_of(teacher, counting.letters)
    return evaluation.figures(counting, evaluation.logits_of(learner, counting.letters), of_teacher)
