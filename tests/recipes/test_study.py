"""A study's recipe, its facts, and what its seeds allow to say; the real engine is met in test_lab.py."""

import math
from dataclasses import replace

import pytest
from scipy.stats import binomtest

from kdviz.recipes.base import RecipeError
from kdviz.recipes.study import STUDIES, Study
from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts
from kdviz.records.kinds import ENDINGS, RECIPES, kind_name
from kdviz.records.study import FinishedArm, Row
from kdviz.verdicts.intervals import binomial_interval
from kdviz.verdicts.study import judge, summarise
from tests.samples.fake_studies import FEW, studied

every_study = pytest.mark.parametrize("facts", STUDIES.values(), ids=list(STUDIES))
TINY = StudyFacts(
    name="tiny",
    title="Tiny",
    question="Is it?",
    trainer="none:none",
    arms=(Arm("plain", "plain", role="label"), Arm("taught", "taught", against="plain"), Arm("free", "free")),
    measures=(
        Measure("errors", "errors", kind="count", better="lower"),
        Measure("loss", "loss", kind="number", better="lower", unit="nats"),
        Measure("bias", "bias", kind="number", better=""),
    ),
    data_sets=("digits",),
)


@pytest.fixture
def tiny(monkeypatch):
    """A study with counts, of this test alone."""
    monkeypatch.setattr("kdviz.recipes.study.STUDIES", {"tiny": TINY})
    return lambda **values: Study.of("tiny", "digits", **values)


def arms(study, figures):
    """Finished arms from their figures by arm and measure, a list over the seeds."""
    return [
        FinishedArm(
            arm=name,
            rows=[
                Row(arm=name, seed=seed, figures={measure: values[at] for measure, values in of_arm.items()})
                for at, seed in enumerate(study.seeds)
            ],
            curves=[],
            seconds=1.0,
        )
        for name, of_arm in figures.items()
    ]


def test_a_study_is_found_again_in_json_and_by_its_id():
    assert RECIPES.validate_json(FEW.model_dump_json()) == FEW
    assert kind_name(FEW) == "lesson"
    end = studied(FEW)
    assert ENDINGS.validate_json(end.model_dump_json()) == end


def test_equal_questions_have_one_id_however_they_are_asked():
    whole = Study.of("few-labels", "digits")
    named = Study.of("few-labels", "digits", arms=[arm.name for arm in whole.chosen])
    assert named.id == whole.id
    assert FEW.id == Study.of("few-labels", "digits", seeds="3-4", arms="own-20,all-20,labels-20").id
    others = [
        Study.of("few-labels", "digits", seeds="0-3"),
        Study.of("few-labels", "digits", quick=True),
        Study.of("few-labels", "mnist"),
        FEW,
    ]
    assert len({study.id for study in (whole, *others)}) == 5


def test_studies_of_before_stay_what_they_were_and_new_ones_end_with_small_steps():
    before = {"study": "few-labels", "data": "mnist", "seeds": (0, 1, 2, 3, 4), "quick": False, "arms": ()}
    old, new = Study.parse(before), Study.of("few-labels")
    assert (old.schedule, old.id) == (None, "3d4d72190adc")
    assert old.model_dump(mode="json").keys() == before.keys()
    assert (new.schedule, new.usual) == ("one-cycle", new)
    assert Study.model_validate_json(new.model_dump_json()) == new
    assert Study.of("noise-payoff").schedule is None, "its question is about the rate"


def test_an_arm_brings_whom_it_is_judged_against():
    assert [arm.name for arm in FEW.chosen] == ["labels-20", "all-20", "own-20"]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"study": "nix"}, "it takes one of"),
        ({"study": "few-labels", "data": "nix"}, "data is nix"),
        ({"study": "few-labels", "data": "usps"}, "few-labels takes one of mnist, digits"),
        ({"study": "few-labels", "seeds": "x"}, "seeds is x"),
        ({"study": "few-labels", "arms": "nix"}, "arms has nix; few-labels takes some of"),
        ({"study": "few-labels", "arms": "all-20", "quick": True}, "arms has all-20"),
        ({"study": "few-labels", "nix": 1}, "There is no option nix"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(values, says):
    with pytest.raises(RecipeError, match=says):
        Study.parse(values)


@every_study
def test_facts_are_whole(facts):
    names = [arm.name for arm in facts.arms]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and " " not in name and "," not in name for name in names)
    assert len({arm.title for arm in facts.arms}) == len(names), "titles tell arms apart"
    assert facts.measures
    for data in facts.data_sets:
        for quick in (False, True):
            there = {arm.name for arm in facts.arms_of(data, quick=quick)}
            assert there
            against = {arm.against for arm in facts.arms_of(data, quick=quick) if arm.against}
            assert against <= there, "who is judged against somebody who is not trained"


