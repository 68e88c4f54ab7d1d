"""Who teaches best: said only where the seeds show it, against labels only and against the other families."""

import pytest

from kdviz.verdicts.comparison import summarise
from kdviz.widgets.comparison.best import best_teacher
from tests.samples import comparison_records as samples

PLAIN = (100, 104, 98)  # errors of 1,000 images, a seed each


def compared(*, offline, mutual, plain=PLAIN):
    made = {"plain": plain, "offline": offline, "mutual": mutual}
    trials = [samples.trial(method, seed, errors) for method, row in made.items() for seed, errors in enumerate(row)]
    like = samples.compared(samples.comparison(seeds=tuple(range(len(plain)))))
    return like.model_copy(update={"trials": trials, "summaries": summarise(trials)})


@pytest.mark.parametrize(
    ("offline", "mutual", "key", "says"),
    [
        ((60, 63, 59), (101, 102, 99), "offline", "No other way's interval reaches it"),
        ((101, 102, 99), (60, 63, 59), "online", "No other way's interval reaches it"),
        ((101, 102, 99), (99, 105, 98), "none", "None is shown to be better than labels only (three seeds)."),
        ((60, 63, 59), (61, 63, 60), "none", "their intervals overlap, so three seeds do not tell which is best"),
        ((140, 143, 139), (150, 155, 149), "none", "None is shown"),
    ],
)
def test_a_family_is_best_where_its_interval_lies_above_all_others(offline, mutual, key, says):
    told = best_teacher(compared(offline=offline, mutual=mutual))
    assert told["key"] == key
    assert says in told["says"]
    assert len(told["says"]) <= 300, "what the channel of a class takes"


def test_one_seed_has_no_verdict():
    told = best_teacher(compared(plain=(100,), offline=(50,), mutual=(90,)))
    assert told == {"key": "none", "says": "One seed has no verdict: the differences may be chance."}
