"""Noisy labels, a class left out, narrow students, large teachers, all labels: who learns from what, who chooses."""

import pytest
import torch

from kdviz.distillers.label_smoothing import LabelSmoothing
from kdviz.distillers.offline import Offline
from kdviz.distillers.plain import Plain
from kdviz.engine.batches import epoch_order
from kdviz.engine.data import Data, Split
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.left_out_class import BIASES, LEFT_OUT
from kdviz.records.kinds import ENDINGS
from kdviz.records.study import Studied
from kdviz.runners import study as lessons
from kdviz.runners.session import Session
from kdviz.runners.studies import all_labels as lesson_all_labels
from kdviz.runners.studies import lab as laboratory
from kdviz.runners.studies import large_teacher as lesson_large_teacher
from kdviz.runners.studies import left_out_class as lesson_left_out_class
from kdviz.runners.studies import narrow_student as lesson_narrow_student
from kdviz.runners.studies import noisy_labels as lesson_noisy_labels
from kdviz.runners.studies.lab import STUDENT, TEACHER, Lab
from kdviz.runners.studies.left_out_class import chosen_bias, predicted, raised
from kdviz.runners.studies.noisy_labels import with_noise
from kdviz.texts import lesson as lesson_text
from kdviz.widgets.pictures import left_out_class
from kdviz.widgets.pictures.bias_slider import Rule
from kdviz.widgets.study import checks as study_checks
from kdviz.widgets.study import words as study_words

