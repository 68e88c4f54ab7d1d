"""The exercise of the lesson about mistakes: a real run with one of them in it, or with none; which is it?"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from kdviz.charts import mistakes as charts
from kdviz.recipes.study_facts.mistakes import ALPHA, MISTAKES, NOISY, RIGHT, TEMPERATURE, WRONG_LABELS
from kdviz.records.study import StudyResult
from kdviz.texts import course
from kdviz.widgets import link
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.pictures import mistakes

SERIES = 5  # so many found make the check
NONE = "none"
OPTIONS = 4
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
    pairs = [
        (mistake.name, prefix + mistake.name, prefix + mistake.against)
        for mistake in MISTAKES.values()
        if mistake.name in mistakes.TELLING
        for prefix in (("", NOISY) if mistake.noisy else ("",))
    ]
    if len(seeds) > 1:
        right = (RIGHT, NOISY + RIGHT, "shifted", "dropout-student", "dropout-teacher")
        pairs += [(NONE, name, name) for name in right]
    trained = {arm.arm for arm in shown.finished}
    pairs = [pair for pair in pairs if {*pair[1:]} <= trained]
    dice = random.Random(_DEAL)
    dice.shuffle(pairs)
    hidden = [pair[0] for pair in pairs]
    turns = sorted(range(len(pairs)), key=lambda at: hidden[:at].count(hidden[at]))  # one of each kind, then the second
    return [_round(number, *pairs[at], seeds, dice) for number, at in enumerate(turns, 1)]


def _round(number: int, hidden: str, wrong: str, right: str, seeds: Sequence[int], dice: random.Random) -> Round:
    seed = seeds[number % len(seeds)]
    other = seeds[(number + 1) % len(seeds)] if hidden == NONE else seed
    others = [name for name in mistakes.TELLING if name != hidden]
    options = {hidden, NONE, *dice.sample(others, OPTIONS - len({hidden, NONE}))}
    order = tuple(name for name in (*mistakes.TELLING, NONE) if name in options)
    return Round(number, hidden, wrong, right, (seed, other), order)


def show(here: LessonPage, shown: StudyResult) -> None:
    """The exercise with its check: a run, the answers, what gives it away, the score."""
    rounds = deal(shown)
    if not rounds:
        return
    here.text("exercise", series=min(SERIES, len(rounds)))
    score = st.session_state.setdefault(_FOUND, Score({}, set()))
    now = rounds[link.whole("round", len(rounds)) - 1]
    arms = {arm.arm: arm for arm in shown.finished}
    wrong, right = arms[now.wrong], arms[now.right]
    setting = "labels-wrong" if now.right.startswith(NOISY) else "labels-right" if now.right == RIGHT else now.right
    here.say(
        "exercise-setting",
        round=now.number,
        setting=here.sentence(f"setting-{setting}", wrong=WRONG_LABELS),
        temperature=f"{TEMPERATURE:g}",
        alpha=f"{ALPHA:g}",
        seed=now.seeds[0],
    )
    key = f"which_mistake_{now.number}"
    telling = mistakes.TELLING.get(now.hidden, ()) if st.session_state.get(key) == now.hidden else ()
    most = charts.most_soft(shown.finished)
    mistakes.panels(
        here, wrong, right, shown.recipe.data, most, telling, seeds=now.seeds, legend="legend-question", key="which_"
    )
    answers, way = st.columns([3, 1], vertical_alignment="top")
    with answers:
        given = st.radio(here.word("which"), now.options, index=None, key=key, format_func=here.word)
    following = str(now.number % len(rounds) + 1)
    way.button(
        here.word("next"), icon=":material/skip_next:", on_click=link.write, args=("round", following), key="next_run"
    )
    if given is not None:
        score.answer(now.number, given == now.hidden)
        _feedback(here, now, given, mistakes.places(wrong, right, now.seeds))
    st.caption(here.sentence("score", found=len(score.found), first=score.first))


def check(here: LessonPage) -> None:
    """The exercise as a check of the course: solved when enough is found."""
    score: Score = st.session_state.get(_FOUND, Score({}, set()))
    solved = "right" if len(score.found) >= SERIES else "begun" if score.found or score.missed else None
    here.moved("series", solved, series=SERIES, found=len(score.found), first=score.first)


def _feedback(here: LessonPage, now: Round, given: str, places: dict[str, str]) -> None:
    if given == now.hidden:
        st.success(here.sentence(f"look-{given}", **places), icon=":material/check:")
        return
    where = here.word(mistakes.TELLING.get(now.hidden, ("loss_kd",))[0])
    explanation = here.sentence(f"not-{given}", where=where, **places)
    st.info(f"{course.words().word('not-quite')} {explanation}", icon=":material/arrow_back:")
