"""A whole run: a teacher, a student distilled from it, and the same student without a teacher."""

import json
import math

import pytest
import torch

from kdviz.distillers.offline import Offline
from kdviz.distillers.plain import Plain
from kdviz.engine import data, evaluation, models, teachers
from kdviz.engine.batches import FixedTeachers
from kdviz.engine.models import Cohort
from kdviz.engine.training import fit, steps_of
from kdviz.recipes.single import Recipe
from kdviz.records.base import TrainedStudent, Watched
from kdviz.records.single import Progress, Result
from kdviz.runners import session, single
from kdviz.store.data_files import DataError

pytestmark = pytest.mark.trains
RECIPE = Recipe(data="digits", student="784-30-30-10", teacher_epochs=3, epochs=2, seed=2)
FIGURES = ("test_accuracy", "test_errors", "test_images", "nll", "ece", "agreement", "fidelity_kl")


def events(recipe=RECIPE):
    return [event for event in single.run(recipe) if event is not None]


def figures(scores):
    return {name: getattr(scores, name) for name in FIGURES}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The events of a run, of the same run once more, and the teacher that both used."""
    with pytest.MonkeyPatch.context() as monkey:
        monkey.setenv("KDVIZ_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        first, second = events(), events()
        teacher, _ = teachers.find(RECIPE)
    return first, second, teacher


def test_events_come_in_order(whole):
    first, _, _ = whole
    (watched,) = [number for number, event in enumerate(first) if isinstance(event, Watched)]
    assert all(event.role == "teacher" for event in first[:watched])
    assert watched > 10
    assert all(isinstance(event, Progress) for event in [*first[:watched], *first[watched + 1 : -3]])
    assert all(isinstance(event, TrainedStudent) for event in first[-3:-1])
    assert [event.name for event in first[-3:-1]] == ["distilled", "plain"]
    assert isinstance(first[-1], Result)
    turns = [event.role for event in first[watched + 1 : -3]]
    assert turns == ["plain", "distilled"] * (len(turns) // 2)  # side by side, so that they can be watched


def test_progress_counts_up_to_the_end(whole):
    first, _, _ = whole
    for role, epochs, training in (
        ("teacher", 3, RECIPE.teacher_training),
        ("distilled", 2, RECIPE.student_training),
        ("plain", 2, RECIPE.student_training),
    ):
        said = [event for event in first if isinstance(event, Progress) and event.role == role]
        steps = steps_of(training, 1257)
        assert [event.step for event in said] == sorted({event.step for event in said})
        assert said[-1].step == steps
        assert {event.steps for event in said} == {steps}
        assert {event.epochs for event in said} == {epochs}
        assert said[-1].epoch == epochs
        assert said[-1].loss_ce < said[0].loss_ce
        assert said[-1].validation_accuracy > said[0].validation_accuracy


def test_time_goes_on_and_what_is_left_ends_at_nothing(whole):
    first, _, _ = whole
    said = [event for event in first if isinstance(event, Progress)]
    seconds = [event.seconds for event in said]
    assert seconds == sorted(seconds)
    assert all(event.seconds_left >= 0 for event in said)
    assert said[-1].seconds_left == pytest.approx(0, abs=1e-6)
    assert said[0].seconds_left > 0
    assert all(event.images_per_second > 0 for event in said)


def test_only_a_student_has_a_soft_term_and_agreement(whole):
    first, _, _ = whole
    for event in first:
        if isinstance(event, Progress):
            assert (event.loss_kd > 0) is (event.role == "distilled")
            assert (event.gradient_share_kd is None) is (event.role != "distilled")
            assert (event.agreement is None) is (event.role == "teacher")
            assert len(event.watched_logits) == (0 if event.role == "teacher" else single.WATCHED_IMAGES)


def test_watched_images_are_validation_images_that_the_teacher_gets_right_and_is_unsure_of(whole, digits):
    first, _, teacher = whole
    (watched,) = [event for event in first if isinstance(event, Watched)]
    images = digits.validation.images[watched.indices]
    assert watched.images == images.flatten(1).tolist()
    assert watched.labels == digits.validation.labels[watched.indices].tolist()
    assert len(set(watched.labels)) == single.WATCHED_IMAGES
    logits = evaluation.logits_of(teacher, images)
    torch.testing.assert_close(torch.tensor(watched.teacher_logits), logits, rtol=1e-4, atol=1e-4)
    assert logits.argmax(dim=1).tolist() == watched.labels
    assert evaluation.accuracy(
        evaluation.logits_of(teacher, digits.validation.images), digits.validation.labels
    ) == pytest.approx(watched.teacher_validation_accuracy)


def test_students_that_are_shown_some_classes_see_no_image_of_another(own_state, monkeypatch, digits):
    seen = []

    def spied(cohorts, split, trainings, *rest, **options):
        seen.append((trainings[0].model, split))
        return fit(cohorts, split, trainings, *rest, **options)

    monkeypatch.setattr(single, "fit", spied)
    recipe = RECIPE.model_copy(update={"transfer_classes": (0, 1, 7), "epochs": 30, "alpha": 1.0, "teacher_epochs": 10})
    result = events(recipe)[-1]
    (teachers_own, all_images), *students = seen
    assert (teachers_own, len(all_images)) == (RECIPE.teacher, 1257)
    assert [model for model, _ in students] == [RECIPE.student] * 2
    for _, split in students:
        assert set(split.labels.tolist()) == {0, 1, 7}
        assert len(split) == sum(int((digits.training.labels == label).sum()) for label in (0, 1, 7))
    known = torch.isin(digits.test.labels, torch.tensor([0, 1, 7])).double().mean().item()
    assert result.plain.test_accuracy <= known, "it has no other answers"
    assert result.distilled.test_accuracy > known, "the soft targets told it of digits that it never saw"


def test_the_results_figures_are_those_of_the_networks_trained_again_by_hand(whole, digits):
    first, _, teacher = whole
    result = first[-1]
    teacher_test = evaluation.logits_of(teacher, digits.test.images)
    training = RECIPE.student_training
    advice = FixedTeachers.of([Cohort(RECIPE.teacher, [teacher])], digits.training, training, RECIPE.temperature)
    unlike = {"agreement": None, "fidelity_kl": None}
    assert figures(result.teacher) == evaluation.test_figures(teacher_test, digits.test.labels) | unlike
    answers = []
    for scores, method, taught in (
        (result.distilled, Offline(RECIPE.temperature, RECIPE.alpha), advice),
        (result.plain, Plain(), None),
    ):
        network = models.build(RECIPE.student, RECIPE.seed)
        for _ in fit([Cohort(RECIPE.student, [network])], digits.training, [training], method, taught):
            pass
        said = evaluation.logits_of(network, digits.test.images)
        like = {
            "agreement": evaluation.agreement(said, teacher_test),
            "fidelity_kl": evaluation.fidelity_kl(said, teacher_test),
        }
        assert figures(scores) == evaluation.test_figures(said, digits.test.labels) | like
        validation = evaluation.logits_of(network, digits.validation.images)
        assert scores.validation_accuracy == evaluation.accuracy(validation, digits.validation.labels)
        assert scores.images_seen == 2 * 1257
        answers.append(said.argmax(dim=1))
    wrong = sum(x not in (a, b) for a, b, x in zip(*answers, digits.test.labels, strict=True))
    with_teacher = sum(a == b == x for a, b, x in zip(*answers, teacher_test.argmax(dim=1), strict=True))
    assert (result.in_common.wrong, result.in_common.agree) == (wrong, with_teacher)


def test_the_result_tells_what_was_run_and_how_large_the_networks_are(whole):
    first, _, _ = whole
    result = first[-1]
    assert result.run_id == RECIPE.id
    assert result.recipe == RECIPE
    assert [s.architecture for s in (result.teacher, result.distilled, result.plain)] == [
        "784-512-256-10",
        "784-30-30-10",
        "784-30-30-10",
    ]
    assert result.distilled.parameters == 784 * 30 + 30 + 30 * 30 + 30 + 30 * 10 + 10
    assert result.seconds > 0
    assert result.threads == torch.get_num_threads()


def test_a_second_run_finds_the_kept_teacher_and_gives_identical_figures(whole):
    first, second, _ = whole
    assert isinstance(second[0], Watched)
    assert not any(isinstance(event, Progress) and event.role == "teacher" for event in second)
    for role in ("teacher", "distilled", "plain"):
        assert figures(getattr(first[-1], role)) == figures(getattr(second[-1], role))
    assert second[-1].teacher.seconds == first[-1].teacher.seconds  # what it took then
    curves = [[e.loss_kd for e in run if isinstance(e, Progress) and e.role == "distilled"] for run in (first, second)]
    assert curves[0] == curves[1]


def test_every_event_comes_back_from_json(whole):
    first, _, _ = whole
    for event in first:
        assert type(event).model_validate_json(event.model_dump_json()) == event


def test_a_shipped_teacher_is_not_trained(own_state):
    said = events(Recipe(data="digits", pretrained=True, epochs=1))
    assert isinstance(said[0], Watched)
    assert said[-1].teacher.test_accuracy > 0.98
    assert not own_state.exists()


def test_alpha_zero_is_the_plain_student(own_state):
    result = events(Recipe(data="digits", pretrained=True, epochs=1, alpha=0, labels=50))[-1]
    assert figures(result.distilled) == figures(result.plain)


def test_few_labels_are_where_a_teacher_helps(own_state):
    result = events(Recipe(data="digits", pretrained=True, epochs=15, labels=50))[-1]
    assert result.distilled.test_accuracy > result.plain.test_accuracy + 0.03


def test_a_closed_run_leaves_no_teacher_behind(own_state):
    run = single.run(RECIPE)
    for event in run:
        if event is not None and event.step > 10:
            break
    run.close()
    assert not own_state.exists() or list(own_state.rglob("*")) == []
    assert teachers.find(RECIPE) is None


def test_a_run_closed_among_the_students_leaves_a_whole_teacher(own_state):
    run = single.run(RECIPE)
    next(event for event in run if isinstance(event, Watched))
    run.close()
    (file,) = (own_state / "teachers").iterdir()
    assert file == teachers.kept_path(RECIPE.teacher_training)
    teachers.read(file, RECIPE.teacher)


def test_a_damaged_kept_teacher_is_set_aside_and_trained_anew(whole, own_state):
    path = teachers.kept_path(RECIPE.teacher_training)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert events()[-1].distilled.test_errors == whole[0][-1].distilled.test_errors
    assert path.with_name(f"{path.name}.damaged").read_bytes() == b""
    assert teachers.kept(RECIPE.teacher_training) is not None


def test_missing_data_ends_the_run_in_a_sentence(tmp_path, monkeypatch):
    def nothing(name):
        raise DataError("There is no MNIST.")

    monkeypatch.setattr(data, "load", nothing)
    with pytest.raises(DataError, match="There is no MNIST"):
        events(Recipe())


@pytest.mark.parametrize("teacher_too", [False, True])
def test_a_diverging_run_ends_with_a_result_and_its_figures_travel_as_json(own_state, teacher_too):
    wild = {"optimizer": "sgd", "learning_rate": 10, "loss": "mse", "alpha": 0.9, "batch_size": 16}
    recipe = Recipe(data="digits", student="784-128-10", epochs=1, teacher_epochs=1, pretrained=not teacher_too, **wild)
    said = events(recipe)
    assert any(isinstance(event, Progress) and not math.isfinite(event.loss_kd) for event in said)
    assert math.isnan(said[-1].teacher.nll) is teacher_too
    assert not math.isfinite(said[-1].distilled.nll)
    for event in said:
        text = event.model_dump_json()
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
        json.dumps(event.model_dump(mode="json"), allow_nan=False)
        again = type(event).model_validate_json(text)
        assert again.model_dump_json() == text
        assert repr(again) == repr(event)


def test_most_unsure_picks_right_answers_of_different_classes():
    logits = torch.tensor([[9.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 2, 0], [0, 0, 0.1], [0, 0, 3]])
    labels = torch.tensor([0, 0, 1, 1, 0, 2])
    assert session.most_unsure(logits, labels, 2).tolist() == [1, 2]
    assert session.most_unsure(logits, labels, 5).tolist() == [1, 2, 5]


@pytest.mark.usefixtures("mnist_teacher")
def test_one_epoch_of_the_reference_recipe_on_mnist_reaches_93_per_cent():
    result = events(Recipe(epochs=1, teacher_epochs=2))[-1]
    assert result.teacher.test_accuracy >= 0.95
    assert result.distilled.test_accuracy >= 0.93
    assert result.distilled.test_errors == round((1 - result.distilled.test_accuracy) * 10_000)
    assert result.distilled.agreement >= 0.93
