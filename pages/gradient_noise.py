"""Less noise in the gradient: how much batches differ with hard labels and soft targets, and what that allows."""

import streamlit as st

from kdviz.recipes.catalogue import ARCHITECTURES
from kdviz.recipes.study_facts.gradient_noise import BATCH
from kdviz.records.study import StudyResult
from kdviz.reports import phrases
from kdviz.widgets import lesson, link, stage
from kdviz.widgets.pictures.gradient_noise import (
    NoiseCurve,
    NoisePath,
    best_rate,
    chosen_in_link,
    median_angle,
    noise_picture,
    opening,
    path_of,
    paths_in,
    word_on,
)
from kdviz.widgets.study import result as live_study
from kdviz.widgets.study import words as study_words

STUDENT = ARCHITECTURES["784-128-10"]
ALIKE = 0.95  # a ratio of noises nearer to 1 than that is not called more
READINGS = {  # of the verdict on the noise
    "better": "reading-less",
    "worse": "reading-more",
    "no difference shown": "reading-open",
    "no verdict": "reading-one-seed",
}
NOISE, RATES, EXAMPLES = "gradient-noise", "noise-payoff", "fewer-examples"  # studies, and the keys of their settings


def short(value: float) -> str:
    """A ratio with two digits."""
    return f"{value:.0f}" if value >= 9.95 else f"{value:#.2g}"


def look(studied: StudyResult) -> dict[str, str]:
    """The picture with its control, its question, and what it says; the figures that it opens with."""
    names = paths_in(studied)
    with stage.picture(here):
        name = link.switch("path", here.word("path"), {name: here.word(name) for name in names})
        path = path_of(studied, name)
        soft, moment = chosen_in_link(path)
        noise_picture(here, path, soft, moment, key=f"noise-{studied.run_id}-{name}")
    places = readings(path, soft, moment)
    ratio = float(places["ratio"])
    moved = "T" in st.query_params or "moment" in st.query_params
    here.moved("find-noisier", None if not moved else "right" if ratio > 1 / ALIKE else "low", **places)
    comparisons = len(study_words.judged(studied, studied.recipe.facts.measures[0]))
    word = word_on(soft, path.hard, moment, max(1, comparisons))
    here.say(READINGS[word], seeds=phrases.count(len(soft.seeds), "seed"), **places)
    first = path_of(studied, names[0])
    return readings(first, *opening(first))


def readings(path: NoisePath, soft: NoiseCurve, moment: int) -> dict[str, str]:
    """What is shown just now, for the named places."""
    noises = soft.mean[moment], path.hard.mean[moment]
    ratio = noises[0] / noises[1]
    return {
        "temperature": f"{soft.T:g}",
        "epoch": f"{path.epochs[moment]:.1f}",
        "soft": short(noises[0]),
        "hard": short(noises[1]),
        "factor": short(max(ratio, 1 / ratio)),
        "ratio": f"{ratio:.6g}",
        "batch": str(BATCH),
        "images": f"{BATCH / ratio:.0f}",
        "soft_angle": f"{median_angle(soft.arrows[moment]):.0f}",
        "hard_angle": f"{median_angle(path.hard.arrows[moment]):.0f}",
    }


def say_rates(studied: StudyResult) -> None:
    """Both ways at their best, in one sentence."""
    labels, taught = best_rate(studied, "labels"), best_rate(studied, "taught")
    if labels is None or taught is None:
        return
    places = {}
    for way, best in (("labels", labels), ("taught", taught)):
        places[f"{way}_rate"] = f"{best.rate:g}"
        places[f"{way}_accuracy"] = phrases.percent(best.accuracy, 2)
        places[f"{way}_highest"] = here.word("never") if best.highest is None else f"{best.highest:g}"
    here.say("rates", **places)
    if labels.highest is not None and taught.highest is not None and taught.accuracy > labels.accuracy:
        how = "lower" if taught.highest < labels.highest else "higher" if taught.highest > labels.highest else "same"
        here.say(f"rates-{how}", gain=f"{100 * (taught.accuracy - labels.accuracy):.2f}")


here = lesson.begin("gradient_noise")
studied = live_study.result(NOISE, key=NOISE)
shown = look(studied) if studied is not None and paths_in(studied) else None
if shown is None:
    here.say("nothing")

here.explain("what-you-see", "why", formulas=("noise", "batch", "loss"), weights=f"{STUDENT.parameters:,}")

words, formula = st.columns([5, 4], gap="large")
with words:
    here.text("bayes")
with formula:
    here.formula("bayes")

here.text("measured")
live_study.show(NOISE, key=NOISE)

here.text("payoff-rate")
rates = live_study.show(RATES, key=RATES)
if rates is not None:
    say_rates(rates)

here.text("payoff-examples")
live_study.show(EXAMPLES, key=EXAMPLES)

here.try_this()
if shown is not None:
    ratio = float(shown["ratio"])
    here.number("batch", answer=BATCH / ratio, tolerance=0.06 * BATCH / ratio, **shown)
here.choice("scale", right="ratio")
here.end()
