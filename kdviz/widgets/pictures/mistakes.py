"""The lesson about mistakes: the switch, the curves with and without the mistake, and what they come to."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import chain
from statistics import fmean

import streamlit as st

from kdviz.charts import mistakes as charts
from kdviz.charts.curves import seed_curve
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
from kdviz.reports.study import values_of
from kdviz.store.recorded import recorded
from kdviz.widgets import link, page, run_status, server, stage, turns
from kdviz.widgets.lesson import LessonPage
from kdviz.widgets.study import live as running_study
from kdviz.widgets.study import words as study_words

STUDY = FACTS.name
PICKED = "test-picked"
TELLING: Mapping[str, tuple[str, ...]] = {
    "no-t2": ("loss_kd", "gradient_share_kd"),
    "mean-classes": ("loss_kd", "gradient_share_kd"),
    "no-log": ("loss_kd", "loss_ce"),
    "argmax": ("loss_kd", "loss_ce"),
    "positions": ("loss_kd", "agreement"),
    "other-view": ("loss_kd",),
    "same-object": ("loss_kd", "gradient_share_kd"),
    "teacher-training": ("loss_kd",),
    "student-eval": ("training_accuracy",),
}
WEAKER = ("no-t2", "mean-classes")  # the right loss with a smaller weight
Seeds = tuple[int | None, int | None]  # of the run with the mistake and of the right one; None: all


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
        names = {name: here.word(name) for name in MISTAKES}
        mistake = MISTAKES[link.switch("mistake", here.word("mistake"), names, label_visibility="collapsed")]
        labels = {"right": here.word("labels-right"), "wrong": here.sentence("labels-wrong", wrong=WRONG_LABELS)}
        noisy = mistake.noisy and (
            link.switch("labels", here.word("labels"), labels, label_visibility="collapsed") == "wrong"
        )
    return ChosenMistake(mistake, noisy)


def picture(here: LessonPage, chosen: ChosenMistake, shown: StudyResult) -> None:
    """The chosen mistake in a finished study: what to look at, the curves, and the figures on the test images."""
    with stage.picture(here):
        drawn = curves(here, chosen, shown.finished, shown.recipe.data)
    if drawn:
        accuracy(here, chosen, shown)
        figures(here, chosen, shown)
    explained(here, chosen.mistake)


def curves(here: LessonPage, chosen: ChosenMistake, finished: Sequence[FinishedArm], data: str) -> bool:
    """What to look at, and the curves of the mistake over those without it; False where they are not trained."""
    arms = {arm.arm: arm for arm in finished}
    if not {chosen.wrong, chosen.right} <= arms.keys():
        here.say("missing")
        return False
    wrong, right = arms[chosen.wrong], arms[chosen.right]
    here.say(f"look-{chosen.mistake.name}", **places(wrong, right))
    if chosen.mistake.name == PICKED:
        _picked(here, wrong, right)
    else:
        title = here.word(chosen.mistake.name)
        panels(here, wrong, right, data, charts.most_soft(finished), TELLING[chosen.mistake.name], title=title)
    return True


def panels(
    here: LessonPage,
    wrong: FinishedArm,
    right: FinishedArm,
    data: str,
    most_soft: float,
    telling: Sequence[str],
    *,
    title: str = "",
    legend: str = "legend-wrong",
    seeds: Seeds = (None, None),
    key: str = "",
) -> None:
    """Six small charts; those that give the mistake away say so. `title` is the mistake's, for the stage.

    `seeds` of the mistake and of the right run.
    """
    colours = page.colours()
    key_of_lines = f"{here.word(legend)} · {here.word('legend-right')}"
    named = f"<b>{escape(title)}</b> · " if title and link.on_stage() else ""  # its switch is not on the stage
    st.html(f'<p class="kd-caption kd-on-stage">{named}{escape(key_of_lines)}</p>')
    names = here.word("as-it-should-be"), here.word("with-the-mistake")
    look_here = "" if link.on_stage() else f" ← {here.word('look-here')}"  # its title is long enough there
    of_term = {"loss_kd": colours.teacher, "gradient_share_kd": colours.teacher, "loss_ce": colours.label}
    with st.container(key=f"panels_{key}"):
        rows = [st.columns(3, gap="medium") for _ in range(0, len(TRACES), 3)]
    for column, name in zip(chain.from_iterable(rows), TRACES, strict=True):
        seen, usual = seed_curve(wrong, name, seeds[0]), seed_curve(right, name, seeds[1])
        caption = here.word(name)
        spec = charts.panel_spec(
            charts.axis_of(name, (seen, usual), data, most_soft),
            max((*seen.x, *usual.x)),
            of_term.get(name, colours.student),
            colours,
            names,
            f"{caption}{look_here}" if name in telling else caption,
            telling=name in telling,
        )
        alt = f"{caption}: {_number(seen.mean[-1])}, {names[0]} {_number(usual.mean[-1])}"
        chart = f"panel_{key}{name}"
        # On a small stage those that tell are shown alone: a style sheet finds them by their key.
        with column, st.container(key=f"telling_{chart}") if name in telling else nullcontext():
            st.vega_lite_chart(charts.rows(seen, usual), spec, key=chart, alt=alt)


def _picked(here: LessonPage, test: FinishedArm, validation: FinishedArm) -> None:
    """Accuracy of the network that was picked over the number of tries."""
    names = [here.word(word) for word in ("reported", "fresh", "honest")]
    colours = page.colours()
    lines = zip((colours.student, colours.student, colours.label), "━┅━", names, strict=True)
    marks = " · ".join(f'<b style="color:{colour}">{line}</b> {name}' for colour, line, name in lines)
    st.html(f'<p class="kd-caption kd-on-stage">{marks}</p>')
    frame = charts.picked_frame(test, validation, names)
    reported, fresh = (percent(seed_curve(test, name).mean[-1], 2) for name in ("reported", FRESH))
    spec = charts.picked_spec(frame, names, here.word("tries"), colours)
    st.vega_lite_chart(frame, spec, key="panel_picked", alt=f"{names[0]}: {reported}; {names[1]}: {fresh}")


def accuracy(here: LessonPage, chosen: ChosenMistake, shown: StudyResult) -> None:
    """One sentence about the accuracy, with its verdict."""
    judgement = shown.judgement(chosen.wrong)
    if chosen.mistake.name == PICKED or judgement is None:
        return
    if len(shown.recipe.seeds) == 1:
        here.say("no-verdict")
        return
    wrong, right = (percent(_mean(shown.arm(name), "test_accuracy"), 1) for name in (chosen.wrong, chosen.right))
    here.say("accuracy", accuracy=wrong, right_accuracy=right, verdict=study_words.word(shown, judgement))
    arm, usual = shown.arm(chosen.wrong), shown.arm(chosen.right)
    if judgement.verdict.word == "better" and arm is not None and usual is not None:
        here.say("better-weaker" if chosen.mistake.name in WEAKER else "better", **places(arm, usual))


def figures(here: LessonPage, chosen: ChosenMistake, shown: StudyResult) -> None:
    """The measures of both arms with intervals and verdicts."""
    rows = []
    for measure in FACTS.measures:
        right, wrong = (shown.mean(arm, measure.name) for arm in (chosen.right, chosen.wrong))
        if right is None or wrong is None:
            continue
        judgement = shown.judgement(chosen.wrong, measure.name)
        levels = [study_words.level(measure, mean) for mean in (right, wrong)]
        rows.append([study_words.capital(measure.title), *levels, study_words.word(shown, judgement) or "–"])
    headings = [here.word(word) for word in ("measured", "as-it-should-be", "with-the-mistake", "verdict")]
    if rows:
        with st.container(key="compared"):
            st.markdown(page.table(headings, rows, left=range(4)))


def so_far(here: LessonPage, chosen: ChosenMistake) -> None:
    """While no study is finished: the curves of the arms that are, else those of the recorded run."""
    run_id, jobs = st.query_params.get("run"), server.jobs()
    run = run_status.found(jobs, run_id)
    study = run_status.recipe_of(run, Study)
    if run is not None and run.live and study is not None and study.study == STUDY:
        st.fragment(_growing, run_every=2.0)(here, chosen, jobs, study)
    else:
        _recorded(here, chosen, "nothing-yet")


@turns.of_pages.turn()
def _growing(here: LessonPage, chosen: ChosenMistake, jobs: Jobs, study: Study) -> None:
    done = running_study.finished_arms(study, jobs.events(study.id))
    if {chosen.wrong, chosen.right} <= {arm.arm for arm in done}:
        st.caption(here.sentence("so-far"))
        curves(here, chosen, done, study.data)
        explained(here, chosen.mistake)
    else:
        _recorded(here, chosen)


def _recorded(here: LessonPage, chosen: ChosenMistake, missing: str = "") -> None:
    """The recorded run; where there is none, what is `missing` and what the mistake is."""
    before = recorded(STUDY)
    if before is not None:
        picture(here, chosen, before)
        return
    if missing:
        here.say(missing)
    explained(here, chosen.mistake)


def explained(here: LessonPage, mistake: Mistake) -> None:
    """The lines of a program that make the mistake, why, where it was seen, and the gradient that comes of it."""
    name = mistake.name
    words, formulas = st.columns([5, 4], gap="large")
    with words:
        st.header(mistake.title, anchor=False)
        fenced = here.lesson.say(f"program-{name}").markdown  # not `here.say`: these lines wrap
        st.code(fenced.removeprefix("```diff\n").removesuffix("\n```"), language="diff", wrap_lines=True)
        here.text(f"about-{name}")
    with formulas:
        here.text("formulas")
        if name not in ("student-eval", PICKED):
            here.formula("right")
        here.formula(name)


def places(wrong: FinishedArm, right: FinishedArm, seeds: Seeds = (None, None)) -> dict[str, str]:
    """The figures of both runs for sentences, of all seeds or of one each; what a run has not measured is a dash."""
    texts = {"t2": f"{TEMPERATURE**2:g}", "classes": str(CLASSES)}
    for prefix, arm, seed in (("", wrong, seeds[0]), ("right_", right, seeds[1])):
        along = {name: seed_curve(arm, name, seed) for name in TRACES}
        soft = along["loss_kd"]
        texts[f"{prefix}first_soft"] = _number(soft.mean[0]) if soft.x else "–"
        texts[f"{prefix}share"] = percent(fmean(along["gradient_share_kd"].mean or (0.0,)))
        for place, name, write in _AT_THE_END:
            texts[prefix + place] = write(along[name].mean[-1]) if along[name].x else "–"
    first, usual = (seed_curve(arm, "loss_kd", seed) for arm, seed in zip((wrong, right), seeds, strict=True))
    apart = usual.mean[0] / first.mean[0] if first.x and usual.x and first.mean[0] > 0 else None
    reported, fresh = _mean(wrong, "test_accuracy"), _mean(wrong, FRESH)
    return texts | {
        "times": "–" if apart is None else f"{apart:.2g}" if apart < 100 else f"{apart:.0f}",
        "misplaced": percent(_mean(wrong, "misplaced"), 1),
        "changed": percent(_mean(wrong, "changed")),
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
    if all(arms.values()):
        right = {place: percent(_mean(arm, "test_accuracy"), 1) for place, arm in arms.items()}
        here.say("teacher-needed", wrong=WRONG_LABELS, **right)


def _mean(arm: FinishedArm | None, figure: str) -> float:
    values = [] if arm is None else values_of(arm.rows, figure)
    return fmean(values) if values else 0.0


def _number(value: float) -> str:
    """Three digits that count, with a proper minus."""
    return f"{value:.3g}".replace("-", "−")


_AT_THE_END: tuple[tuple[str, str, Callable[[float], str]], ...] = (  # place of a sentence, curve, how it is written
    ("last_soft", "loss_kd", _number),
    ("last_hard", "loss_ce", _number),
    *((name.partition("_")[0], name, partial(percent, digits=1)) for name in TRACES[3:]),
)
