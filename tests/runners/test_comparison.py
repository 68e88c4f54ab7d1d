"""A whole comparison: its teachers, its methods in turns, what each came to and what it cost."""

import json
from itertools import pairwise

import pytest
import torch

from kdviz.engine import batches, data, evaluation, knowledge, losses, models, teachers
from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.comparison import Comparison
from kdviz.recipes.methods import CONTROL, DEFAULT, METHODS
from kdviz.recipes.single import Recipe
from kdviz.records.base import Watched
from kdviz.records.comparison import ComparisonResult, FinishedMethod, Inside, Moment
from kdviz.records.intervals import CALIBRATION_BINS
from kdviz.runners import comparison as study
from kdviz.runners import comparison_method as course
from kdviz.runners import single
from kdviz.runners.teachers import rows_of_seeds
from kdviz.store.data_files import DataError

pytestmark = pytest.mark.trains
TEACHER, STUDENT = "784-256-10", "784-30-30-10"
METHODS_RUN = (
    "plain,offline,several-teachers,assistant,mutual,mutual-mixed,mutual-three,born-again,deep-to-shallow,"
    "earlier-self,earlier-average,hints,rkd"
)
SEEDS = (0, 1, 4)
IMAGES, EPOCHS, TEACHER_EPOCHS = 1257, 2, 3
OPTIONS = {
    "data": "digits",
    "teacher": TEACHER,
    "student": STUDENT,
    "epochs": EPOCHS,
    "teacher_epochs": TEACHER_EPOCHS,
    "temperature": 4.0,
    "online_temperature": 2.0,
}
WHOLE = Comparison.parse({**OPTIONS, "methods": METHODS_RUN, "seeds": SEEDS})
NAMES = [*WHOLE.methods, CONTROL]


def events(comparison=WHOLE, **options):
    return [event for event in study.run(comparison, **options) if event is not None]


def moments(said, method=None):
    found = [event for event in said if isinstance(event, Moment)]
    return [event for event in found if event.method == method] if method else found


def trials(said):
    """All trials by method and seed, the controls among them."""
    return {(trial.method, trial.seed): trial for trial in [*said[-1].trials, *said[-1].controls]}