def test_counts_of_one_seed_have_exact_intervals():
    low, high = binomial_interval(74, 10_000)
    exact = binomtest(74, 10_000).proportion_ci()
    assert (low, high) == pytest.approx((10_000 * exact.low, 10_000 * exact.high))
    assert [round(end) for end in binomial_interval(4730, 10_000)] == [4632, 4828], "Poisson’s would be 4596 to 4867"
    assert (binomial_interval(0, 360)[0], binomial_interval(360, 360)[1]) == (0, 360)


def test_one_seed_has_counts_with_intervals_and_no_verdicts(tiny):
    study = tiny(seeds=(0,))
    done = arms(
        study,
        {"plain": {"errors": [146.0], "test_images": [10_000]}, "taught": {"errors": [74.0], "test_images": [10_000]}},
    )
    plain, taught = summarise(study, done)
    assert plain.means["errors"].low == pytest.approx(123.4, abs=0.1)
    assert (taught.means["errors"].low, taught.means["errors"].high) == pytest.approx(binomial_interval(74, 10_000))
    assert [each.verdict.word for each in judge(study, done)] == ["no verdict"]


def test_a_share_of_some_images_is_rounded_to_one_of_these():
    study = Study.of("teacher-quality", "digits", arms="part-best")
    none = {
        "test_accuracy": [0.6] * 5,
        "unseen_accuracy": [0.0] * 5,
        "test_images": [360] * 5,
        "unseen_images": [90] * 5,
    }
    done = arms(study, {arm.name: none for arm in study.chosen})
    found = {each.measure: each.verdict for each in judge(study, done)}
    assert found["unseen_accuracy"].high == pytest.approx(4 * found["test_accuracy"].high)
    assert found["test_accuracy"].high > 0


def test_fewer_errors_are_better_seed_by_seed(tiny):
    study = tiny(seeds="0-4")
    plain = [100.0, 140.0, 90.0, 120.0, 110.0]
    done = arms(
        study,
        {
            "plain": {"errors": plain, "loss": [1.0] * 5, "bias": [0.0] * 5},
            "taught": {"errors": [each - 20 for each in plain], "loss": [1.0, 0.9, 1.1, 1.2, 0.8], "bias": [1.0] * 5},
        },
    )
    found = {each.measure: each for each in judge(study, done)}
    assert set(found) == {"errors", "loss"}, "what is neither better nor worse has no verdict"
    assert found["errors"].verdict.word == "better"
    assert found["errors"].verdict.difference == -20
    assert found["loss"].verdict.word == "no difference shown"


def test_a_pair_that_can_have_no_verdict_widens_no_others_interval(tiny, monkeypatch):
    """Hinton's table has rows with one network each, and rows with five."""
    alone = Arm("alone", "alone", against="plain")
    monkeypatch.setattr("kdviz.recipes.study.STUDIES", {"tiny": replace(TINY, arms=(*TINY.arms, alone))})
    study = Study.of("tiny", "digits", seeds="0-2")
    figures = {"plain": {"errors": [10.0, 12.0, 11.0]}, "taught": {"errors": [8.0, 11.0, 8.0]}}
    both = arms(study, figures)
    one_seed = arms(study, {"alone": {"errors": [5.0, 5.0, 5.0]}})[0]
    one_seed = one_seed.model_copy(update={"rows": one_seed.rows[:1]})
    taught, single = judge(study, [*both, one_seed])
    assert single.verdict.word == "no verdict"
    assert taught == judge(study, both)[0]
    whole = arms(study, {"alone": {"errors": [5.0, 5.0, 5.0]}})
    wider = judge(study, [*both, *whole])[0].verdict
    assert wider.high - wider.low > taught.verdict.high - taught.verdict.low, (
        "three seeds have one, and take their share"
    )


def test_an_interval_of_a_count_never_goes_below_nothing(tiny):
    study = tiny(seeds="0-1")
    (summary,) = summarise(study, arms(study, {"plain": {"errors": [0.0, 9.0]}}))
    assert summary.means["errors"].low == 0


def test_an_arm_that_was_not_trained_is_judged_by_nobody(tiny):
    study = tiny(seeds="0-1")
    assert judge(study, arms(study, {"taught": {"errors": [1.0, 2.0]}})) == []


def test_a_diverged_arm_is_worse_and_has_no_mean(tiny):
    study = tiny(seeds="0-1")
    done = arms(study, {"plain": {"errors": [5.0, 6.0]}, "taught": {"errors": [math.nan, 7.0]}})
    assert math.isnan(summarise(study, done)[1].means["errors"].mean)
    assert judge(study, done)[0].verdict.word == "worse"
