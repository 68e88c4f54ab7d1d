"""The lesson about mistakes: the switch, the curves with and without the mistake, and what they come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import streamlit as st

from kdviz.charts import mistakes as charts
from kdviz.charts.curves import SeedCurve, seed_curve
from kdviz.jobs.queue import Jobs
from kdviz.recipes.catalogue import CLASSES
from kdviz.recipes.study import Study
from kdviz.recipes.study_facts.mistakes import (
    FACTS,
    FRESH,
    MISTAKES,
    NOISY,
    RIGHT,
    TEMPERATURE,
    TRACES,
    WRONG_LABELS,
    Mistake,
)
from kdviz.records.study import FinishedArm, StudyResult
from kdviz.reports.phrases import percent
from kdviz.store.recorded import recorded
from kdviz.store.run import Run
from kdviz.widgets import link, page, server
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.study import live as running_study
from kdviz.widgets.study import words as study_words

STUDY = FACTS.name
ALL_RIGHT, SOME_WRONG = "right", "wrong"
PICKED = "test-picked"
TELLING: Mapping[str, tuple[str, ...]] = {
    "no-t2": ("loss_kd", "gradient_share_kd"),
    "mean-classes": ("loss_kd", "gradient_share_kd"),
    "no-log": ("loss_kd", "loss_ce"),
    "positions": ("loss_kd", "agreement"),
    "same-object": ("loss_kd", "gradient_share_kd"),
    "teacher-training": ("loss_kd",),
    "student-eval": ("training_accuracy",),
}
Arms = Mapping[str, FinishedArm]


@dataclass(frozen=True)
class ChosenMistake:
    """What the switches say."""

    mistake: Mistake
    noisy: bool

    @property
    def wrong(self) -> str:
        """The arm with the mistake."""
        return (NOISY if self.noisy else "") + self.mistake.name

    @property
    def right(self) -> str:
        """The arm without it."""
        return (NOISY if self.noisy else "") + self.mistake.against


def choose(here: LessonPage) -> ChosenMistake:
    """The switches; both are in the URL."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="controls"):
        name = link.switch(
            "mistake", here.word("mistake"), {each: here.word(each) for each in MISTAKES}, label_visibility="collapsed"
        )
        noisy = False
        if MISTAKES[name].noisy:
            some = here.sentence("labels-wrong", wrong=WRONG_LABELS)
            words = {ALL_RIGHT: here.word("labels-right"), SOME_WRONG: some}
            noisy = link.switch("labels", here.word("labels"), words, label_visibility="collapsed") == SOME_WRONG
    return ChosenMistake(MISTAKES[name], noisy)


def picture(here: LessonPage, chosen: ChosenMistake, shown: StudyResult) -> None:
    """The chosen mistake in a finished study: what to look at, the curves, and the figures on the test images."""
    arms = {arm.arm: arm for arm in shown.finished}
    if curves(here, chosen, arms, shown.recipe):
        accuracy(here, chosen, shown)
        figures(here, chosen, shown)
    explained(here, chosen.mistake)


def curves(here: LessonPage, chosen: ChosenMistake, arms: Arms, study: Study) -> bool:
    """What to look at, and the curves of the mistake over those without it; False where they are not trained."""
    if chosen.wrong not in arms or chosen.right not in arms:
        here.say("missing")
        return False
    wrong, right = arms[chosen.wrong], arms[chosen.right]
    here.say(f"look-{chosen.mistake.name}", **places(wrong, right))
    if chosen.mistake.name == PICKED:
        _picked(here, wrong, right)
    else:
        panels(here, wrong, right, study.data, charts.most_soft(list(arms.values())), TELLING[chosen.mistake.name])
    return True


