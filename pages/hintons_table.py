"""Hinton's table: the paper's experiments run again, counts beside counts; and a second published claim."""

import math
from collections.abc import Mapping

import streamlit as st

from kdviz.charts import hinton
from kdviz.charts.hinton import Biases
from kdviz.charts.study import measured_arms, over_axis
from kdviz.recipes.study import STUDIES
from kdviz.recipes.study_facts.hinton_2015 import TEMPERATURES, WIDTHS
from kdviz.records.base import Word
from kdviz.records.intervals import mcnemar_p_value
from kdviz.records.study import StudyResult
from kdviz.reports import findable, phrases
from kdviz.widgets import lesson, link, page, stage
from kdviz.widgets.pictures import bias_slider
from kdviz.widgets.pictures.bias_slider import BiasCurve, short
from kdviz.widgets.study import result as live_study
from kdviz.widgets.study import words as study_words

STUDY, EXAMPLE = "hinton-2015", "keras-example"
PAPER = {arm.name: int(arm.published) for arm in STUDIES[STUDY].arms if arm.published is not None}
NARROW, WIDE = WIDTHS
TURNED: Mapping[Word, str] = {"better": "worse", "worse": "better", "no difference shown": "same"}  # of the other arm
MORE_THREES, MORE_ERRORS = 1.5, 1.2  # the question about the bias allows so many times what the rule reaches

here = lesson.begin("hintons_table")


def picture(studied: StudyResult) -> None:
    """Ours beside the paper's."""
    shown = hinton.table_rows(studied)
    if not shown:
        return
    alt = "Errors here and in the paper, with intervals"
    with stage.picture(here):
        figure = hinton.paper_figure(studied, page.colours(), beside=link.on_stage())
        page.chart(figure, key="paper", alt=alt)
    errors = {row.arm: f"{row.ours.mean:,.0f}" for row in shown}
    compared = [row for row in shown if row.paper is not None]
    if {"plain", "distilled"} <= errors.keys():
        here.say(
            "table" if compared else "table-alone",
            plain=errors["plain"],
            distilled=errors["distilled"],
            rows=len(compared),
            alike=sum(not row.differs for row in compared),
            paper_plain=PAPER["plain"],
            paper_distilled=PAPER["distilled"],
            images=f"{figures_of(studied, 'plain')['test_images']:,.0f}",
        )
    place = page.unfolded(here.word("table"), "table_in_figures", icon=":material/table_rows:")
    if place is not None:
        place.dataframe(hinton.table(studied), hide_index=True, height="content", alt="The table in figures")


def figures_of(studied: StudyResult, arm: str) -> Mapping[str, float]:
    """What an arm's first seed gave; nothing where the arm was left out."""
    finished = studied.arm(arm)
    return {} if finished is None else finished.rows[0].figures


def over_bias(
    measured: Biases, parameter: str, called: str, counts: Mapping[str, float], keys: Mapping[str, str]
) -> float | None:
    """Errors over a bias, under a slider; the bias that the link names as `parameter`. `called` is a word."""
    lines = [BiasCurve("errors", here.word("all-images"), "ink", short(measured.test_errors))]
    if parameter == "bias":
        lines.append(BiasCurve("threes", here.word("threes"), "student", short(measured.three_errors)))
    drawn = bias_slider.picture(
        here,
        measured.biases,
        lines,
        BiasCurve("predicted", here.word(called), "student", short(measured.share_predicted)),
        known=measured.known,
        rule=[measured.rule],
        counts={name: f"{errors:,.0f}" for name, errors in counts.items()},
        digits=2,  # quarters were measured
        keys={"label": parameter, **keys},
    )
    return bias_slider.show(drawn, key=f"slider_{parameter}", parameter=parameter)


def bias_of_three(studied: StudyResult, measured: Biases) -> float | None:
    """Errors over the bias of class 3; the bias that the link names."""
    here.text("never-seen", share=phrases.percent(measured.known, 1))
    figures = figures_of(studied, "no-threes-bias")
    names = {"all_threes": "threes", "rule_errors": "test_errors", "rule_threes": "three_errors"}
    counts = {place: figures[name] for place, name in names.items()}
    return over_bias(measured, "bias", "called-three", counts, {"known": "known-threes", "says": "bias"})


def ask_for_bias(studied: StudyResult, threes: Biases, chosen: float | None) -> None:
    """The question that the slider answers."""
    reached, at = figures_of(studied, "no-threes-bias"), threes.nearest(chosen or 0.0)
    few = math.ceil(MORE_THREES * reached["three_errors"])
    enough = math.ceil(MORE_ERRORS * reached["test_errors"])
    state = "low" if threes.biases[at] < threes.rule else "high"
    if threes.three_errors[at] <= few and threes.test_errors[at] <= enough:
        state = "right"
    counts = {"threes": few, "errors": enough, "all_threes": reached["threes"]}
    counts |= {"now_threes": threes.three_errors[at], "now_errors": threes.test_errors[at]}
    texts = {place: f"{number:,.0f}" for place, number in counts.items()}
    here.moved("find-bias", None if chosen is None else state, **texts)


def biases_of_two(studied: StudyResult, measured: Biases) -> None:
    """Errors over the biases of 7 and 8."""
    here.text("two-digits")
    arms = {"before": "sevens-eights", "rule_errors": "sevens-eights-bias"}
    counts = {place: figures_of(studied, arm)["test_errors"] for place, arm in arms.items()}
    over_bias(measured, "biases", "called-two", counts, {"known": "known-two", "says": "two-digits"})


