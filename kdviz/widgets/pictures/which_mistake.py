"""The exercise of the lesson about mistakes: a real run with one of them in it, or with none; which is it?"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from kdviz.charts import mistakes as charts
from kdviz.recipes.study_facts.mistakes import ALPHA, MISTAKES, NOISY, RIGHT, TEMPERATURE, WRONG_LABELS
from kdviz.records.study import StudyResult
from kdviz.texts import course
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.pictures import mistakes

SERIES = 5  # so many found make the check
NONE = "none"
OPTIONS = 4
ROUND = "round"  # in the link
_DEAL = 20150309
_FOUND = "mistakes_found"


@dataclass(frozen=True)
class Round:
    """One run to judge."""

    number: int  # from 1
    hidden: str  # the mistake, or "none"
    wrong: str  # the arm that is shown
    right: str  # the arm behind it
    seeds: tuple[int, int]  # of both
    options: tuple[str, ...]  # in the order in which they stand

    @property
    def setting(self) -> str:
        """Under which conditions, as the text calls them."""
        if self.right.startswith(NOISY):
            return "labels-wrong"
        return "labels-right" if self.right == RIGHT else self.right


@dataclass
class Score:
    """What a visitor has found."""

    found: dict[int, bool]  # round, and whether it was found at the first answer
    missed: set[int]  # rounds with a wrong answer

    def answer(self, number: int, right: bool) -> None:
        """Count an answer; the first right one of a round stays."""
        if right:
            self.found.setdefault(number, number not in self.missed)
        else:
            self.missed.add(number)

    @property
    def first(self) -> int:
        """Found at the first answer."""
        return sum(self.found.values())


def deal(shown: StudyResult) -> list[Round]:
    """All rounds that a study's results allow, the same for the same study; the first ones hide different things."""
    seeds = shown.recipe.seeds
    there = {arm.arm for arm in shown.finished}
    pairs = [
        (each.name, prefix + each.name, prefix + each.against)
        for each in MISTAKES.values()
        if each.name in mistakes.TELLING
        for prefix in (("", NOISY) if each.noisy else ("",))
    ]
    if len(seeds) > 1:
        pairs += [(NONE, name, name) for name in (RIGHT, NOISY + RIGHT, "dropout-student", "dropout-teacher")]
    pairs = [pair for pair in pairs if {pair[1], pair[2]} <= there]
    dice = random.Random(_DEAL)
    dice.shuffle(pairs)
    turns: dict[str, int] = {}
    ranked = []
    for pair in pairs:  # first one of each kind, then the second ones
        turns[pair[0]] = turns.get(pair[0], 0) + 1
        ranked.append((turns[pair[0]], pair))
    ranked.sort(key=lambda each: each[0])
    return [_round(number, *pair, seeds, dice) for number, (_, pair) in enumerate(ranked, 1)]


def _round(number: int, hidden: str, wrong: str, right: str, seeds: Sequence[int], dice: random.Random) -> Round:
    seed = seeds[number % len(seeds)]
    other = seeds[(number + 1) % len(seeds)] if hidden == NONE else seed
    others = [name for name in mistakes.TELLING if name != hidden]
    count = OPTIONS - (1 if hidden == NONE else 2)
    options = {hidden, NONE, *dice.sample(others, count)}
    order = tuple(name for name in (*mistakes.TELLING, NONE) if name in options)
    return Round(number, hidden, wrong, right, (seed, other), order)


def show(here: LessonPage, shown: StudyResult) -> None:
    """The exercise with its check: a run, the answers, what gives it away, the score."""
    rounds = deal(shown)
    series = min(SERIES, len(rounds))
    if not rounds:
        return
    here.text("exercise", series=series)
    score = st.session_state.setdefault(_FOUND, Score({}, set()))
    now = rounds[_number(len(rounds)) - 1]
    arms = {arm.arm: arm for arm in shown.finished}
    wrong, right = arms[now.wrong], arms[now.right]
    here.say(
        "exercise-setting",
        round=now.number,
        setting=here.sentence(f"setting-{now.setting}", **_wrong_labels(now)),
        temperature=f"{TEMPERATURE:g}",
        alpha=f"{ALPHA:g}",
        seed=now.seeds[0],
    )
    given = st.session_state.get(_key(now))
    telling = mistakes.TELLING.get(now.hidden, ()) if given == now.hidden else ()
    most = charts.most_soft(shown.finished)
    mistakes.panels(
        here, wrong, right, shown.recipe.data, most, telling, seeds=now.seeds, legend="legend-question", key="which_"
    )
    answers, way = st.columns([3, 1], vertical_alignment="top")
    with answers:
        given = st.radio(here.word("which"), now.options, index=None, key=_key(now), format_func=here.word)
    with way:
        st.button(
            here.word("next"),
            icon=":material/skip_next:",
            on_click=_go,
            args=(now.number % len(rounds) + 1,),
            key="next_run",
        )
    if given is not None:
        score.answer(now.number, given == now.hidden)
        _feedback(here, now, given, mistakes.places(wrong, right, now.seeds))
    st.caption(here.sentence("score", found=len(score.found), first=score.first))


def check(here: LessonPage) -> None:
    """The exercise as a check of the course: solved when enough is found."""
    score: Score | None = st.session_state.get(_FOUND)
    found, first = (0, 0) if score is None else (len(score.found), score.first)
    solved = "right" if found >= SERIES else "begun" if score is not None and (found or score.missed) else None
    here.moved("series", solved, series=SERIES, found=found, first=first)


def _feedback(here: LessonPage, now: Round, given: str, places: dict[str, str]) -> None:
    if given == now.hidden:
        st.success(here.sentence(f"look-{given}", **places), icon=":material/check:")
        return
    where = here.word(mistakes.TELLING.get(now.hidden, ("loss_kd",))[0])
    told = here.sentence(f"not-{given}", **places, **({"where": where} if given == NONE else {}))
    st.info(f"{course.words().word('not-quite')} {told}", icon=":material/arrow_back:")


def _wrong_labels(now: Round) -> dict[str, object]:
    return {"wrong": WRONG_LABELS} if now.setting == "labels-wrong" else {}


def _key(now: Round) -> str:
    return f"which_mistake_{now.number}"


def _go(number: int) -> None:
    st.query_params[ROUND] = str(number)


def _number(rounds: int) -> int:
    """The round of the link; what is none is said and passed over."""
    text = st.query_params.get(ROUND, "1")
    if text.isdecimal() and text.isascii() and 1 <= int(text) <= rounds:
        return int(text)
    st.warning(f"{ROUND} is {text}; it takes a whole number from 1 to {rounds}. Shown is the first.")
    return 1