def panels(
    here: LessonPage,
    wrong: FinishedArm,
    right: FinishedArm,
    data: str,
    most_soft: float,
    telling: Sequence[str],
    *,
    legend: str = "legend-wrong",
    seeds: tuple[int | None, int | None] = (None, None),
    key: str = "",
) -> None:
    """Six small charts; those that give the mistake away say so. `seeds` of the mistake and of the right run."""
    colours = page.colours()
    st.caption(f"{here.word(legend)} · {here.word('legend-right')}")
    names = here.word("as-it-should-be"), here.word("with-the-mistake")
    of_term = {"loss_kd": colours.teacher, "gradient_share_kd": colours.teacher, "loss_ce": colours.label}
    for begin in range(0, len(TRACES), 3):
        for column, name in zip(st.columns(3, gap="medium"), TRACES[begin : begin + 3], strict=True):
            seen, usual = seed_curve(wrong, name, seeds[0]), seed_curve(right, name, seeds[1])
            axis = charts.axis_of(name, (seen, usual), data, most_soft)
            colour = of_term.get(name, colours.student)
            title = here.word(name)
            spec = charts.panel_spec(
                axis,
                max((*seen.x, *usual.x)),
                colour,
                colours,
                names,
                f"{title} ← {here.word('look-here')}" if name in telling else title,
                telling=name in telling,
            )
            alt = f"{title}: {_number(seen.last)}, {names[0]} {_number(usual.last)}"
            column.vega_lite_chart(charts.frame(seen, usual), spec, key=f"panel_{key}{name}", alt=alt)


def _picked(here: LessonPage, test: FinishedArm, validation: FinishedArm) -> None:
    """Accuracy of the network that was picked over the number of tries."""
    names = [here.word(word) for word in ("reported", "fresh", "honest")]
    colours = page.colours()
    marks = (
        f'<b style="color:{colours.student}">━</b> {names[0]}',
        f'<b style="color:{colours.student}">┅</b> {names[1]}',
        f'<b style="color:{colours.label}">━</b> {names[2]}',
    )
    st.html(f'<p style="font-size:14px;margin:0">{" · ".join(marks)}</p>')
    shown = charts.picked_frame(test, validation, names)
    reported, fresh = (percent(seed_curve(test, name).last, 2) for name in ("reported", FRESH))
    alt = f"{names[0]}: {reported}; {names[1]}: {fresh}"
    st.vega_lite_chart(
        shown, charts.picked_spec(shown, names, here.word("tries"), colours), key="panel_picked", alt=alt
    )


def accuracy(here: LessonPage, chosen: ChosenMistake, shown: StudyResult) -> None:
    """One sentence about the accuracy, with its verdict."""
    judgement = shown.judgement(chosen.wrong)
    if chosen.mistake.name == PICKED or judgement is None:
        return
    if len(shown.recipe.seeds) == 1:
        here.say("no-verdict")
        return
    both = [_mean(shown.arm(name), "test_accuracy") for name in (chosen.wrong, chosen.right)]
    here.say(
        "accuracy", accuracy=percent(both[0], 1), right_accuracy=percent(both[1], 1), verdict=judgement.verdict.word
    )


def figures(here: LessonPage, chosen: ChosenMistake, shown: StudyResult) -> None:
    """The measures of both arms with intervals and verdicts."""
    wrong, right = shown.summary(chosen.wrong), shown.summary(chosen.right)
    if wrong is None or right is None:
        return
    rows = []
    for measure in FACTS.measures:
        if measure.name not in wrong.means or measure.name not in right.means:
            continue
        judgement = shown.judgement(chosen.wrong, measure.name)
        levels = [study_words.level(measure, each.means[measure.name]) for each in (right, wrong)]
        title = measure.title[0].upper() + measure.title[1:]
        rows.append(f"| {title} | {levels[0]} | {levels[1]} | {judgement.verdict.word if judgement else '–'} |")
    heads = (here.word(word) for word in ("measured", "as-it-should-be", "with-the-mistake", "verdict"))
    with st.container(key="compared"):
        st.markdown("\n".join([f"| {' | '.join(heads)} |", "|---|---|---|---|", *rows]))


def so_far(here: LessonPage, chosen: ChosenMistake) -> None:
    """While no study is finished: the curves of the arms that are, else those of the recorded run."""
    run_id, jobs = st.query_params.get("run"), server.jobs()
    run = None if run_id is None else jobs.get(run_id)
    if run is not None and run.live and isinstance(run.recipe, Study) and run.recipe.study == STUDY:
        st.fragment(_growing, run_every=2.0)(here, chosen, jobs, run)
        return
    before = recorded(STUDY)
    if before is None:
        here.say("nothing-yet")
        explained(here, chosen.mistake)
    else:
        picture(here, chosen, before)