pytestmark = pytest.mark.trains
NAMES = ("noisy-labels", "left-out-class", "narrow-student", "large-teacher", "all-labels")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Few epochs: who learns from what does not depend on their number. The large teacher is not so large."""
    monkeypatch.setattr(Lab, "epochs", lambda self, usual, small=None: 2)
    monkeypatch.setattr(lesson_large_teacher, "LARGE", "784-256-10")


@pytest.fixture
def seen(monkeypatch):
    """What every training of the laboratory was given: model, images, distiller, adviser."""
    calls, fit = [], laboratory.fit

    def noted(cohorts, split, trainings, distiller, adviser=None, **more):
        calls.append((cohorts[0], split, trainings, distiller, adviser))
        return fit(cohorts, split, trainings, distiller, adviser, **more)

    monkeypatch.setattr(laboratory, "fit", noted)
    return calls


def lab_of(name, seeds="0,1", **changes):
    study = Study.of(name, "digits", seeds=seeds, **{"quick": True, **changes})
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


def same(one, other, names=("test_errors", "nll")):
    """Whether two arms have the same students, but for the rounding of sums."""
    return all(a[name] == pytest.approx(b[name], rel=1e-4) for a, b in zip(one, other, strict=True) for name in names)


def shuffled(split):
    order = torch.randperm(len(split), generator=torch.Generator().manual_seed(1))
    return Split(split.images, split.labels[order])


def with_wrong(lab, *parts):
    """A laboratory in which the labels of validation or test images are shuffled."""
    whole = lab.session.data
    validation, test = (
        shuffled(split) if part in parts else split
        for part, split in (("validation", whole.validation), ("test", whole.test))
    )
    lab.session.data = Data(whole.facts, whole.training, validation, test)
    return lab


# All of them.


@pytest.mark.parametrize("name", NAMES)
def test_the_quick_version_comes_to_its_end_and_its_text_has_places_for_it(name, own_state):
    study = Study.of(name, "digits", seeds="0,1", quick=True)
    *_, end = (event for event in lessons.run(study) if event is not None)
    assert isinstance(end, Studied)
    assert ENDINGS.validate_json(end.model_dump_json()) == end
    for arm in end.finished:
        assert [row.seed for row in arm.rows] == [0, 1]
    arms = {arm.name for arm in study.chosen}
    assert {(each.arm, each.against) for each in end.judgements} == {
        (arm.name, arm.against) for arm in study.chosen if arm.against
    }
    assert {arm.arm for arm in end.finished} == arms
    _text_fits(name, end)


def _text_fits(name, end):
    text = lesson_text.read(f"studies/{name}")
    assert text.fact("title") == end.recipe.facts.title
    assert text.fact("question") == end.recipe.facts.question
    assert {"idea", "budget", "expect"} <= text.texts.keys()
    assert not any(
        words.places for words in (*text.texts.values(), *text.suggestions)
    )  # shown before there is a result
    places = study_words.places(end)
    for key, check in text.checks.items():
        answers = [answer.key for answer in check.answers]
        assert study_checks.known(name, key)
        assert study_checks.right(end, key, answers) in answers
        assert not check.question.places
        for answer in check.answers:
            answer.explanation.filled(places)
    assert set(end.recipe.facts.sources) <= set(text.sources)


# Noisy labels.


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


# A class left out.


def test_a_student_without_threes_is_never_given_one(seen, digits):
    lab = lab_of("left-out-class")
    for arm in ("without", "labels-without", "corrected"):
        given(lab, lesson_left_out_class, arm)
    students = [split.labels for cohort, split, *_ in seen if cohort.architecture.name == STUDENT]
    assert len(students) == 2  # the corrected student is the one without
    for labels in students:
        assert len(labels) == int((digits.training.labels != LEFT_OUT).sum())
        assert not (labels == LEFT_OUT).any()
    given(lab, lesson_left_out_class, "all")
    assert torch.equal(seen[-1][1].labels, digits.training.labels)


def test_the_bias_brings_the_share_to_what_is_known():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4000, 10, generator=generator, dtype=torch.double)
    logits[:, LEFT_OUT] -= 3.1
    bias = chosen_bias(logits, 0.1)
    assert bias in BIASES
    assert bias == pytest.approx(3.1, abs=0.3)
    assert predicted(raised(logits, bias)) == pytest.approx(0.1, abs=0.012)
    assert chosen_bias(logits, 0.0) == 0.0
    assert predicted(raised(logits, chosen_bias(logits, 1.0))) == 1.0
    assert torch.equal(raised(logits, 2.0)[:, :LEFT_OUT], logits[:, :LEFT_OUT])


def test_the_rule_looks_at_no_label_of_validation_or_test_images():
    lab = lab_of("left-out-class")
    known = figures(lab, lesson_left_out_class, "corrected")
    blind = figures(with_wrong(lab, "validation", "test"), lesson_left_out_class, "corrected")
    assert [row["bias"] for row in known] == [row["bias"] for row in blind]
    assert known != blind  # the errors are those of other labels


def test_the_curves_begin_at_the_student_as_it_was_and_pass_through_the_corrected_one():
    lab = lab_of("left-out-class")
    before, (rows, curves) = (
        figures(lab, lesson_left_out_class, "without"),
        given(lab, lesson_left_out_class, "corrected"),
    )
    for row, start in zip(rows, before, strict=True):
        of_seed = {curve.name: curve for curve in curves if curve.seed == row.seed}
        at = of_seed["errors_on_threes"].x.index(row.figures["bias"])
        for name in ("errors_on_threes", "errors_on_others"):
            assert of_seed[name].y[0] == start[name]
            assert of_seed[name].y[at] == row.figures[name]
        threes, others, share = (
            of_seed[name].y for name in ("errors_on_threes", "errors_on_others", "predicted_share")
        )
        assert threes == sorted(threes, reverse=True)
        assert others == sorted(others)
        assert share == sorted(share)
        assert row.figures["test_errors"] == row.figures["errors_on_threes"] + row.figures["errors_on_others"]


def test_without_a_teacher_and_without_threes_no_image_is_called_a_three(monkeypatch):
    monkeypatch.setattr(Lab, "epochs", lambda self, usual, small=None: 12)
    lab = lab_of("left-out-class", seeds="0")
    (plain,) = figures(lab, lesson_left_out_class, "labels-without")
    (taught,) = figures(lab, lesson_left_out_class, "without")
    assert plain["predicted_threes"] == 0
    assert plain["errors_on_threes"] == plain["threes"]
    assert taught["errors_on_threes"] < 0.7 * taught["threes"]


def test_the_picture_has_every_seeds_range_and_the_rules_place():
    study = Study.of("left-out-class", "digits", seeds="0,1", quick=True)
    *_, end = (event for event in lessons.run(study) if event is not None)
    arm = end.arm("corrected")
    picture = left_out_class.picture(arm, lesson_text.read("studies/left-out-class"))
    worth, seen = picture.panels
    threes, others, whole = worth.lines
    assert picture.at == list(BIASES)
    for i in (0, 20, 50):
        each = [curve.y[i] for curve in arm.curves if curve.name == "errors_on_threes"]
        assert (threes.low[i], threes.high[i]) == (min(each), max(each))
        assert threes.y[i] == pytest.approx(sum(each) / 2)
        assert whole.y[i] == pytest.approx(threes.y[i] + others.y[i], rel=1e-3)
    biases = [row.figures["bias"] for row in arm.rows]
    assert picture.rule == Rule(min(biases), sum(biases) / 2, max(biases))
    assert seen.known == arm.rows[0].figures["frequency"] == pytest.approx(0.1, abs=0.02)


# Narrow students.


def test_the_temperature_is_chosen_on_the_validation_images_alone(monkeypatch):
    lab = lab_of("narrow-student", arms="30-30-best")
    right = {1.0: 0.2, 4.0: 0.9, 20.0: 0.5}  # as if it had come out so
    at = []

    def taught(lab, units, temperature, teachers, honest=lesson_narrow_student._taught):
        at.append(temperature)
        return (yield from honest(lab, units, temperature, teachers))

    monkeypatch.setattr(lesson_narrow_student, "_taught", taught)
    monkeypatch.setattr(lesson_narrow_student, "_validation", lambda lab, students: [right[at[-1]]] * 2)
    rows = figures(lab, lesson_narrow_student, "30-30-best")
    assert at == [1.0, 4.0, 20.0]
    assert [row["temperature"] for row in rows] == [4.0, 4.0]


def test_the_choice_does_not_change_with_the_test_labels_and_is_one_of_the_arms():
    lab = lab_of("narrow-student")
    arms = {arm: figures(lab, lesson_narrow_student, arm) for arm in ("30-30-t1", "30-30-t4", "30-30-t20")}
    best = figures(lab, lesson_narrow_student, "30-30-best")
    means = {arm: sum(row["validation_accuracy"] for row in rows) for arm, rows in arms.items()}
    assert best == arms[max(means, key=means.__getitem__)]
    blind = figures(with_wrong(lab_of("narrow-student"), "test"), lesson_narrow_student, "30-30-best")
    assert [row["temperature"] for row in blind] == [row["temperature"] for row in best]
    assert blind != best


def test_there_is_a_choice_among_all_temperatures_whichever_arms_are_asked_for():
    assert lesson_narrow_student.temperatures(lab_of("narrow-student", arms="8-best"), "8") == [1, 4, 20]
    whole = lab_of("narrow-student", quick=False, arms="4-best")
    assert lesson_narrow_student.temperatures(whole, "4") == [1, 2, 4, 8, 20]


def test_narrow_students_without_weight_on_their_teacher_are_those_of_labels_alone(monkeypatch):
    monkeypatch.setattr(lesson_narrow_student, "ALPHA", 0.0)
    lab = lab_of("narrow-student")
    assert same(figures(lab, lesson_narrow_student, "30-30-t4"), figures(lab, lesson_narrow_student, "labels-30-30"))


# Large teachers.


def test_the_assistant_is_taught_by_the_large_teacher_and_teaches_the_student(seen):
    lab = lab_of("large-teacher")
    given(lab, lesson_large_teacher, "large-8")
    given(lab, lesson_large_teacher, "assistant-8")
    middle, student = seen[-2], seen[-1]
    large = lab.shared["784-256-10"]
    images = lab.session.data.training.images[:4]
    indices = torch.arange(4).expand(2, 4)
    for taught, by in ((middle, large), (student, middle[0])):
        asked = taught[4].on(1, indices, images.expand(2, 4, 28, 28))
        assert torch.allclose(asked, laboratory.evaluation.logits_of_all(by, images), atol=1e-4)
        assert isinstance(taught[3], Offline)
    assert middle[0].architecture.name == "784-128-10"
    assert student[0].architecture.name == "784-8-10"


def test_the_small_teacher_has_learnt_from_labels_alone(seen, own_state):
    lab = lab_of("large-teacher")
    given(lab, lesson_large_teacher, "small-8")
    *teachers, student = seen
    assert [cohort.architecture.name for cohort, *_ in teachers] == ["784-128-10"] * 2
    assert all(isinstance(distiller, Plain) and adviser is None for *_, distiller, adviser in teachers)
    assert student[4] is not None


# All labels.


def test_the_other_teacher_is_the_next_seeds():
    lab = lab_of("all-labels")
    given(lab, lesson_all_labels, "taught")
    given(lab, lesson_all_labels, "other")
    own, other = lab.shared["own"], lab.shared["others"]
    images = lab.session.live_images[:4]
    said = laboratory.evaluation.logits_of_all
    assert torch.allclose(said(own, images)[1], said(other, images)[0], atol=1e-5)
    assert not torch.allclose(said(own, images)[0], said(other, images)[0], atol=1e-2)


def test_label_smoothing_has_no_teacher(seen):
    lab = lab_of("all-labels")
    given(lab, lesson_all_labels, "smoothing")
    _, _, trainings, distiller, adviser = seen[-1]
    assert isinstance(distiller, LabelSmoothing)
    assert distiller.share == 0.1
    assert adviser is None
    assert {training.seed for training in trainings} == {0, 1}


def test_with_alpha_0_the_taught_student_is_that_of_labels_alone(monkeypatch):
    monkeypatch.setattr(lesson_all_labels, "ALPHA", 0.0)
    lab = lab_of("all-labels")
    assert same(figures(lab, lesson_all_labels, "taught"), figures(lab, lesson_all_labels, "labels"))
