"""What is heard of students whose insides are compared with their teacher's, and how such a run ends: made up."""

from kdviz.records.base import Expense, Mean, Watched
from kdviz.records.comparison import ComparisonResult, Inside, Summary, Trial

LAYERS = ["convolution 1", "convolution 2", "logits"]


NOTHING = Expense(seconds=1.0, images_seen=1, multiply_adds=1.0, peak_memory=1)


def watched(images=3):
    return Watched(
        indices=list(range(images)),
        labels=[7, 1, 2][:images],
        images=[[number] * 784 for number in range(images)],
        teacher_logits=[[float(c == label) for c in range(10)] for label in (7, 1, 2)[:images]],
        teacher_validation_accuracy=0.9,
    )


def look(method, step, alike=0.5, steps=100, **changes):
    distances = [[0.0, 0.5, 1.5], [0.5, 0.0, 1.0], [1.5, 1.0, 0.0]]
    facts = {
        "teacher_layers": LAYERS,
        "student_layers": LAYERS,
        "cka": [[alike] * 3] * 3,
        "logits": [[0.1] * 10] * 3,
        "relations": distances,
        "teacher_relations": distances,
        "singular_values": [0.7, 0.3],
        "teacher_singular_values": [0.5, 0.4, 0.1],
    }
    return Inside(method=method, step=step, steps=steps, **{**facts, **changes})


def ended(wanted, accuracies):
    def mean(value):
        return Mean(mean=value, low=None, high=None)

    measures = ("test_accuracy", "nll", "ece", "agreement", "fidelity_kl")
    trial = Trial(
        method="plain",
        seed=wanted.seeds[0],
        validation_accuracy=0.9,
        test_accuracy=0.9,
        test_errors=36,
        test_images=360,
        nll=0.1,
        ece=0.1,
        agreement=0.9,
        fidelity_kl=0.1,
        reliability=[],
        others={},
        expense=NOTHING,
        teacher=None,
    )
    return ComparisonResult(
        run_id=wanted.id,
        recipe=wanted,
        teachers=[],
        trials=[trial],
        controls=[],
        summaries=[
            Summary(
                method=name,
                seeds=1,
                means={measure: mean(accuracies[name]) for measure in measures},
                verdicts={},
                expense=NOTHING,
                expense_with_teacher=NOTHING,
            )
            for name in wanted.methods
        ],
        device="CPU",
        threads=2,
        torch="none",
        seconds=2.0,
    )