def narrow(studied: StudyResult, means: Mapping[int, Mapping[float, float]]) -> None:
    """Errors over T for 30 and for 300 units a layer."""
    measure = studied.recipe.facts.measures[0]
    placed = [point for point in measured_arms(studied, measure) if point.arm.x is not None]
    left, right = st.columns([5, 4], gap="large")
    with left:
        ticks = (20, 50, 100, 150, 200, 300, 400, 500, 1000, 2000)
        figure = over_axis(studied.recipe, placed, measure, page.colours(), {}, log_ticks=ticks)
        page.chart(figure, key="narrow", alt="Errors over the temperature, by width")
    with right:
        here.text("narrow")
    if all(len(of_width) == len(TEMPERATURES) for of_width in means.values()):
        verdicts = [studied.judgement(f"units-{units}-t-4") for units in (NARROW, WIDE)]
        words = [study_words.word(studied, judgement) for judgement in verdicts]
        counts = {units: [f"{of_width[t]:,.0f}" for t in TEMPERATURES] for units, of_width in means.items()}
        here.say(
            "narrow",
            temperatures=phrases.listed([f"{temperature:g}" for temperature in TEMPERATURES]),
            narrow=phrases.listed(counts[NARROW]),
            wide=phrases.listed(counts[WIDE]),
            verdict_narrow=words[0],
            verdict_wide=words[1],
        )


def keras_said(studied: StudyResult) -> None:
    """A sentence on what several seeds of Keras' example measured."""
    measure = studied.recipe.facts.measures[0]
    means = {arm: studied.mean(arm, measure.name) for arm in ("distilled", "scratch", "teacher")}
    against_scratch, against_distilled = studied.judgement("distilled"), studied.judgement("teacher")
    if not all(means.values()) or against_scratch is None or against_distilled is None:
        return
    turned = TURNED.get(against_distilled.verdict.word)  # the teacher is judged against its student
    here.say(
        "keras",
        seeds=len(studied.recipe.seeds),
        verdict_scratch=study_words.word(studied, against_scratch),
        verdict_teacher=here.word(f"distilled-{turned}") if turned else "",
        **{arm: study_words.level(measure, mean) for arm, mean in means.items() if mean is not None},
    )


# The table.

studied = live_study.show(STUDY, key="hinton", picture=picture)
first, second = st.columns([5, 4], gap="large")
with first:
    here.text("table")
    here.text("as-described")
with second:
    here.text("reading")

threes = twos = None
means: dict[int, dict[float, float]] = {}
if studied is not None:
    threes = hinton.over_biases(studied.arm("no-threes-bias"))
    twos = hinton.over_biases(studied.arm("sevens-eights-bias"))
    means = {units: hinton.over_temperatures(studied, units) for units in WIDTHS}
    if threes is not None:
        threes = threes.worth_seeing()
        ask_for_bias(studied, threes, bias_of_three(studied, threes))
    if twos is not None and studied.arm("sevens-eights") is not None:
        biases_of_two(studied, twos.worth_seeing())
    if any(means.values()):
        narrow(studied, means)

# The second claim.

here.text("keras")
example = live_study.show(EXAMPLE, key="keras")
if example is not None:
    keras_said(example)
here.text("keras-swapped")

# Questions.

here.try_this()
distilled = PAPER["distilled"]
here.number("noise", answer=math.sqrt(distilled), tolerance=0.15, unit="errors", result=f"{math.sqrt(distilled):.1f}")
ours = PAPER["teacher"], distilled
in_common = [mcnemar_p_value(ours[0] - both, ours[1] - both) for both in range(ours[0] + 1)]  # not published how many
enough = sum(chance > hinton.ALIKE for chance in in_common)
here.choice(
    "teacher-better",
    right="no" if in_common[0] > hinton.ALIKE else "yes",
    none=phrases.percent(in_common[0]),
    half=phrases.percent(in_common[ours[0] // 2]),
    half_of=ours[0] // 2,
    enough=enough,
    errors=ours[0],
)
here.choice("labels", right="peeking")
if len(means.get(NARROW, {})) == len(TEMPERATURES):
    of_narrow = dict(zip(("low", "middle_low", "middle_high", "middle_top", "high"), TEMPERATURES, strict=True))
    worst = max(means[NARROW], key=means[NARROW].__getitem__)
    here.choice(
        "narrow-t",
        right="low" if worst == TEMPERATURES[0] else "middle" if worst < TEMPERATURES[3] else "high",
        **{name: f"{means[NARROW][temperature]:,.0f}" for name, temperature in of_narrow.items()},
    )
judged = None if example is None else example.judgement("teacher")  # against its student
if example is not None and judged is not None and judged.verdict.word in TURNED:
    low, high = (None if end is None else -end for end in (judged.verdict.high, judged.verdict.low))
    turned = judged.verdict.model_copy(update={"difference": -judged.verdict.difference, "low": low, "high": high})
    difference = study_words.difference(STUDIES[EXAMPLE].measures[0], turned, findable.in_study(example, judged))
    here.choice("keras", right=TURNED[judged.verdict.word], difference=difference)
here.end()
