"""Smoothed teachers, overfitting, several teachers, one task of several, another domain: who learns from what."""

import pytest
import torch

from kdviz.charts import study_curves
from kdviz.charts.palette import palette
from kdviz.distillers.plain import Plain
from kdviz.engine import data, losses
from kdviz.engine.batches import Advice, Chunk
from kdviz.engine.data import Data, DataError, Split
from kdviz.recipes.catalogue import DATA_SETS
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.overfitting import LABELLED
from kdviz.records.kinds import ENDINGS
from kdviz.records.study import Curve, FinishedArm, Studied
from kdviz.runners import study as lessons
from kdviz.runners.session import Session
from kdviz.runners.studies import lab as laboratory
from kdviz.runners.studies import one_task as lesson_one_task
from kdviz.runners.studies import other_domain as lesson_other_domain
from kdviz.runners.studies import overfitting as lesson_overfitting
from kdviz.runners.studies import several_teachers as lesson_several_teachers
from kdviz.runners.studies import smoothed_teacher as lesson_smoothed_teacher
from kdviz.runners.studies.lab import STUDENT, TEACHER, Lab, copied
from kdviz.texts import lesson as lesson_text
from kdviz.widgets.study.curves import BESIDE

pytestmark = pytest.mark.trains
NAMES = ("smoothed-teacher", "overfitting", "several-teachers", "one-task", "other-domain")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """One epoch instead of thirty: who learns from what does not depend on it."""
    monkeypatch.setattr(Lab, "epochs", lambda self, usual, small=None: 1)


@pytest.fixture
def seen(monkeypatch):
    """What every training of the laboratory was given."""
    calls, fit = [], laboratory.fit

    def noted(cohorts, split, trainings, distiller, adviser=None, **more):
        calls.append((cohorts[0], split, trainings, distiller, adviser))
        return fit(cohorts, split, trainings, distiller, adviser, **more)

    monkeypatch.setattr(laboratory, "fit", noted)
    return calls


def lab_of(name, seeds="0,1"):
    study = Study.of(name, "digits", seeds=seeds, quick=True)
    return Lab(study, Session.load("digits", 100, iter(range(10**6)).__next__), study.chosen[0])


def given(lab, module, arm):
    """Rows and curves of an arm."""
    lab.part = 0.0
    lab.arm = next(each for each in lab.study.facts.arms if each.name == arm)
    steps = module.measure(lab, arm)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def figures(lab, module, arm):
    return [row.figures for row in given(lab, module, arm)[0]]


def with_training(lab, split):
    """A laboratory with other training images or labels; teachers are found by their training all the same."""
    whole = lab.session.data
    lab.session.data = Data(whole.facts, split, whole.validation, whole.test)
    return lab


def without_labels(lab):
    training = lab.session.data.training
    return with_training(lab, copied(training, labels=torch.zeros_like(training.labels)))


