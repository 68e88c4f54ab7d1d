"""Why distil: a large network and a small one to one scale, what each costs, and how often each is right."""

import streamlit as st

from kdviz import settings
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS, Architecture
from kdviz.recipes.study_facts.sizes import labels_arm, taught_arm
from kdviz.reports import phrases
from kdviz.reports.phrases import storage
from kdviz.store.recorded import recorded
from kdviz.widgets import lesson, link
from kdviz.widgets.pictures.why_distil import CHOICES, Pair, cost_rows, mean_of, sizes_picture
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
        for choice, names in CHOICES.items()
    )
pair = Pair.named(teacher, student)
studied = live_study.result("sizes")
sizes_picture(here, pair, cost_rows(here, pair, studied), key="sizes")


def ratio(value: float) -> str:
    """How many times, with two digits at least."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def say_elsewhere(student: str) -> None:
    """Where a teacher does help, from the recorded runs of other lessons; nothing where they are not there."""
    few, table = recorded("few-labels"), recorded("hinton-2015")
    if few is None or table is None or student != DENSE.name:
        return
    alone, taught = (mean_of(few, f"{way}-{FEW}", "test_accuracy") for way in ("labels", "all"))
    plain, distilled = (mean_of(table, arm, "test_errors") for arm in ("plain", "distilled"))
    if alone is None or taught is None or plain is None or distilled is None:
        return
    here.say(
        "elsewhere",
        few_labels=FEW,
        few_alone=phrases.percent(alone.mean, 0),
        few_taught=phrases.percent(taught.mean, 0),
        plain=f"{plain.mean:,.0f}",
        distilled=f"{distilled.mean:,.0f}",
    )


times_less = pair.times_less(lambda network: network.bytes)
less = ratio(times_less)
own, theirs, taught = (
    mean_of(studied, arm, "test_accuracy")
    for arm in (labels_arm(student), labels_arm(teacher), taught_arm(student, teacher))
)
if studied is None or own is None or theirs is None:
    here.say("nothing")
else:
    here.say(
        "gap",
        data=DATA_SETS[studied.recipe.data].title,
        teacher=teacher,
        student=student,
        teacher_errors=phrases.percent(1 - theirs.mean, 2),
        student_errors=phrases.percent(1 - own.mean, 2),
        times=less,
    )
    judgement = studied.judgement(taught_arm(student, teacher))
    if taught is not None and judgement is not None:
        main = studied.recipe.facts.measures[0]
        here.say(
            "closed",
            student=student,
            taught_errors=phrases.percent(1 - taught.mean, 2),
            verdict=judgement.verdict.word,
            difference=difference(main, judgement.verdict),
        )
        if judgement.verdict.word != "better":
            say_elsewhere(student)
    rates = [mean_of(studied, labels_arm(name), "throughput") for name in (teacher, student)]
    if rates[0] is not None and rates[1] is not None:
        more = rates[1].mean / rates[0].mean
        here.say(
            "throughput" if more > MORE else "throughput-less",
            teacher=teacher,
            student=student,
            teacher_rate=f"{rates[0].mean:,.0f}",
            student_rate=f"{rates[1].mean:,.0f}",
            times=ratio(more),
        )


def fits(network: Architecture) -> str:
    """Where on the board its weights have room."""
    return here.word(
        "fits-both" if network.bytes <= RAM else "fits-flash" if network.bytes <= FLASH else "fits-nowhere"
    )


shipped = settings.ASSETS / "teachers" / "mnist.safetensors"
here.explain(
    "what-you-see",
    formulas=("parameters", "work"),
    teacher=teacher,
    student=student,
    teacher_parameters=f"{pair.teacher.parameters:,}",
    student_parameters=f"{pair.student.parameters:,}",
    times=f"{pair.times_less(lambda network: network.parameters):,.0f}",
    seeds="several" if studied is None else len(studied.recipe.seeds),
)
here.text(
    "cost",
    file=storage(shipped.stat().st_size),
    teacher=teacher,
    student=student,
    teacher_bytes=storage(pair.teacher.bytes),
    student_bytes=storage(pair.student.bytes),
    teacher_fits=fits(pair.teacher),
    student_fits=fits(pair.student),
)
here.text("study")
live_study.show("sizes")

here.try_this()
here.number(
    "times-less",
    answer=times_less,
    tolerance=0.04 * times_less,
    teacher=teacher,
    student=student,
    teacher_bytes=storage(pair.teacher.bytes),
    student_bytes=storage(pair.student.bytes),
    times=less,
)
moved = any(choice in st.query_params for choice in CHOICES)
here.moved(
    "fits",
    ("right" if pair.student.bytes <= RAM else "high") if moved else None,
    student=student,
    student_bytes=storage(pair.student.bytes),
)
here.choice(
    "convolution",
    right="cnn" if CNN.multiply_adds > DENSE.multiply_adds else "dense",
    cnn_bytes=storage(CNN.bytes),
    dense_bytes=storage(DENSE.bytes),
    cnn_work=f"{CNN.multiply_adds:,}",
    dense_work=f"{DENSE.multiply_adds:,}",
)
here.end()