def _growing(here: LessonPage, chosen: ChosenMistake, jobs: Jobs, run: Run) -> None:
    assert isinstance(run.recipe, Study)
    done = {arm.arm: arm for arm in running_study.finished_arms(run.recipe, jobs.events(run.id))}
    if {chosen.wrong, chosen.right} <= done.keys():
        st.caption(here.sentence("so-far"))
        curves(here, chosen, done, run.recipe)
        explained(here, chosen.mistake)
    elif (before := recorded(STUDY)) is not None:
        picture(here, chosen, before)
    else:
        explained(here, chosen.mistake)


def explained(here: LessonPage, mistake: Mistake) -> None:
    """The lines of a program that make the mistake, why, where it was seen, and the gradient that comes of it."""
    name = mistake.name
    words, formulas = st.columns([5, 4], gap="large")
    with words:
        st.subheader(mistake.title, anchor=False)
        fenced = here.lesson.say(f"program-{name}").markdown  # not `here.say`: these lines wrap
        st.code(fenced.removeprefix("```diff\n").removesuffix("\n```"), language="diff", wrap_lines=True)
        here.text(f"about-{name}")
    with formulas:
        here.text("formulas")
        if name not in ("student-eval", PICKED):
            here.formula("right")
        here.formula(name)


def places(
    wrong: FinishedArm, right: FinishedArm, seeds: tuple[int | None, int | None] = (None, None)
) -> dict[str, str]:
    """The figures of both runs for sentences, of all seeds or of one each; what a run has not measured is a dash."""
    found: dict[str, str] = {
        "t2": f"{TEMPERATURE**2:g}",
        "classes": f"{CLASSES}",
    }
    for prefix, arm, seed in (("", wrong, seeds[0]), ("right_", right, seeds[1])):
        along = {name: seed_curve(arm, name, seed) for name in TRACES}
        found |= {
            f"{prefix}first_soft": _first(along["loss_kd"]),
            f"{prefix}last_soft": _last(along["loss_kd"]),
            f"{prefix}last_hard": _last(along["loss_ce"]),
            f"{prefix}share": _percent(fmean(along["gradient_share_kd"].mean or (0.0,))),
            f"{prefix}validation": _percent_last(along["validation_accuracy"]),
            f"{prefix}training": _percent_last(along["training_accuracy"]),
            f"{prefix}agreement": _percent_last(along["agreement"]),
        }
    first, usual = (seed_curve(arm, "loss_kd", seed) for arm, seed in ((wrong, seeds[0]), (right, seeds[1])))
    apart = usual.first / first.first if first.x and usual.x and first.first > 0 else None
    reported, fresh = _mean(wrong, "test_accuracy"), _mean(wrong, FRESH)
    return found | {
        "times": "–" if apart is None else f"{apart:.2g}" if apart < 100 else f"{apart:.0f}",
        "misplaced": percent(_mean(wrong, "misplaced"), 1),
        "changed": percent(_mean(wrong, "changed"), 0),
        "tries": f"{_mean(wrong, 'tries'):.0f}",
        "reported": percent(reported, 2),
        "fresh": percent(fresh, 2),
        "gap": f"{100 * (reported - fresh):.2f}",
        "honest": percent(_mean(right, "test_accuracy"), 2),
        "honest_fresh": percent(_mean(right, FRESH), 2),
    }


def teacher_needed(here: LessonPage, shown: StudyResult) -> None:
    """How much the teacher is worth with right and with wrong labels, where both were trained."""
    names = {"clean": RIGHT, "noisy": NOISY + RIGHT, "clean_alone": "same-object", "noisy_alone": NOISY + "same-object"}
    arms = {place: shown.arm(name) for place, name in names.items()}
    if all(arm is not None for arm in arms.values()):
        told = {place: percent(_mean(arm, "test_accuracy"), 1) for place, arm in arms.items()}
        here.say("teacher-needed", wrong=WRONG_LABELS, **told)


def _mean(arm: FinishedArm | None, figure: str) -> float:
    values = [] if arm is None else [row.figures[figure] for row in arm.rows if figure in row.figures]
    return fmean(values) if values else 0.0


def _number(value: float) -> str:
    """Three digits that count, with a proper minus."""
    return f"{value:.3g}".replace("-", "−")


def _first(along: SeedCurve) -> str:
    return _number(along.first) if along.x else "–"


def _last(along: SeedCurve) -> str:
    return _number(along.last) if along.x else "–"


def _percent(share: float) -> str:
    return percent(share, 0)


def _percent_last(along: SeedCurve) -> str:
    return percent(along.last, 1) if along.x else "–"