def timeless(record):
    """A record without what the clock decides."""

    def strip(value):
        if isinstance(value, dict):
            return {name: strip(part) for name, part in value.items() if not name.startswith("seconds")}
        return [strip(part) for part in value] if isinstance(value, list) else value

    return strip(record.model_dump(mode="json"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The events of a comparison, and those of the same comparison once more with the teachers found again."""
    with pytest.MonkeyPatch.context() as monkey:
        monkey.setenv("KDVIZ_STATE_DIR", str(tmp_path_factory.mktemp("state")))
        yield events(), events()


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """One state folder for the small comparisons of this module: the same teachers need not be trained again."""
    with pytest.MonkeyPatch.context() as monkey:
        monkey.setenv("KDVIZ_STATE_DIR", str(tmp_path_factory.mktemp("small")))
        yield


def small(methods="plain,offline", seeds=(2,), **changes):
    return Comparison.parse(
        {**OPTIONS, "methods": methods, "seeds": seeds, "epochs": 1, "teacher_epochs": 1, **changes}
    )


# Order and turns.


def test_teachers_come_first_then_the_watched_images_then_the_methods_and_the_end(whole):
    first, second = whole
    (watched,) = [place for place, event in enumerate(first) if isinstance(event, Watched)]
    assert {event.method for event in first[:watched]} == {"teacher"}
    assert list(dict.fromkeys(event.stage for event in first[:watched])) == ["seed 0", "seed 1", "seed 4"]
    assert {event.method for event in moments(first[watched:])} == set(NAMES)
    assert [event.method for event in first if isinstance(event, FinishedMethod)].count("teacher") == 0
    assert sorted(event.method for event in first if isinstance(event, FinishedMethod)) == sorted(NAMES)
    assert isinstance(first[-1], ComparisonResult)
    assert isinstance(second[0], Watched)  # the teachers were kept
    assert second[0] == first[watched]


def test_methods_come_in_turns_until_each_is_over(whole):
    order = [event.method for event in moments(whole[1])]
    assert order[: len(NAMES)] == NAMES
    last = {name: len(order) - 1 - order[::-1].index(name) for name in NAMES}
    for name in NAMES:
        own = [place for place, other in enumerate(order) if other == name]
        for here, there in pairwise(own):
            between = order[here + 1 : there]
            assert len(set(between)) == len(between)
            assert set(between) >= {other for other in NAMES if last[other] > there and other != name}
    for name in NAMES:  # and nothing of a method comes after it was finished
        places = [place for place, event in enumerate(whole[1]) if getattr(event, "method", "") == name]
        assert isinstance(whole[1][places[-1]], FinishedMethod)


def test_moments_count_up_through_all_stages(whole):
    for name in NAMES:
        said = moments(whole[0], name)
        stages = {"born-again": 3, "assistant": 2}.get(name, 1)
        counted = [(event.stage_number, event.step) for event in said]
        assert counted == sorted(set(counted))
        assert {event.stages for event in said} == {stages}
        assert {event.stage_number for event in said} == set(range(1, stages + 1))
        assert said[-1].stage == "student"
        assert {(event.steps, event.epochs) for event in said} == {(40, 2)}
        for stage in range(1, stages + 1):
            assert [event.step for event in said if event.stage_number == stage][-1] == 40
        spent = [event.expense for event in said]
        for one, other in pairwise(spent):
            assert other.seconds >= one.seconds
            assert other.images_seen > one.images_seen
            assert other.multiply_adds > one.multiply_adds
    for event in moments(whole[0], "teacher"):
        assert event.stages == 3
        assert (event.steps, event.epochs) == (60, 3)
        assert event.agreement == []


def test_a_moments_lists_have_an_entry_for_each_seed(whole):
    for event in moments(whole[0]):
        seeds = 1 if event.method == "teacher" else len(SEEDS)
        for values in (event.loss_kd, event.loss_ce, event.validation_accuracy):
            assert len(values) == seeds
        assert len(event.agreement) in (0, seeds)


def test_who_speaks_and_who_teaches_whom(whole):
    def said_arrows(name):
        return {(arrow.source, arrow.target) for arrow in moments(whole[0], name)[-1].arrows}

    def voices(name):
        return set(moments(whole[0], name)[-1].others)

    assert said_arrows("plain") == set()
    assert said_arrows("offline") == said_arrows("hints") == said_arrows("rkd") == {("teacher", "student")}
    assert said_arrows("several-teachers") == {(name, "student") for name in ("teacher", "teacher 2", "teacher 3")}
    assert said_arrows("mutual") == {("peer 2", "student"), ("student", "peer 2")}
    assert said_arrows("mutual-mixed") == {("large peer", "student"), ("student", "large peer")}
    assert len(said_arrows("mutual-three")) == 6
    assert said_arrows("born-again") == {("generation 1", "student")}
    assert said_arrows("assistant") == {("assistant", "student")}
    assert said_arrows("deep-to-shallow") == {("student", "head 1"), ("student", "head 2")}
    assert said_arrows("earlier-self") == {("last epoch", "student")}
    assert said_arrows("earlier-average") == {("own average", "student")}
    assert voices("mutual-three") == {"peer 2", "peer 3"}
    assert voices("deep-to-shallow") == {"head 1", "head 2"}
    assert voices("plain") == voices("offline") == voices("born-again") == set()
    early = moments(whole[0], "earlier-self")[0]
    assert early.epoch == 1
    assert early.arrows == []  # nobody has been there before
    assert all(arrow.kl >= 0 for event in moments(whole[0]) for arrow in event.arrows)
    assert {
        arrow.source for arrow in moments(whole[0], "born-again")[len(moments(whole[0], "born-again")) // 2].arrows
    } == {"generation 0"}


def test_the_divergences_of_all_arrows_can_be_compared(state, monkeypatch):
    taken = set()
    kl_divergence = losses.kl_divergence
    monkeypatch.setattr(losses, "kl_divergence", lambda one, other, t: taken.add(t) or kl_divergence(one, other, t))
    monkeypatch.setattr(losses, "kd_loss", lambda student, teacher, temperature: student.sum(dim=-1))
    events(small("plain,offline,mutual,earlier-average"))
    assert taken == {1.0}


def test_the_live_arrows_are_those_of_the_methods_facts(whole):
    for name in WHOLE.methods:
        said = {(arrow.source, arrow.target) for moment in moments(whole[0], name) for arrow in moment.arrows}
        assert said == set(WHOLE.arrows(name)), name


def test_a_student_comes_nearer_to_the_teacher_it_learns_from(whole):
    for name in ("offline", "several-teachers", "assistant", CONTROL):
        said = [event for event in moments(whole[0], name) if event.stage == "student"]
        assert said[-1].arrows[0].kl < 0.7 * said[0].arrows[0].kl
        assert said[-1].agreement[0] > said[0].agreement[0]


def test_time_goes_on_and_what_is_left_ends_at_nothing(whole):
    said = moments(whole[0])
    seconds = [event.seconds for event in said]
    assert seconds == sorted(seconds)
    assert all(event.seconds_left >= 0 for event in said)
    assert said[-1].seconds_left == pytest.approx(0, abs=1e-6)
    assert said[0].seconds_left > 0


def test_every_event_comes_back_from_json(whole):
    for event in whole[0]:
        text = event.model_dump_json()
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
        assert type(event).model_validate_json(text) == event


# The same again.


def test_the_same_comparison_gives_the_same_to_the_last_bit(whole):
    first, second = whole
    assert timeless(first[-1]) == timeless(second[-1])
    for name in NAMES:
        assert [timeless(event) for event in moments(first, name)] == [
            timeless(event) for event in moments(second, name)
        ]
    looks = [[timeless(event) for event in said if isinstance(event, Inside)] for said in whole]
    assert looks[0] == looks[1]


def test_finished_methods_are_said_first_and_not_trained_again(state):
    comparison = small("plain,offline,mutual,born-again", seeds=(0, 1))
    before = events(comparison)
    done = [event for event in before if isinstance(event, FinishedMethod) and event.method in ("offline", "mutual")]
    after = events(comparison, finished=done)
    again = [event for event in after if getattr(event, "method", "") in ("offline", "mutual")]
    assert again == after[: len(again)]
    for part in done:  # with all that it had said on the way, for who looks now
        assert part.moments == moments(before, part.method)
        looks = [event for event in before if isinstance(event, Inside) and event.method == part.method]
        assert part.looks == looks
        assert [event for event in again if event.method == part.method] == [*looks, *part.moments, part]
    assert sum(isinstance(event, FinishedMethod) for event in after) == 5
    assert timeless(before[-1]) == timeless(after[-1])
    for name in ("offline", "mutual"):
        assert [trial for trial in after[-1].trials if trial.method == name] == [
            trial for trial in before[-1].trials if trial.method == name
        ]
    for name in ("plain", "born-again", CONTROL):
        assert [timeless(one) for one in moments(after, name)] == [timeless(one) for one in moments(before, name)]


def test_with_everything_finished_nothing_is_trained(state, monkeypatch):
    comparison = small()
    before = events(comparison)
    done = [event for event in before if isinstance(event, FinishedMethod)]
    monkeypatch.setattr(course, "fit", None)
    after = events(comparison, finished=done)
    assert timeless(after[-1]) == timeless(before[-1])


def test_a_method_comes_out_the_same_whatever_else_is_compared(state):
    alone = trials(events(small("plain", seeds=(0, 1))))
    among = trials(events(small("plain,label-smoothing,mutual,earlier-self", seeds=(0, 1))))
    for seed in (0, 1):
        assert timeless(alone["plain", seed]) == timeless(among["plain", seed])


def test_students_that_are_shown_some_classes_see_no_image_of_another(state, monkeypatch):
    seen = []
    epoch = batches.epoch_order
    monkeypatch.setattr(
        batches, "epoch_order", lambda usable, images, *rest: seen.append(images) or epoch(usable, images, *rest)
    )
    comparison = small("plain,offline,mutual,hints", transfer_classes=(0, 1, 7))
    result = events(comparison)[-1]
    images = data.of_classes(data.load("digits").training, (0, 1, 7))
    assert set(images.labels.tolist()) == {0, 1, 7}
    assert len(images) in seen
    for trial in result.trials:
        if trial.method in ("plain", "offline", "hints"):
            assert trial.expense.images_seen == comparison.epochs * len(images)
    assert {trial.method: trial.test_accuracy for trial in result.trials}["plain"] < 0.35


@pytest.mark.parametrize("changes", [{}, {"labels": 100}, {"augmentation": "shift"}])
def test_plain_and_offline_are_those_of_a_single_run(state, changes):
    comparison = small(seeds=(3,), **changes)
    said = trials(events(comparison))
    options = {name: value for name, value in OPTIONS.items() if not name.startswith("online")}
    recipe = Recipe.parse({**options, "epochs": 1, "teacher_epochs": 1, "seed": 3, **changes})
    *_, result = (event for event in single.run(recipe) if event is not None)
    for name, scores in (("offline", result.distilled), ("plain", result.plain)):
        trial = said[name, 3]
        for figure in ("validation_accuracy", "test_accuracy", "test_errors", "nll", "ece", "agreement", "fidelity_kl"):
            assert getattr(trial, figure) == getattr(scores, figure)
        assert trial.expense.images_seen == scores.images_seen


@pytest.mark.parametrize("labels", [None, 100])
def test_offline_with_alpha_zero_is_plain_training(state, labels):
    said = trials(events(small("plain,offline,born-again", seeds=(2, 5), alpha=0.0, labels=labels)))
    for seed in (2, 5):
        for name in ("offline", "born-again", CONTROL):
            for figure in ("test_accuracy", "nll", "ece", "agreement", "fidelity_kl"):
                assert getattr(said[name, seed], figure) == getattr(said["plain", seed], figure)


# Teachers and controls.


def test_there_are_controls_exactly_if_there_is_offline_and_they_are_wanted(whole, own_state):
    assert [trial.seed for trial in whole[0][-1].controls] == list(SEEDS)
    assert {trial.method for trial in whole[0][-1].controls} == {CONTROL}
    for comparison in (small("plain,offline-mse"), small("plain,offline", control=False)):
        without = events(comparison)
        assert without[-1].controls == []
        assert not any(getattr(event, "method", "") == CONTROL for event in without)
    assert len(list((own_state / "teachers").iterdir())) == 1  # no other teacher is trained for nothing
    assert CONTROL not in {summary.method for summary in whole[0][-1].summaries}


@pytest.mark.parametrize(
    ("seeds", "rows", "expected"),
    [
        ([0], 1, [[0]]),
        ([0], 2, [[0], [1]]),
        ([5], 3, [[5], [6], [7]]),
        ([0, 1], 2, [[0, 1], [1, 0]]),
        ([2, 9], 3, [[2, 9], [9, 10], [10, 2]]),
        ([0, 1, 2], 3, [[0, 1, 2], [1, 2, 0], [2, 0, 1]]),
        ([0, 1, 2, 3, 4], 1, [[0, 1, 2, 3, 4]]),
        ([0, 1, 2, 3, 4], 3, [[0, 1, 2, 3, 4], [1, 2, 3, 4, 0], [2, 3, 4, 0, 1]]),
    ],
)
def test_seeds_of_the_teachers(seeds, rows, expected):
    found = rows_of_seeds(seeds, rows)
    assert found == expected
    for column in zip(*found, strict=True):
        assert len(set(column)) == rows  # every student's teachers are different ones


def test_one_seeds_control_learns_from_the_teacher_of_the_next(state):
    said = events(small(seeds=(2,)))
    trained = teachers.kept(small().teacher_training(3))
    assert trained is not None
    assert [trial.seed for trial in said[-1].teachers] == [2]
    control, offline = trials(said)[CONTROL, 2], trials(said)["offline", 2]
    assert control.fidelity_kl != offline.fidelity_kl


def test_a_student_is_more_like_its_own_teacher_than_the_control_is(whole):
    said = trials(whole[0])
    gain = [said[CONTROL, seed].fidelity_kl - said["offline", seed].fidelity_kl for seed in SEEDS]
    assert sum(gain) > 0


def test_each_student_is_compared_with_the_teacher_of_its_own_seed(state):
    together = events(small("plain,offline", seeds=(0, 3)))
    for number, seed in enumerate((0, 3)):
        alone = events(small("plain,offline", seeds=(seed,)))
        for name in ("plain", "offline"):
            one, other = trials(together)[name, seed], trials(alone)[name, seed]
            assert one.fidelity_kl == pytest.approx(other.fidelity_kl, rel=1e-3)
            assert one.nll == pytest.approx(other.nll, rel=1e-3)
            assert one.agreement == pytest.approx(other.agreement, abs=2 / 360)
            for here, there in zip(moments(together, name), moments(alone, name), strict=True):
                assert here.agreement[number] == pytest.approx(there.agreement[0], abs=2 / 180)


def test_the_teachers_own_trials(whole, digits):
    end = whole[0][-1]
    assert [trial.seed for trial in end.teachers] == list(SEEDS)
    for trial in end.teachers:
        assert (trial.method, trial.agreement, trial.fidelity_kl, trial.teacher) == ("teacher", 1.0, 0.0, None)
        assert trial.expense.images_seen == TEACHER_EPOCHS * IMAGES


def test_trained_teachers_are_not_changed_by_their_students(state, monkeypatch):
    kept, seen = {}, {}
    find = teachers.kept

    def spy(training):
        found = find(training)
        if found is not None:
            seen[training.seed] = found[0]
            kept[training.seed] = {name: x.clone() for name, x in found[0].state_dict().items()}
        return found

    comparison = small("plain,offline,several-teachers,hints,rkd,mutual-mixed", seeds=(0, 1, 2))
    events(small("plain,several-teachers", seeds=(0, 1, 2)))
    monkeypatch.setattr(teachers, "kept", spy)
    events(comparison)
    assert set(seen) == {0, 1, 2}
    for seed, network in seen.items():
        assert all(torch.equal(network.state_dict()[name], x) for name, x in kept[seed].items())
        assert not network.training
        assert not any(p.requires_grad for p in network.parameters())


# What the trials say.


def test_trials_have_a_seed_each_and_their_figures_belong_together(whole):
    said = trials(whole[0])
    assert set(said) == {(name, seed) for name in NAMES for seed in SEEDS}
    for trial in [*said.values(), *whole[0][-1].teachers]:
        assert trial.test_images == 360
        assert trial.test_accuracy == pytest.approx(1 - trial.test_errors / 360)
        assert len(trial.reliability) == CALIBRATION_BINS
        assert sum(bar.count for bar in trial.reliability) == 360
        gap = sum(bar.count / 360 * abs(bar.accuracy - bar.confidence) for bar in trial.reliability)
        assert trial.ece == pytest.approx(gap, abs=1e-9)
        right = sum(bar.count * bar.accuracy for bar in trial.reliability)
        assert right == pytest.approx(360 - trial.test_errors)
        for place, bar in enumerate(trial.reliability):
            inside = place / 15 - 1e-9 <= bar.confidence <= (place + 1) / 15 + 1e-9
            assert inside or bar.count == bar.confidence == bar.accuracy == 0


def test_everybody_who_speaks_is_tested_as_well(whole):
    said = trials(whole[0])
    others = {name: set(said[name, 0].others) for name in NAMES}
    assert others["plain"] == others["offline"] == others[CONTROL] == set()
    assert others["mutual"] == {"peer 2", "ensemble"}
    assert others["mutual-mixed"] == {"large peer", "ensemble"}
    assert others["mutual-three"] == {"peer 2", "peer 3", "ensemble"}
    assert others["born-again"] == {"ensemble"}
    assert others["deep-to-shallow"] == {"head 1", "head 2"}
    assert others["earlier-self"] == {"last epoch"}
    assert others["earlier-average"] == {"own average"}
    assert all(0 <= value <= 1 for trial in said.values() for value in trial.others.values())


def test_the_summaries_are_in_the_order_of_the_methods(whole):
    end = whole[0][-1]
    assert [summary.method for summary in end.summaries] == list(WHOLE.methods)
    plain = [trial.test_accuracy for trial in end.trials if trial.method == "plain"]
    assert end.summaries[0].means["test_accuracy"].mean == pytest.approx(sum(plain) / 3)
    assert (end.run_id, end.recipe) == (WHOLE.id, WHOLE)
    assert end.threads == torch.get_num_threads()


def test_the_test_images_are_looked_at_once_when_a_method_is_done(state, monkeypatch):
    line = []
    answers = evaluation._answers

    def spy(networks, images):
        if len(images) == 360:  # the test images; there are 180 for validation
            line.extend(["test"] * len(networks))
        return answers(networks, images)

    monkeypatch.setattr(evaluation, "_answers", spy)
    comparison = small("plain,offline,mutual", seeds=(2, 5))
    line.extend(study.run(comparison))
    begun = next(place for place, event in enumerate(line) if isinstance(event, Watched)) + 1
    assert "test" not in line[:begun]
    while line[begun] == "test":
        begun += 1  # the teachers
    rest = line[begun:]
    tests = [place for place, event in enumerate(rest) if event == "test"]
    for place in tests:
        following = next(event for event in rest[place:] if event != "test")
        assert isinstance(following, FinishedMethod | ComparisonResult)
    # plain, offline and the control 2 each; mutual its 2 peers as voices and in the ensemble, its students in that too
    assert len(tests) == 3 * 2 + (2 + 2 + 2 + 2) + 2


# What it cost.

NETWORK, LARGE = ARCHITECTURES[STUDENT].multiply_adds, ARCHITECTURES[TEACHER].multiply_adds
MIDDLE = ARCHITECTURES["784-128-10"].multiply_adds
SEEN = IMAGES * EPOCHS
WORK = {
    "plain": 3 * SEEN * NETWORK,
    "offline": 3 * SEEN * NETWORK + IMAGES * LARGE,
    CONTROL: 3 * SEEN * NETWORK + IMAGES * LARGE,
    "several-teachers": 3 * SEEN * NETWORK + 3 * IMAGES * LARGE,
    "assistant": 3 * SEEN * MIDDLE + IMAGES * LARGE + 3 * SEEN * NETWORK + IMAGES * MIDDLE,
    "mutual": 2 * 3 * SEEN * NETWORK,
    "mutual-mixed": 3 * SEEN * (NETWORK + LARGE),
    "mutual-three": 3 * 3 * SEEN * NETWORK,
    "born-again": 3 * 3 * SEEN * NETWORK + 2 * IMAGES * NETWORK,
    "deep-to-shallow": 3 * SEEN * (NETWORK + 2 * 30 * 10),
    "earlier-self": 3 * SEEN * NETWORK + (EPOCHS - 1) * IMAGES * NETWORK,
    "earlier-average": 3 * SEEN * NETWORK + SEEN * NETWORK,
    "hints": 3 * SEEN * NETWORK + SEEN * LARGE + 3 * SEEN * 30 * 256,
    "rkd": 3 * SEEN * NETWORK + SEEN * LARGE,
}
LEARNERS = {"mutual": 2, "mutual-mixed": 2, "mutual-three": 3, "born-again": 3, "assistant": 2}


def test_a_student_is_small_enough_to_be_counted_by_hand():
    assert NETWORK == 784 * 30 + 30 * 30 + 30 * 10 == 24_720
    assert WORK["plain"] == 3 * 2514 * 24_720


@pytest.mark.parametrize("name", NAMES)
def test_multiply_adds_and_images_are_those_counted_by_hand(whole, name):
    for seed in SEEDS:
        spent = trials(whole[0])[name, seed].expense
        assert spent.multiply_adds == pytest.approx(WORK[name], rel=1e-9)
        assert spent.images_seen == SEEN * LEARNERS.get(name, 1)
        assert spent.seconds > 0
    assert moments(whole[0], name)[-1].expense.multiply_adds == pytest.approx(3 * WORK[name], rel=1e-9)


def test_a_teacher_that_sees_augmented_images_is_asked_in_every_epoch(state):
    said = trials(events(small("plain,offline", epochs=2, augmentation="shift")))
    assert said["offline", 2].expense.multiply_adds == pytest.approx(SEEN * (3 * NETWORK + LARGE), rel=1e-9)


def test_the_teachers_training_is_charged_to_whoever_asks_it(whole):
    end, said = whole[0][-1], trials(whole[0])
    own = {trial.seed: trial.expense for trial in end.teachers}
    for (name, seed), trial in said.items():
        if name == CONTROL:
            assert trial.teacher == own[{0: 1, 1: 4, 4: 0}[seed]]
        elif name == "several-teachers":
            assert trial.teacher.images_seen == 3 * TEACHER_EPOCHS * IMAGES
            assert trial.teacher.multiply_adds == pytest.approx(3 * 3 * TEACHER_EPOCHS * IMAGES * LARGE)
            assert trial.teacher.seconds == pytest.approx(sum(each.seconds for each in own.values()))
        elif METHODS[name].asks_teacher:
            assert trial.teacher == own[seed]
            assert trial.teacher.multiply_adds == pytest.approx(3 * TEACHER_EPOCHS * IMAGES * LARGE)
        else:
            assert trial.teacher is None
    assert {name for name, seed in said if said[name, seed].teacher} == {
        *("offline", "several-teachers", "assistant", "hints", "rkd", CONTROL)
    }


def test_a_found_teacher_costs_what_it_took_then(whole):
    assert [trial.expense for trial in whole[0][-1].teachers] == [trial.expense for trial in whole[1][-1].teachers]


def test_seconds_are_of_training_and_not_of_looking_at_it(state, monkeypatch):
    now = 0.0

    def clock():
        nonlocal now
        now += 0.001
        return now

    logits_of = evaluation.logits_of

    def slow(network, images):
        nonlocal now
        now += 0 if len(images) == IMAGES else 100  # looking; asking a teacher about the training images is work
        return logits_of(network, images)

    monkeypatch.setattr(evaluation, "logits_of", slow)
    said = events(small("plain,offline,mutual,born-again,earlier-average"), clock=clock)
    assert said[-1].seconds > 1000
    assert all(trial.expense.seconds < 10 for trial in trials(said).values())


def test_peak_memory_is_the_same_on_every_run_and_larger_for_more_networks(whole):
    first, second = ({key: trial.expense.peak_memory for key, trial in trials(said).items()} for said in whole)
    assert first == second
    peak = {name: first[name, 0] for name in NAMES}
    weights = ARCHITECTURES[STUDENT].bytes
    assert peak["plain"] > 4 * weights  # the weights, their gradients, and Adam's two averages
    assert peak["mutual-three"] > peak["mutual"] + 3 * weights
    assert peak["mutual"] > peak["plain"] + 3 * weights
    assert peak["mutual-mixed"] > peak["mutual"]
    assert peak["offline"] > peak["plain"] + 0.9 * IMAGES * 10 * 4  # the teacher's logits
    assert peak["earlier-average"] > peak["plain"] + 0.9 * weights
    assert peak["earlier-self"] > peak["plain"] + 0.9 * weights + 0.9 * IMAGES * 10 * 4  # the snapshot and its advice
    assert peak["rkd"] > peak["plain"] + ARCHITECTURES[TEACHER].bytes
    assert all(trial.expense.peak_memory > 4 * ARCHITECTURES[TEACHER].bytes for trial in whole[0][-1].teachers)


# Inside.


@pytest.mark.parametrize(("teacher", "student"), [(TEACHER, STUDENT), ("cnn-16-32", "cnn-8-16")])
def test_a_look_inside_the_first_seeds_networks(state, teacher, student):
    comparison = small("plain,hints", seeds=(2, 5), teacher=teacher, student=student)
    said = events(comparison)
    (watched,) = [event for event in said if isinstance(event, Watched)]
    maps = student.startswith("cnn")
    hidden = "convolution" if maps else "hidden"
    for name in ("plain", "hints"):
        looks = [event for event in said if isinstance(event, Inside) and event.method == name]
        assert looks[0].step == 0
        assert looks[-1].step == looks[-1].steps == moments(said, name)[-1].steps
        for look in looks:
            assert look.student_layers == [f"{hidden} 1", f"{hidden} 2", "logits"]
            assert look.teacher_layers == [*(f"{hidden} {n + 1}" for n in range(2 if maps else 1)), "logits"]
            assert len(look.cka) == len(look.student_layers)
            assert all(len(row) == len(look.teacher_layers) for row in look.cka)
            assert all(0 <= value <= 1 + 1e-6 for row in look.cka for value in row)
            assert len(look.logits) == len(watched.indices) == len(look.relations) == len(look.teacher_relations)
            assert bool(look.singular_values) is bool(look.teacher_singular_values) is maps
        assert looks[0].logits != looks[-1].logits
        assert looks[0].teacher_relations == looks[-1].teacher_relations
    start = models.build(student, 2)
    images = data.load("digits").validation.images[watched.indices]
    first = next(event for event in said if isinstance(event, Inside))
    torch.testing.assert_close(torch.tensor(first.logits), evaluation.logits_of(start, images), rtol=1e-4, atol=1e-4)
    with torch.no_grad():
        last = models.Cohort(student, [start]).layers(data.normalise(images).unsqueeze(0))[-2][0].flatten(1)
    torch.testing.assert_close(torch.tensor(first.relations), knowledge.distances(last), rtol=1e-4, atol=1e-4)
    assert torch.tensor(watched.teacher_logits).argmax(1).tolist() == watched.labels


# What can go wrong.


def test_a_closed_comparison_leaves_whole_teachers_behind(own_state):
    run = study.run(small(seeds=(2,)))
    next(event for event in run if isinstance(event, Moment) and event.stage == "seed 3")
    run.close()
    (file,) = (own_state / "teachers").iterdir()
    assert file == teachers.kept_path(small().teacher_training(2))
    teachers.read(file, TEACHER)


def test_a_diverging_comparison_ends_with_its_figures_and_they_travel(own_state):
    comparison = small(
        "plain,offline-mse,mutual,earlier-average", seeds=(2, 3, 4), optimizer="sgd", learning_rate=10.0, batch_size=16
    )
    said = events(comparison)
    assert isinstance(said[-1], ComparisonResult)
    for event in said:
        text = event.model_dump_json()
        json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
        assert type(event).model_validate_json(text).model_dump_json() == text


def test_a_diverging_convolutional_student_ends_nothing_either(own_state):
    said = events(
        small("plain,fsp", teacher="cnn-16-32", student="cnn-8-16", optimizer="sgd", learning_rate=10.0, epochs=1)
    )
    look = [event for event in said if isinstance(event, Inside)][-1]
    assert isinstance(said[-1], ComparisonResult)
    assert len(look.singular_values) == len(look.teacher_singular_values) // 2


@pytest.mark.parametrize("augmentation", ["shift"])
def test_an_augmented_teacher_is_the_one_of_a_single_run(tmp_path, monkeypatch, augmentation):
    options = {"teacher_augmentation": augmentation, "epochs": 2, "teacher_epochs": 2, "student": STUDENT}
    weights = []
    for number, run in enumerate(
        (
            lambda: events(small("plain", seeds=(2,), **options)),
            lambda: list(single.run(Recipe(data="digits", teacher=TEACHER, seed=2, **options))),
        )
    ):
        monkeypatch.setenv("KDVIZ_STATE_DIR", str(tmp_path / str(number)))
        run()
        network, _ = teachers.kept(small("plain", **options).teacher_training(2))
        weights.append(torch.cat([p.flatten() for p in network.parameters()]))
    assert torch.equal(*weights)


def test_missing_data_ends_the_comparison_in_a_sentence(monkeypatch):
    def nothing(name):
        raise DataError("There is no MNIST.")

    monkeypatch.setattr(data, "load", nothing)
    with pytest.raises(DataError, match="There is no MNIST"):
        events(Comparison())


def test_a_damaged_teacher_is_trained_anew(own_state):
    path = teachers.kept_path(small().teacher_training(2))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    events(small())
    assert path.stat().st_size > 0
    assert path.with_name(f"{path.name}.damaged").read_bytes() == b""


# Learning.


@pytest.mark.usefixtures("mnist_teacher")
def test_one_epoch_of_the_default_methods_on_mnist():
    comparison = Comparison(methods=DEFAULT, epochs=1, teacher_epochs=2)
    said = events(comparison)
    (teacher,) = said[-1].teachers
    assert teacher.test_accuracy >= 0.95
    students = trials(said)
    assert [name for name, _ in students] == [*DEFAULT, CONTROL]
    for name, seed in students:
        assert students[name, seed].test_accuracy >= 0.91
        assert students[name, seed].agreement >= 0.92
        assert students[name, seed].nll < 0.4
    with_one_epoch, plain = students["earlier-self", 0], students["plain", 0]
    assert with_one_epoch.nll == plain.nll  # it has no epoch before
    assert students["offline", 0].agreement > plain.agreement
    assert all(
        summary.verdicts[measure].word == "no verdict" for summary in said[-1].summaries for measure in summary.verdicts
    )
