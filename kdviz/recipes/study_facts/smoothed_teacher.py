"""A label-smoothed teacher: more accurate itself, and a worse one for its student?"""

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Arm, Measure, StudyFacts

SHARE = 0.1  # of every label, spread evenly over the classes
TEMPERATURES = (1, 2, 4, 8)

_LINES = {"ordinary": "taught by the ordinary teacher", "smoothed": "taught by the smoothed teacher"}

FACTS = StudyFacts(
    name="smoothed-teacher",
    title="A label-smoothed teacher",
    question="Is a teacher that learnt from smoothed labels a better one?",
    trainer="kdviz.runners.studies.smoothed_teacher:measure",
    arms=(
        Arm("teacher", "ordinary teacher", role="teacher", weight=3.0),
        Arm("smoothed-teacher", "smoothed teacher", role="teacher", against="teacher", weight=3.0),
        Arm("labels", "student, labels only", role="label"),
        Arm("smoothed-labels", "student, smoothed labels", role="label", against="labels"),
        *(
            Arm(
                name=f"{which}-{temperature}",
                title=f"{line}, T = {temperature}",
                line=line,
                x=temperature,
                against="labels" if which == "ordinary" else f"ordinary-{temperature}",
                quick=temperature in (1, 4),
            )
            for temperature in TEMPERATURES
            for which, line in _LINES.items()
        ),
    ),
    measures=(
        TEST_ACCURACY,
        NLL,
        Measure("agreement", "agreement with its teacher", better=""),
        Measure("teacher_accuracy", "its teacher, right on the test images", better=""),
    ),
    x_title="temperature T of the soft targets",
    x_log=True,
    lesson="when_it_helps",
)
