"""Why distil: a large network and a small one to one scale, what each costs, and how often each is right."""

import streamlit as st

from kdviz import settings
from kdviz.recipes.catalogue import ARCHITECTURES, DATA_SETS, Architecture
from kdviz.recipes.study_facts.sizes import labels_arm, taught_arm
from kdviz.records.study import StudyResult
from kdviz.reports import findable
from kdviz.reports.phrases import in_words, percent, storage, three_figures
from kdviz.store.recorded import recorded
from kdviz.widgets import lesson, link, stage
from kdviz.widgets.pictures.why_distil import CHOICES, FEW, FewLabels, Pair, cost_rows, sizes_picture
from kdviz.widgets.study import result as live_study
from kdviz.widgets.study.words import difference

FLASH, RAM = 1_000_000, 256_000  # bytes of the board that the text names
MORE = 1.5  # times as many images count as more
CNN, DENSE = ARCHITECTURES["cnn-8-16"], ARCHITECTURES["784-128-10"]

here = lesson.begin("why_distil")


def called(network: str) -> str:
    """A network by what a person calls it, then by its layers."""
    return f"{ARCHITECTURES[network].size.capitalize()} ({network})"


with stage.picture(here):
    with st.container(horizontal=True, key="controls"):
        teacher, student = (
            link.switch(choice, here.word(choice), {name: called(name) for name in names})
            for choice, names in CHOICES.items()
        )
    pair = Pair.named(teacher, student)
    studied = live_study.result("sizes")
    sizes_picture(here, pair, cost_rows(here, pair, studied), key="sizes")
moved = any(choice in st.query_params for choice in CHOICES)
fitting = "right" if pair.student.bytes <= RAM else "high"
here.moved("fits", fitting if moved else None, student=student, student_bytes=storage(pair.student.bytes))


def ratio(value: float) -> str:
    """How many times, with two digits at least."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def say_few(studied: StudyResult, large_alone: float) -> None:
    """What a teacher is worth where labels are few."""
    few = FewLabels.of(pair, studied)
    if few is not None:
        wrong = {"alone": percent(few.alone.mean, 1), "taught": percent(few.taught.mean, 1)}
        here.say("few", labels=FEW, teacher_errors=percent(large_alone, 1), **wrong, **pair_names)


def say_why_little() -> None:
    """Why a teacher adds little here, and where one was worth more, as far as a recorded run says so."""
    table = recorded("hinton-2015")
    plain, distilled = (None if table is None else table.mean(arm, "test_errors") for arm in ("plain", "distilled"))
    if plain is not None and distilled is not None:
        here.say("why-little", plain=f"{plain.mean:,.0f}", distilled=f"{distilled.mean:,.0f}")


def say_gap(studied: StudyResult) -> None:
    """How often each is wrong, what a teacher makes of it, and how many images each takes in a second."""
    arms = labels_arm(student), labels_arm(teacher), taught_arm(student, teacher)
    own, theirs, taught = (studied.mean(arm, "test_accuracy") for arm in arms)
    if own is None or theirs is None:
        here.say("nothing")
        return
    say_few(studied, 1 - theirs.mean)
    errors = {"teacher_errors": percent(1 - theirs.mean, 2), "student_errors": percent(1 - own.mean, 2)}
    here.say("gap", data=DATA_SETS[studied.recipe.data].title, times=ratio(times_less), **pair_names, **errors)
    judgement = studied.judgement(arms[-1])
    if taught is not None and judgement is not None:
        by = difference(studied.recipe.facts.measures[0], judgement.verdict, findable.in_study(studied, judgement))
        word, wrong = judgement.verdict.word, percent(1 - taught.mean, 2)
        here.say("closed", taught_errors=wrong, verdict=word, difference=by, **pair_names)
        if word != "better":
            say_why_little()
    rates = [studied.mean(labels_arm(name), "throughput") for name in (teacher, student)]
    if rates[0] is not None and rates[1] is not None:
        more = rates[1].mean / rates[0].mean
        shown = {"teacher_rate": three_figures(rates[0].mean), "student_rate": three_figures(rates[1].mean)}
        here.say("throughput" if more > MORE else "throughput-less", times=ratio(more), **pair_names, **shown)


pair_names = {
    "teacher": teacher,
    "student": student,
    "large": ARCHITECTURES[teacher].size,
    "small": ARCHITECTURES[student].size,
}
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
    teacher_parameters=three_figures(pair.teacher.parameters),
    student_parameters=three_figures(pair.student.parameters),
    times=f"{pair.times_less(lambda network: network.parameters):,.0f}",
    seeds="several" if studied is None else in_words(len(studied.recipe.seeds)),
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
asked = Pair.named(*(names[0] for names in CHOICES.values()))  # whatever is chosen above
asked_for = asked.times_less(lambda network: network.bytes)
here.number(
    "times-less",
    answer=asked_for,
    tolerance=0.04 * asked_for,
    times=ratio(asked_for),
    teacher=asked.teacher.name,
    student=asked.student.name,
    teacher_bytes=storage(asked.teacher.bytes),
    student_bytes=storage(asked.student.bytes),
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
