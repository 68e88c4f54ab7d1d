"""Noisy labels: which labels are wrong, and who learns from them."""

import pytest
import torch

from kdviz.distillers.offline import Offline
from kdviz.distillers.plain import Plain
from kdviz.engine.batches import epoch_order
from kdviz.engine.data import Split
from kdviz.runners.studies import lab as laboratory
from kdviz.runners.studies import noisy_labels as lesson_noisy_labels
from kdviz.runners.studies.lab import STUDENT, TEACHER
from kdviz.runners.studies.noisy_labels import with_noise
from tests.samples.labs import figures, given, lab_of, same

pytestmark = [pytest.mark.trains, pytest.mark.usefixtures("two_epochs")]


def test_no_wrong_labels_are_the_labels_themselves(digits):
    labels = digits.training.labels
    assert torch.equal(with_noise(labels, 0.0, 3), labels)


@pytest.mark.parametrize("share", [0.2, 0.6, 1.0])
def test_so_many_labels_are_wrong_and_each_seed_has_its_own(digits, share):
    labels = digits.training.labels
    noisy = with_noise(labels, share, 0)
    assert int((noisy != labels).sum()) == round(share * len(labels))
    assert set(noisy.tolist()) == set(range(10))
    assert torch.equal(noisy, with_noise(labels, share, 0))
    assert not torch.equal(noisy, with_noise(labels, share, 1))


def test_the_wrong_labels_of_a_small_share_stay_in_a_larger_one_and_are_of_every_class(digits):
    labels = digits.training.labels
    few, many = (with_noise(labels, share, 0) for share in (0.2, 0.6))
    assert torch.equal(many[few != labels], few[few != labels])
    shifts = ((many - labels) % 10)[many != labels].bincount(minlength=10)
    assert shifts[0] == 0
    assert shifts[1:].min() > 0.6 * shifts[1:].float().mean()


def test_wrong_labels_do_not_come_first_in_an_epoch():
    labels = torch.zeros(20_000, dtype=torch.long)
    wrong = with_noise(labels, 0.4, 5) != labels
    order = epoch_order(torch.arange(len(labels)), len(labels), torch.Generator().manual_seed(5))
    assert wrong[order[:4000]].double().mean().item() == pytest.approx(0.4, abs=0.04)


def test_a_student_of_soft_targets_alone_knows_nothing_of_the_noise():
    lab = lab_of("noisy-labels")
    assert same(figures(lab, lesson_noisy_labels, "soft-0"), figures(lab, lesson_noisy_labels, "soft-40"))
    assert not same(figures(lab, lesson_noisy_labels, "clean-0"), figures(lab, lesson_noisy_labels, "clean-40"))


def test_without_noise_the_teacher_with_the_same_labels_is_the_clean_one():
    lab = lab_of("noisy-labels")
    assert same(figures(lab, lesson_noisy_labels, "own-0"), figures(lab, lesson_noisy_labels, "clean-0"))


def test_without_weight_a_teacher_changes_nothing(monkeypatch):
    lab = lab_of("noisy-labels")
    monkeypatch.setattr(lesson_noisy_labels, "ALPHA", 0.0)
    assert same(figures(lab, lesson_noisy_labels, "clean-40"), figures(lab, lesson_noisy_labels, "labels-40"))


def test_the_misled_teacher_learns_from_its_students_labels_and_the_test_labels_stay_right(seen, digits):
    lab = lab_of("noisy-labels")
    given(lab, lesson_noisy_labels, "labels-40")
    seen.clear()
    given(lab, lesson_noisy_labels, "own-40")
    assert [cohort.architecture.name for cohort, *_ in seen] == [TEACHER] * 2 + [STUDENT] * 2
    for number, seed in enumerate(lab.seeds):
        teacher, student = seen[number], seen[2 + number]
        noisy = with_noise(digits.training.labels, 0.4, seed)
        assert torch.equal(teacher[1].labels, noisy)
        assert torch.equal(student[1].labels, noisy)
        assert teacher[2][0].seed == student[2][0].seed == seed
        assert isinstance(teacher[3], Plain)
        assert isinstance(student[3], Offline)
        said = teacher[0].networks[0]
        images = digits.training.images[:5]
        asked = student[4].on(1, torch.arange(5)[None], images[None])
        assert torch.allclose(asked[0], laboratory.evaluation.logits_of(said, images), atol=1e-4)
    assert torch.equal(lab.session.data.test.labels, digits.test.labels)


def test_who_learns_the_noise_by_heart_is_counted():
    clean = Split(torch.zeros(10, 28, 28, dtype=torch.uint8), torch.zeros(10, dtype=torch.long))
    noisy = Split(clean.images, torch.tensor([7] * 4 + [0] * 6))

    class Sevens:
        networks = ()

    fitted = lesson_noisy_labels._fitted
    with pytest.MonkeyPatch.context() as patch:
        says_seven = torch.nn.functional.one_hot(torch.tensor([7, 7, 7, 0] + [0] * 6), 10).float()
        patch.setattr(lesson_noisy_labels.evaluation, "logits_of_all", lambda *_: says_seven[None])
        assert fitted(Sevens(), [noisy], clean) == {"fitted": [0.75]}
        assert fitted(Sevens(), [clean], clean) == {}
