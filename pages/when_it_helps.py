"""When it helps: studies with verdicts, all at a glance and each on its own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from operator import attrgetter

import pandas as pd
import streamlit as st

from kdviz.charts import all_studies
from kdviz.charts.all_studies import Gain
from kdviz.recipes.study import STUDIES
from kdviz.reports import findable
from kdviz.reports.phrases import count, difference, signed
from kdviz.store.recorded import recorded
from kdviz.widgets import lesson, page, stage
from kdviz.widgets.pictures import left_out_class
from kdviz.widgets.study import told

PICTURES: told.Pictures = {"left-out-class": left_out_class.show}
GROUPS = {
    "labels": ("few-labels", "noisy-labels", "overfitting"),
    "knowledge": ("left-out-class", "one-task", "other-domain"),
    "pairs": ("narrow-student", "large-teacher", "teacher-quality", "several-teachers", "smoothed-teacher"),
    "limits": ("all-labels",),
}

here = lesson.begin("when_it_helps")
groups = {group: tuple(name for name in names if name in STUDIES) for group, names in GROUPS.items()}
listed = [name for names in groups.values() for name in names]
gains = {name: all_studies.gains(studied) for name in listed if (studied := recorded(name)) is not None}


def halves(shown: Mapping[str, Sequence[Gain]]) -> tuple[list[str], list[str]]:
    """The studies in two columns of about the same height."""
    sizes = {name: len(of_study) + 3 for name, of_study in shown.items()}
    first: list[str] = []
    for name in shown:
        if sum(sizes[before] for before in first) + sizes[name] / 2 > sum(sizes.values()) / 2:
            break
        first.append(name)
    return first, [name for name in shown if name not in first]


def overview() -> None:
    """What all recorded studies say, in a picture, a sentence and a table."""
    if not any(gains.values()):
        here.text("none-yet")
        return
    whole = [gain for of_study in gains.values() for gain in of_study]
    shown = {name: of_study for name, of_study in gains.items() if of_study}
    for part, column in zip(halves(shown), st.columns(2, gap="large"), strict=True):
        if part:
            titled = {STUDIES[name].title: shown[name] for name in part}
            figure = all_studies.overview_figure(titled, here.word("gain"), all_studies.ends(whole), page.colours())
            with column:
                page.chart(figure, key=f"overview_{part[0]}", alt=f"Verdicts of {', '.join(titled)}")
    counts = Counter(gain.word for gain in whole)
    here.say(
        "overview",
        compared=count(len(whole), "comparison").capitalize(),
        studies=count(len(shown), "study").replace("studys", "studies"),
        better=counts["better"],
        worse=counts["worse"],
        none=counts["no difference shown"],
    )
    say_all()
    for column, key in zip(st.columns(2, gap="large"), ("at-a-glance", "how-to-read"), strict=True):
        with column:
            here.text(key)
    place = page.unfolded(here.word("table"), "table_of_verdicts", icon=":material/table:")
    if place is not None:
        words = {"better": "helps", "worse": "hurts", "no difference shown": "no-difference"}
        rows = [
            {
                "Study": STUDIES[gain.study].title,
                "Student": gain.arm,
                "Against": gain.against,
                "Verdict": here.word(words[gain.word]) if gain.word in words else gain.word,
                "Points": difference(gain.difference, gain.low, gain.high, 2, found=gain.found),
            }
            for gain in whole
        ]
        place.dataframe(pd.DataFrame(rows), hide_index=True, alt="All verdicts in figures")


def say_all() -> None:
    """How many verdicts all recorded studies give, and how many of them chance alone would make false."""
    whole = [studied for name in STUDIES if (studied := recorded(name)) is not None]
    families = findable.families(whole)
    words = [verdict.word for family in families for verdict in family]
    here.say(
        "all-comparisons",
        comparisons=len(words),
        families=len(families),
        false=f"{findable.expected_false(families):.1f}",
        shown=len(words) - words.count("no difference shown"),
    )


def choose() -> str:
    """The study that the visitor looks at: a link for each, in groups."""
    looked_at = told.chosen(listed)
    page.add_styles("studies")
    with st.container(key="studies", gap="small"):
        st.header(here.word("choose"), anchor=False)
        columns = st.columns(2, gap="large")
        for number, (group, names) in enumerate(groups.items()):
            with columns[number % 2], st.container(key=f"group_{group}", gap=None):
                st.markdown(f"**{here.word(group)}**")
                told.choices(names, looked_at)
    return looked_at


def most(group: str) -> Gain | None:
    """The comparison of a group with the largest difference."""
    of_group = (gain for name in groups[group] for gain in gains.get(name, []))
    return max(of_group, key=attrgetter("difference"), default=None)


if not stage.alone():  # a scene shows one study
    overview()
chosen = choose()
st.divider()
works = told.show(here, chosen, pictures=PICTURES, frame=partial(stage.picture, here))
here.choice("no-difference", right="hidden")
best = {group: gain for group in ("labels", "pairs", "limits") if (gain := most(group)) is not None}
if len(best) == 3:
    places = {f"{group}_gain": f"{signed(gain.difference, 1)} points ({gain.word})" for group, gain in best.items()}
    here.choice("where-most", right=max(best, key=lambda group: best[group].difference), **places)
here.end(works)
