"""Networks of letters: what they see, how they learn and write, and what is counted of them. The shipped teacher."""

import math

import pytest
import torch

from kdviz.engine import losses
from kdviz.engine.letters import evaluation, network, shipped, windows, writing
from kdviz.engine.letters.telling import BEGUN, DIVERGENCES, Labels, OnPolicy, SoftTargets, written_by
from kdviz.engine.letters.training import fit
from kdviz.engine.teachers import TeacherError
from kdviz.recipes.base import Training
from kdviz.recipes.letters import ALPHABET, CONTEXT, NOVEL, SHAPES, STRIDE, Shape, decode, encode
from kdviz.store import novel, shipped_letters

SMALL = Shape("student", 16, 1, 2)


@pytest.fixture(scope="module")
def text():
    return torch.from_numpy(novel.part("training")[: 40 * CONTEXT + 1])


def training(epochs=1, **changes):
    return Training.reference(NOVEL, "student", epochs, batch_size=8, learning_rate=5e-3, **changes)


def last(reports):
    return [report for report in reports if report is not None]


def test_the_chapters_fill_the_alphabet_and_no_letter_is_in_two_parts():
    assert set("".join(novel.chapters())) | {"\n"} == set(ALPHABET)
    held_out, validation = decode(novel.part("held-out").tolist()), decode(novel.part("validation").tolist())
    assert novel.chapters()[9] in held_out
    assert novel.chapters()[4] in validation
    learnt = decode(novel.part("training").tolist())
    assert novel.chapters()[9] not in learnt
    assert sum(len(novel.part(part)) for part in ("training", "validation", "held-out")) > 680_000


def test_signs_of_other_alphabets_are_named_and_left_out():
    numbers, unknown = encode("“Ça” – ж7ж")
    assert decode(numbers) == '"Ca" - '
    assert unknown == "ж7"
    assert encode("") == ([], "")


def test_the_shapes_count_their_parameters():
    for shape in SHAPES.values():
        assert sum(p.numel() for p in network.build(shape, 0).parameters()) == shape.parameters
    assert 9 < SHAPES["teacher"].parameters / SHAPES["student"].parameters < 12


def test_no_letter_sees_what_comes_after_it(text):
    net = network.build(SMALL, 0).eval()
    whole = text[:CONTEXT].unsqueeze(0)
    changed = whole.clone()
    changed[0, 40:] = 3
    torch.testing.assert_close(net(whole)[:, :40], net(changed)[:, :40])
    assert not torch.allclose(net(whole)[:, 40:], net(changed)[:, 40:])


def test_letter_by_letter_it_says_the_same_as_at_once(text):
    net = network.build(SMALL, 0).eval()
    at_once, past = net(text[:20].unsqueeze(0))[0], None
    for number in range(20):
        read = net.read(text[number].view(1, 1), past)
        past = read.past
        torch.testing.assert_close(read.logits[0, 0], at_once[number], rtol=1e-4, atol=1e-5)


def test_every_letter_but_the_first_is_counted_once(text):
    counting = windows.counting(text)
    labels = counting.following[counting.counted]
    assert torch.equal(labels, text[1 : 1 + len(labels)])
    assert len(labels) > len(text) - 1 - STRIDE


@pytest.mark.parametrize("name", DIVERGENCES)
def test_the_gradient_of_each_way_is_that_of_its_loss(name, text):
    of = windows.learning(text)
    teacher = 3 * torch.randn(*of.letters.shape, len(ALPHABET), generator=torch.Generator().manual_seed(0))
    telling = SoftTargets(of, teacher, name, temperature=2.0, alpha=0.7)
    chosen, counted = torch.tensor([2]), of.counted[[2]]
    labels = of.following[chosen][counted]
    student = torch.randn(CONTEXT, len(ALPHABET), generator=torch.Generator().manual_seed(1)).requires_grad_()
    told = telling.told(student, labels, chosen, counted)
    (gradient,) = torch.autograd.grad((told.loss_kd + told.loss_ce).sum(), student)
    torch.testing.assert_close(told.gradient, gradient, rtol=1e-4, atol=1e-5)


