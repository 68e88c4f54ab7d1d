"""The right answers to the questions about a study: worked out from the result that is shown.

A check called `verdict-ARM` asks how the arm did against the one it is judged against; its answers are `better`,
`worse` and `none`. One called `best`, or `best-ANYTHING`, asks for the best arm on the main measure; its answers are
names of arms. All others have a rule here.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from kdviz.records.study import StudyResult

Rule = Callable[[StudyResult], str | None]  # the key of the right answer; None where this result does not say

_WORDS: Mapping[str, str] = {"better": "better", "worse": "worse", "no difference shown": "none"}


def _price(studied: StudyResult) -> str | None:
    """Whether raising the bias of the class left out costs errors on the others."""
    before, after = (studied.mean(arm, "errors_on_others") for arm in ("without", "corrected"))
    if before is None or after is None:
        return None
    return "others" if after.mean > before.mean else "neither"


def _agrees(studied: StudyResult) -> str | None:
    """Whether the taught student agrees more with its teacher than the one with labels only."""
    judgement = studied.judgement("taught", "agreement")
    answers = {"better": "more", "worse": "less", "no difference shown": "none"}
    return None if judgement is None else answers.get(judgement.verdict.word)


def _parts(studied: StudyResult, line: str) -> str | None:
    """At which widths the arms of a line are shown to differ from those they are judged against."""
    taught = [studied.judgement(arm.name) for arm in studied.recipe.chosen if arm.name.startswith(f"{line}-")]
    words = [_WORDS.get(judgement.verdict.word) for judgement in taught if judgement is not None]
    if not words or None in words:
        return None
    shown = [word != "none" for word in words]  # from the narrowest to the widest
    if all(shown) or not any(shown):
        return "all" if shown[0] else "none"
    return {True: "wide", False: "narrow"}[shown[-1]] if shown in (sorted(shown), sorted(shown)[::-1]) else None


# By study and check.
RULES: Mapping[tuple[str, str], Rule] = {
    ("all-labels", "agreement"): _agrees,
    ("left-out-class", "whose-errors"): _price,
    ("left-out-class", "no-test-labels"): lambda _: "promise",
    ("smallest-student", "parts"): partial(_parts, line="hot-one"),
    ("smallest-few-labels", "parts"): partial(_parts, line="taught"),
}


def right(studied: StudyResult, check: str, answers: Sequence[str]) -> str | None:
    """The key of the right answer; None where this result does not say."""
    rule, answer = RULES.get((studied.recipe.study, check)), None
    if rule is not None:
        answer = rule(studied)
    elif check.startswith("verdict-"):
        judgement = studied.judgement(check.removeprefix("verdict-"))
        answer = None if judgement is None else _WORDS.get(judgement.verdict.word)
    elif check.partition("-")[0] == "best":
        answer = _best(studied, answers)
    return answer if answer in answers else None


def _best(studied: StudyResult, answers: Sequence[str]) -> str | None:
    main = studied.recipe.facts.measures[0]
    means = {name: mean.mean for name in answers if (mean := studied.mean(name, main.name)) is not None}
    if len(means) < len(answers):
        return None
    return (min if main.better == "lower" else max)(means, key=means.__getitem__)