def chunk_of(labels, teacher):
    return Chunk(
        epoch=1,
        done=0.0,
        labels=labels,
        images=torch.zeros(*labels.shape, 1, 28, 28),
        one_hot=torch.eye(10)[labels],
        labelled=None,
        teacher=teacher,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_quick_version_gives_every_arm_every_seed_and_its_main_measure(name):
    study = Study.of(name, "digits", seeds="1", quick=True)
    end = [event for event in lessons.run(study) if event is not None][-1]
    assert isinstance(end, Studied)
    assert ENDINGS.validate_json(end.model_dump_json()) == end
    assert [arm.arm for arm in end.finished] == [arm.name for arm in study.chosen]
    for arm in end.finished:
        assert [row.seed for row in arm.rows] == [1]
        assert all(0 <= row.figures["test_accuracy"] <= 1 for row in arm.rows)
    known = {measure.name for measure in study.facts.measures}
    assert known == {name for summary in end.summaries for name in summary.means}, "a measure that no arm gives"


@pytest.mark.parametrize("name", NAMES)
def test_arms_are_judged_against_arms_that_are_there(name):
    for data_set in ("mnist", "digits"):
        for quick in (False, True):
            study = Study.of(name, data_set, quick=quick)
            names = [arm.name for arm in study.chosen]
            assert len(set(names)) == len(names)
            assert {arm.against for arm in study.chosen} - {""} <= set(names)


@pytest.mark.parametrize("name", NAMES)
def test_its_text_can_be_read_and_its_check_has_the_three_verdicts(name):
    text = lesson_text.read(f"studies/{name}")
    assert text.fact("title") == Study.of(name).facts.title
    assert text.fact("question") == Study.of(name).facts.question
    assert {"idea", "budget", "expect"} <= text.texts.keys()
    assert text.suggestions
    assert text.sources
    arms = {arm.name: arm for arm in Study.of(name).facts.arms}
    verdicts = [check for key, check in text.checks.items() if key.removeprefix("verdict-") in arms]
    assert verdicts
    for check in verdicts:
        assert arms[check.key.removeprefix("verdict-")].against
        assert {answer.key for answer in check.answers} == {"better", "worse", "none"}


# A label-smoothed teacher.


def test_within_class_is_none_of_the_variance_where_a_class_has_one_answer():
    labels = torch.tensor([0, 0, 1, 1])
    same = torch.tensor([[[2.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 1.0]]])
    assert lesson_smoothed_teacher.within_class(same, labels, 2.0).item() == pytest.approx(0, abs=1e-12)


def test_within_class_is_all_of_the_variance_where_classes_are_answered_alike():
    labels = torch.tensor([0, 0, 1, 1])
    alike = torch.tensor([[[2.0, 0.0], [0.0, 1.0], [2.0, 0.0], [0.0, 1.0]]])
    assert lesson_smoothed_teacher.within_class(alike, labels, 1.0).item() == pytest.approx(1)


def test_within_class_as_worked_out_by_hand():
    """Probabilities of the first class .9, .7 | .3, .1: means .8 and .2, 4 * .1² of 2 * .4² + 2 * .2² lies within."""
    p = torch.tensor([0.9, 0.7, 0.3, 0.1], dtype=torch.double)
    logits = torch.stack([p, 1 - p], dim=-1).log().unsqueeze(0)
    share = lesson_smoothed_teacher.within_class(logits, torch.tensor([0, 0, 1, 1]), 1.0)
    assert share.item() == pytest.approx(0.04 / 0.40)
    assert lesson_smoothed_teacher.within_class(3 * logits, torch.tensor([0, 0, 1, 1]), 3.0).item() == (
        pytest.approx(0.04 / 0.40)
    )


def test_only_smoothed_teachers_and_smoothed_labels_are_smoothed(own_state, seen):
    lab = lab_of("smoothed-teacher")
    for arm in ("teacher", "smoothed-teacher", "labels", "smoothed-labels", "ordinary-4", "smoothed-4"):
        given(lab, lesson_smoothed_teacher, arm)
    learnt = [(trainings[0].model, trainings[0].label_smoothing) for _, _, trainings, _, _ in seen]
    assert learnt == [
        *[(TEACHER, 0.0)] * 2,
        *[(TEACHER, 0.1)] * 2,
        (STUDENT, 0.0),
        (STUDENT, 0.1),
        (STUDENT, 0.0),
        (STUDENT, 0.0),
    ]
    plain = lab.trainings(TEACHER, 1)
    assert [each.id for each in lab.trainings(TEACHER, 1, label_smoothing=0.0)] == [each.id for each in plain]


@pytest.mark.parametrize("arm", ["ordinary-4", "smoothed-4"])
def test_a_student_of_either_teacher_sees_no_label(arm):
    taught = figures(lab_of("smoothed-teacher"), lesson_smoothed_teacher, arm)
    assert figures(without_labels(lab_of("smoothed-teacher")), lesson_smoothed_teacher, arm) == taught


def test_the_smoothed_students_teacher_is_the_smoothed_one():
    lab = lab_of("smoothed-teacher")
    own = [row["test_accuracy"] for row in figures(lab, lesson_smoothed_teacher, "smoothed-teacher")]
    assert [row["teacher_accuracy"] for row in figures(lab, lesson_smoothed_teacher, "smoothed-1")] == pytest.approx(
        own
    )
    other = [row["test_accuracy"] for row in figures(lab, lesson_smoothed_teacher, "teacher")]
    assert [row["teacher_accuracy"] for row in figures(lab, lesson_smoothed_teacher, "ordinary-1")] == pytest.approx(
        other
    )


# A small set.


def test_remedies_are_those_in_the_name_and_the_images_always_the_same_few(own_state, seen):
    lab = lab_of("overfitting", seeds="0")
    for arm in (each.name for each in lab.study.facts.arms):
        given(lab, lesson_overfitting, arm)
        _, split, trainings, distiller, adviser = seen[-1]
        training = trainings[0]
        assert split is lab.session.data.training
        assert training.labels == LABELLED["digits"]
        assert (training.dropout > 0) == (training.input_dropout > 0) == ("dropout" in arm)
        assert training.augmentation == ("shift" if "shift" in arm else "affine" if "affine" in arm else "none")
        assert isinstance(distiller, Plain) == (adviser is None) == ("taught" not in arm)
        assert adviser is None or not adviser.unlabelled
    of_teachers = {trainings[0].labels for _, _, trainings, _, _ in seen if trainings[0].model == TEACHER}
    assert of_teachers == {None, LABELLED["digits"]}


@pytest.mark.parametrize("arm", ["none", "taught", "taught-small"])
def test_no_other_image_is_looked_at(arm):
    lab = lab_of("overfitting", seeds="3")
    learnt = figures(lab, lesson_overfitting, arm)
    training = lab.session.data.training
    own = data.labelled(training, LABELLED["digits"], 3)
    blank = torch.zeros_like(training.images)
    blank[own] = training.images[own]
    again = figures(with_training(lab, Split(blank, training.labels)), lesson_overfitting, arm)
    assert again == learnt
    blank[own[:20]] = 255
    other = figures(with_training(lab, Split(blank, training.labels)), lesson_overfitting, arm)
    assert other != learnt


def test_the_curves_end_where_the_rows_are():
    lab = lab_of("overfitting")
    rows, curves = given(lab, lesson_overfitting, "dropout")
    training = [curve for curve in curves if curve.name == "training_accuracy"]
    assert [curve.seed for curve in training] == [0, 1]
    passes = DATA_SETS["digits"].training_images / LABELLED["digits"]
    for row, curve in zip(rows, training, strict=True):
        assert curve.x[-1] == pytest.approx(passes)
        assert curve.x[0] == 0
        assert curve.x == sorted(curve.x)
        assert curve.y[-1] == row.figures["training_accuracy"]
        gap = row.figures["training_accuracy"] - row.figures["test_accuracy"]
        assert row.figures["gap"] == pytest.approx(100 * gap)
    assert {curve.name for curve in curves} == {"training_accuracy", "validation_accuracy"}


# Several teachers.


def test_no_teacher_has_two_students_and_the_first_has_its_students_seed():
    found = lesson_several_teachers.seeds_of_teachers((0, 2, 7), 3)
    assert found == [[0, 2, 7], [8, 9, 10], [11, 12, 13]]
    assert lesson_several_teachers.seeds_of_teachers((4, 1), 1) == [[4, 1]]


def test_equal_teachers_are_one_teacher(monkeypatch):
    lab = lab_of("several-teachers")
    teachers = []
    steps = lab.teachers(lab.trainings(TEACHER, 1))
    while not teachers:
        try:
            next(steps)
        except StopIteration as end:
            teachers.append(end.value)
    one = teachers[0]
    images = lab.session.data.training.images[:50]
    single = lesson_several_teachers.mean_answer([one], images)
    same = lesson_several_teachers.mean_answer([one] * 3, images)
    assert torch.allclose(losses.softmax(same, 1.0), losses.softmax(single, 1.0), atol=1e-6)
    split, training = lab.session.data.training, lab.trainings(STUDENT, 1)[0]
    chosen = torch.arange(20).expand(2, -1)
    advised = [Advice.of([one] * n, split, training, 4.0).on(1, chosen, split.images[chosen]) for n in (1, 3)]
    assert torch.allclose(losses.softmax(advised[0], 4.0), losses.softmax(advised[1], 4.0), atol=1e-6)

    taught = figures(lab, lesson_several_teachers, "taught-1")
    assert figures(lab, lesson_several_teachers, "taught-3") != taught
    monkeypatch.setattr(lesson_several_teachers, "seeds_of_teachers", lambda seeds, count: [list(seeds)] * count)
    for row, alike in zip(taught, figures(lab, lesson_several_teachers, "taught-3"), strict=True):
        assert alike["nll"] == pytest.approx(row["nll"], abs=1e-3)


def test_the_students_figures_name_the_ensemble_that_taught_it():
    lab = lab_of("several-teachers")
    together = [row["test_accuracy"] for row in figures(lab, lesson_several_teachers, "ensemble-3")]
    assert [row["teacher_accuracy"] for row in figures(lab, lesson_several_teachers, "taught-3")] == pytest.approx(
        together
    )


def test_students_of_several_teachers_see_no_label():
    taught = figures(lab_of("several-teachers"), lesson_several_teachers, "taught-2")
    assert figures(without_labels(lab_of("several-teachers")), lesson_several_teachers, "taught-2") == taught


# One task of several.


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


# Another domain.


def test_changes_of_a_domain(digits):
    images = digits.test.images[:20]
    assert torch.equal(lesson_other_domain.inverted(lesson_other_domain.inverted(images)), images)
    assert torch.equal(lesson_other_domain.inverted(images)[:, 0, 0], torch.full((20,), 255, dtype=torch.uint8))
    quarter = lesson_other_domain.turned(images, 90.0)
    assert torch.equal(quarter, torch.rot90(images, 1, dims=(1, 2)))
    assert torch.equal(lesson_other_domain.turned(images, 0.0), images)
    assert not torch.equal(lesson_other_domain.turned(images), images)


def test_a_fine_tuning_takes_few_labels_and_leaves_the_teacher_as_it_was(seen):
    lab = lab_of("other-domain")
    before = figures(lab, lesson_other_domain, "inverted-teacher")
    calls = len(seen)
    tuned = figures(lab, lesson_other_domain, "inverted-tuned")
    cohort, split, trainings, _, adviser = seen[-1]
    assert len(seen) == calls + 1
    assert (trainings[0].labels, adviser) == (100, None)
    assert torch.equal(split.images, 255 - lab.session.data.training.images)
    assert cohort.architecture.name == TEACHER
    assert tuned != before
    assert figures(lab, lesson_other_domain, "inverted-teacher") == before


def test_a_student_from_the_old_domain_goes_to_each_new_one_as_it_left():
    alone = figures(lab_of("other-domain", seeds="0"), lesson_other_domain, "inverted-own")
    lab = lab_of("other-domain", seeds="0")
    given(lab, lesson_other_domain, "turned-own")
    assert figures(lab, lesson_other_domain, "inverted-own") == alone


def test_students_in_another_domain_see_the_labels_that_they_are_said_to_see(seen):
    lab = lab_of("other-domain")
    wanted = {"few": 100, "own": 100, "straight": None, "fine": None, "all": None}
    for way, labels in wanted.items():
        given(lab, lesson_other_domain, f"turned-{way}")
        _, split, trainings, _, adviser = seen[-1]
        assert trainings[0].labels == labels
        assert (adviser is not None) == (way in ("straight", "fine"))
        assert torch.equal(split.images, lesson_other_domain.turned(lab.session.data.training.images))


def test_a_student_of_the_teacher_as_it_is_sees_no_label():
    taught = figures(lab_of("other-domain"), lesson_other_domain, "inverted-straight")
    assert figures(without_labels(lab_of("other-domain")), lesson_other_domain, "inverted-straight") == taught


def test_the_turned_teachers_are_looked_at_over_the_angle():
    lab = lab_of("other-domain")
    _, curves = given(lab, lesson_other_domain, "turned-teacher")
    assert [curve.seed for curve in curves] == [0, 1]
    assert (curves[0].x[0], curves[0].x[-1]) == (-90, 90)
    upright = curves[0].y[curves[0].x.index(0.0)]
    assert upright == max(curves[0].y)


def test_without_usps_one_sentence_and_the_other_arms(monkeypatch):
    load = data.load

    def lacking(name):
        if name == "usps":
            raise DataError("The folder lacks usps.bz2.")
        return load(name)

    monkeypatch.setattr(lesson_other_domain.data, "load", lacking)
    lab = lab_of("other-domain")
    with pytest.raises(DataError, match="The folder lacks"):
        given(lab, lesson_other_domain, "usps-teacher")
    assert figures(lab, lesson_other_domain, "inverted-teacher")


def test_usps_is_only_asked_for_where_the_teacher_comes_from_mnist():
    names = {source: [arm.name for arm in Study.of("other-domain", source).chosen] for source in ("mnist", "digits")}
    assert "usps-straight" in names["mnist"]
    assert not any("usps" in name for name in names["digits"])
    assert "inverted-straight" in names["digits"]


def test_on_usps_a_student_makes_about_as_many_updates(usps, seen):
    lab = lab_of("other-domain", seeds="0")
    given(lab, lesson_other_domain, "usps-few")
    _, split, trainings, _, _ = seen[-1]
    assert len(split) == DATA_SETS["usps"].training_images
    assert trainings[0].data == "usps"
    assert trainings[0].epochs == 1  # one epoch of 1,257 images is less than one of 6,291
    mnist = Lab(Study.of("other-domain", "mnist"), lab.session, lab.arm)
    there = lesson_other_domain._visit(mnist, "usps")
    assert lesson_other_domain._trainings(there, STUDENT)[0].epochs == round(55_000 / 6_291)


# What is drawn beside the figures.


def test_a_line_is_the_mean_of_its_seeds_with_their_range():
    curves = [Curve(name="gap", seed=seed, x=[0, 10], y=y) for seed, y in ((0, [0.1, 0.5]), (1, [0.3, 0.9]))]
    arm = FinishedArm(arm="none", rows=[], curves=curves, seconds=1.0)
    line = study_curves.arm_curve(arm, "gap", "no remedy", "label")
    assert line.x == (0, 10)
    assert line.mean == pytest.approx((0.2, 0.7))
    assert (line.low, line.high) == ((0.1, 0.5), (0.3, 0.9))
    assert study_curves.arm_curve(arm, "other", "no remedy", "label") is None


def test_the_gap_is_filled_between_the_two_lines():
    upper, lower = (
        study_curves.ArmCurve((0.0, 1.0), level, level, level, name, "label")
        for name, level in (("own", (0.5, 1.0)), ("validation", (0.4, 0.8)))
    )
    picture = study_curves.gap(upper, lower, "passes", 0.4, palette("dark"))
    assert [trace.fill for trace in picture.data] == [None, "tonexty"]
    assert [list(trace.y) for trace in picture.data] == [[0.5, 1.0], [0.4, 0.8]]


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_what_is_drawn_beside_a_study_has_its_words(name):
    text = lesson_text.read(f"studies/{name}")
    assert name in NAMES
    assert not text.text("curves").places
    wanted = {
        "smoothed-teacher": ["curves-y"],
        "overfitting": ["training", "validation"],
        "one-task": ["curves-y", "curves-parity", "curves-size"],
        "other-domain": ["curves-y"],
    }
    assert all(text.word(word) for word in ["curves-x", *wanted[name]])