def test_a_student_learns_its_teachers_letters_and_terms_are_told_apart(text):
    of, teacher = windows.learning(text), shipped.network("teacher")
    logits = evaluation.logits_of(teacher, of.letters)
    student = network.build(SMALL, 0)
    before = evaluation.figures(of, evaluation.logits_of(student, of.letters), logits)
    reports = last(fit(student, training(3), SoftTargets(of, logits, alpha=0.5)))
    after = evaluation.figures(of, evaluation.logits_of(student, of.letters), logits)
    assert after["fidelity_kl"] < 0.8 * before["fidelity_kl"]
    assert all(report.loss_kd > 0 and report.loss_ce > 0 for report in reports)
    assert [report.epoch for report in reports if report.ends_epoch] == [1, 2, 3]
    of_labels = last(fit(network.build(SMALL, 0), training(), Labels(of)))
    assert all(report.loss_kd == 0 for report in of_labels)


def test_on_its_own_text_half_of_the_windows_are_the_students(text):
    of, teacher = windows.learning(text), shipped.network("teacher")
    logits = evaluation.logits_of(teacher, of.letters).half()
    student = network.build(SMALL, 0)
    telling = OnPolicy(of, logits, student=student, teacher=teacher)
    first = telling.windows(0)
    torch.testing.assert_close(
        telling.logits[0].float(), evaluation.logits_of(teacher, first.letters)[0], rtol=0.01, atol=0.05
    )
    own = ~(first.letters == of.letters).all(dim=1)
    assert own.tolist() == [number % 2 == 0 for number in range(len(own))]
    assert torch.equal(first.letters[:, :BEGUN], of.letters[:, :BEGUN])
    assert first.counted[own].sum(dim=1).tolist() == [CONTEXT - BEGUN + 1] * int(own.sum())
    second = telling.windows(1)
    assert torch.equal(second.letters[0], of.letters[0]), "the novel is there again"


def test_what_a_network_writes_hangs_on_its_seed_and_on_the_temperature_of_sampling():
    teacher, begun = shipped.network("teacher"), torch.tensor(encode("It was imposs")[0])
    assert writing.sample(teacher, begun, 80, 0) == writing.sample(teacher, begun, 80, 0)
    assert writing.sample(teacher, begun, 80, 0) != writing.sample(teacher, begun, 80, 1)
    assert decode(writing.sample(teacher, begun, 5, 0, temperature=0.05)) == "ible "
    with pytest.raises(ValueError, match="65"):
        writing.write(teacher, begun.unsqueeze(0), CONTEXT, torch.Generator())


def test_what_is_written_is_counted_and_its_beginning_is_not(text):
    of = written_by(network.build(SMALL, 0).eval(), text[: 3 * BEGUN].view(3, BEGUN), seed=0)
    assert of.letters.shape == (3, CONTEXT)
    assert of.counted[0].tolist() == [place >= BEGUN - 1 for place in range(CONTEXT)]


def test_the_impossible_is_counted_in_both_directions():
    of = windows.Windows(
        *(torch.zeros(1, 1, dtype=kind) for kind in (torch.long, torch.long)), torch.ones(1, 1, dtype=torch.bool)
    )
    teacher, student = torch.full((1, 1, len(ALPHABET)), -20.0), torch.full((1, 1, len(ALPHABET)), -20.0)
    teacher[..., 0] = teacher[..., 1] = 0.0  # half and half
    student[..., 1], student[..., 2] = 0.0, math.log(3)  # a quarter where the teacher is, the rest where it is not
    figures = evaluation.figures(of, student, teacher)
    assert figures["invented"] == pytest.approx(0.75, abs=1e-6)
    assert figures["missed"] == pytest.approx(0.5, abs=1e-6)
    assert figures["agreement"] == 0
    assert losses.entropy(teacher[0, 0], 1.0).item() == pytest.approx(math.log(2), abs=1e-3)


@pytest.mark.parametrize("role", SHAPES)
def test_the_shipped_networks_guess_held_out_letters_as_their_files_say(role):
    counting = windows.Windows(*(tensor[:300] for tensor in windows.counting(torch.from_numpy(novel.part("held-out")))))
    measured = evaluation.figures(counting, evaluation.logits_of(shipped.network(role), counting.letters))
    told = shipped_letters.about(role)["figures"]["held-out"]["bits_per_letter"]
    assert measured["bits_per_letter"] == pytest.approx(told, abs=0.1)


def test_a_network_that_cannot_be_used_is_told_in_a_sentence(tmp_path, monkeypatch):
    broken = tmp_path / "letters.safetensors"
    broken.write_bytes(b"nothing")
    monkeypatch.setitem(shipped_letters.FILES, "teacher", broken)
    with pytest.raises(TeacherError, match="python -m kdviz teacher --data pride-and-prejudice"):
        shipped.network("teacher")
