"""Why distil: a large network and a small one to one scale, what each costs, and how often each is right."""

import streamlit as st

from kdviz import settings
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS, Architecture
from kdviz.recipes.study_facts.sizes import labels_arm, taught_arm
from kdviz.records.study import StudyResult
from kdviz.reports import findable
from kdviz.reports.phrases import percent, storage
from kdviz.store.recorded import recorded
from kdviz.widgets import lesson, link
from kdviz.widgets.pictures.why_distil import CHOICES, Pair, cost_rows, sizes_picture
from kdviz.widgets.study import result as live_study
from kdviz.widgets.study.words import difference

FEW = 50  # labels of the study on few of them
FLASH, RAM = 1_000_000, 256_000  # bytes of the board that the text names
MORE = 1.5  # times as many images count as more
CNN, DENSE = ARCHITECTURES["cnn-8-16"], ARCHITECTURES["784-128-10"]

here = lesson.begin("why_distil")
for choice, names in CHOICES.items():
    link.choice(choice, names)
with st.container(horizontal=True, key="controls"):
    teacher, student = (
        st.segmented_control(
            here.word(choice), names, default=names[0], required=True, wrap=True, key=choice, bind="query-params"
        )
        or names[0]  # a link may say that nothing is chosen
        for choice, names in CHOICES.items()
    )
pair = Pair.named(teacher, student)
studied = live_study.result("sizes")
sizes_picture(here, pair, cost_rows(here, pair, studied), key="sizes")


def ratio(value: float) -> str:
    """How many times, with two digits at least."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def say_elsewhere() -> None:
    """Where a teacher does help, from the recorded runs of other lessons; nothing where they are not there."""
    few, table = recorded("few-labels"), recorded("hinton-2015")
    if few is None or table is None:
        return
    alone, taught = (few.mean(f"{way}-{FEW}", "test_accuracy") for way in ("labels", "all"))
    plain, distilled = (table.mean(arm, "test_errors") for arm in ("plain", "distilled"))
    if alone is not None and taught is not None and plain is not None and distilled is not None:
        shares = {"few_alone": percent(alone.mean), "few_taught": percent(taught.mean)}
        here.say("elsewhere", few_labels=FEW, plain=f"{plain.mean:,.0f}", distilled=f"{distilled.mean:,.0f}", **shares)


def say_gap(studied: StudyResult) -> None:
    """How often each is wrong, what a teacher makes of it, and how many images each takes in a second."""
    arms = labels_arm(student), labels_arm(teacher), taught_arm(student, teacher)
    own, theirs, taught = (studied.mean(arm, "test_accuracy") for arm in arms)
    if own is None or theirs is None:
        here.say("nothing")
        return
    errors = {"teacher_errors": percent(1 - theirs.mean, 2), "student_errors": percent(1 - own.mean, 2)}
    here.say("gap", data=DATA_SETS[studied.recipe.data].title, times=ratio(times_less), **pair_names, **errors)
    judgement = studied.judgement(arms[-1])
    if taught is not None and judgement is not None:
        by = difference(studied.recipe.facts.measures[0], judgement.verdict, findable.in_study(studied, judgement))
        word, wrong = judgement.verdict.word, percent(1 - taught.mean, 2)
        here.say("closed", student=student, taught_errors=wrong, verdict=word, difference=by)
        if word != "better" and student == DENSE.name:
            say_elsewhere()
    rates = [studied.mean(labels_arm(name), "throughput") for name in (teacher, student)]
    if rates[0] is not None and rates[1] is not None:
        more = rates[1].mean / rates[0].mean
        shown = {"teacher_rate": f"{rates[0].mean:,.0f}", "student_rate": f"{rates[1].mean:,.0f}"}
        here.say("throughput" if more > MORE else "throughput-less", times=ratio(more), **pair_names, **shown)


pair_names = {"teacher": teacher, "student": student}
stored = {"teacher_bytes": storage(pair.teacher.bytes), "student_bytes": storage(pair.student.bytes)}
times_less = pair.times_less(lambda network: network.bytes)
if studied is None:
    here.say("nothing")
else:
    say_gap(studied)


def fits(network: Architecture) -> str:
    """Where on the board its weights have room."""
    return here.word(
        "fits-both" if network.bytes <= RAM else "fits-flash" if network.bytes <= FLASH else "fits-nowhere"
    )


shipped = settings.ASSETS / "teachers" / "mnist.safetensors"
here.explain(
    "what-you-see",
    formulas=("parameters", "work"),
    **pair_names,
    teacher_parameters=f"{pair.teacher.parameters:,}",
    student_parameters=f"{pair.student.parameters:,}",
    times=f"{pair.times_less(lambda network: network.parameters):,.0f}",
    seeds="several" if studied is None else len(studied.recipe.seeds),
)
here.text(
    "cost",
    file=storage(shipped.stat().st_size),
    teacher_fits=fits(pair.teacher),
    student_fits=fits(pair.student),
    **pair_names,
    **stored,
)
here.text("study")
live_study.show("sizes")

here.try_this()
here.number(
    "times-less",
    answer=times_less,
    tolerance=0.04 * times_less,
    times=ratio(times_less),
    **pair_names,
    **stored,
)
moved = any(choice in st.query_params for choice in CHOICES)
state = "right" if pair.student.bytes <= RAM else "high"
here.moved("fits", state if moved else None, **pair_names, **stored)
here.choice(
    "convolution",
    right="cnn" if CNN.multiply_adds > DENSE.multiply_adds else "dense",
    cnn_bytes=storage(CNN.bytes),
    dense_bytes=storage(DENSE.bytes),
    cnn_work=f"{CNN.multiply_adds:,}",
    dense_work=f"{DENSE.multiply_adds:,}",
)
here.end()
