"""One task of several: answers added up, the heads' losses, and who sees which label."""

import pytest
import torch

from kdviz.distillers.plain import Plain
from kdviz.engine import losses
from kdviz.engine.batches import Chunk
from kdviz.runners.studies import one_task as lesson_one_task
from kdviz.runners.studies.lab import STUDENT
from tests.samples.labs import chunk_of, figures, given, lab_of, without_labels

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("one_epoch")]


def test_each_digits_row_has_the_answers_to_all_tasks():
    rows = lesson_one_task.ALL_ANSWERS
    assert rows.shape == (10, 14)
    assert rows[7].nonzero().flatten().tolist() == [7, 11, 13]  # a seven, odd, larger than four
    assert rows[4].nonzero().flatten().tolist() == [4, 10, 12]  # a four, even, not larger
    assert lesson_one_task.ANSWERS["parity"].tolist() == [0, 1] * 5
    assert lesson_one_task.ANSWERS["size"].tolist() == [0] * 5 + [1] * 5


def test_digits_are_added_up_into_the_task():
    teacher = torch.randn(1, 6, 14, generator=torch.Generator().manual_seed(1))
    chunk = chunk_of(torch.zeros(1, 6, dtype=torch.long), teacher)
    wanted = lesson_one_task.from_digits(lesson_one_task.ANSWERS["parity"], 3.0)(chunk)
    soft = torch.softmax(teacher[..., :10] / 3.0, dim=-1)
    assert torch.allclose(wanted[..., 1], soft[..., 1::2].sum(dim=-1))
    assert torch.allclose(wanted.sum(dim=-1), torch.ones(1, 6))


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_the_gradient_is_that_of_the_heads_losses(temperature):
    generator = torch.Generator().manual_seed(2)
    lab = lab_of("one-task", seeds="0")
    cohort = lab.networks(lab.trainings(lesson_one_task.STUDENT, 1))
    images = torch.randn(1, 5, 1, 28, 28, generator=generator)
    teacher = torch.randn(1, 5, 14, generator=generator)
    chunk = chunk_of(torch.arange(5).unsqueeze(0), teacher)
    chunk = Chunk(**{**vars(chunk), "images": images})
    heads = lesson_one_task.HEADS
    distiller = lesson_one_task.Heads(heads, lesson_one_task.from_heads(heads, temperature), temperature)
    batch = next(chunk.batches(distiller.targets(chunk), 5))
    step = distiller.step([cohort], batch)
    logits = step.outputs[0].detach().requires_grad_()
    parts = [losses.kl_divergence(logits[..., head], teacher[..., head], temperature) for head in heads]
    loss = temperature**2 * torch.stack(parts).sum(dim=0).mean()
    loss.backward()
    assert torch.allclose(step.gradients[0], logits.grad, atol=1e-6)
    terms = distiller.terms(chunk, step.record)
    assert (terms.loss_kd + terms.loss_ce).item() == pytest.approx(loss.item(), rel=1e-5)


def test_a_head_of_ten_outputs_learns_as_a_plain_student_does():
    labels = torch.tensor([[3, 1, 4, 1, 5]])
    chunk = chunk_of(labels, torch.eye(10)[labels])
    lab = lab_of("one-task", seeds="0")
    cohort = lab.networks(lab.trainings(STUDENT, 1))
    head = lesson_one_task.Heads((slice(0, 10),), lesson_one_task.from_labels(torch.eye(10)))
    plain = Plain()
    own = head.step([cohort], next(chunk.batches(head.targets(chunk), 5)))
    other = plain.step([cohort], next(chunk.batches(plain.targets(chunk), 5)))
    assert torch.allclose(own.gradients[0], other.gradients[0])
    assert head.terms(chunk, own.record).loss_ce.item() == pytest.approx(
        plain.terms(chunk, other.record).loss_ce.item()
    )


@pytest.mark.parametrize("way", ["labels", "head", "sum"])
def test_a_student_for_one_task_has_two_outputs_and_never_sees_a_digits_label(way, seen):
    lab = lab_of("one-task")
    given(lab, lesson_one_task, f"parity-{way}")
    cohort, split, _, _, _ = seen[-1]
    assert cohort.architecture.widths == (784, 128, 2)
    assert split.images is lab.session.data.training.images
    assert set(split.labels.tolist()) == {0, 1}
    assert torch.equal(split.labels, lab.session.data.training.labels % 2)


def test_a_student_of_the_teachers_answers_sees_no_label_at_all():
    lab, shared = lab_of("one-task"), {}
    lab.shared = shared
    learnt = {way: figures(lab, lesson_one_task, f"size-{way}") for way in ("head", "sum", "labels", "all-taught")}
    other = without_labels(lab_of("one-task"))
    other.shared = {"teachers": shared["teachers"]}
    for way in ("head", "sum", "all-taught"):
        assert figures(other, lesson_one_task, f"size-{way}") == learnt[way], way
    assert figures(other, lesson_one_task, "size-labels") != learnt["labels"]


def test_networks_of_all_tasks_are_trained_once_and_read_for_each_task(seen):
    lab = lab_of("one-task")
    rows = {task: given(lab, lesson_one_task, f"{task}-teacher") for task in ("parity", "size")}
    assert len(seen) == 1
    assert rows["parity"][0] != rows["size"][0]
    _, curves = rows["parity"]
    assert curves[0].x == list(range(10))
    test = lab.session.data.test
    shares = torch.bincount(test.labels, minlength=10) / len(test)
    hits = (torch.tensor(curves[0].y) * shares).sum().item()
    assert hits == pytest.approx(rows["parity"][0][0].figures["test_accuracy"], abs=1e-5)
