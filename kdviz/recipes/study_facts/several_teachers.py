"""One teacher or several: is the mean of their soft targets worth more?"""

from kdviz.recipes.study_facts.facts import NLL, TEST_ACCURACY, Arm, Measure, StudyFacts

MOST = 3  # teachers of one student

FACTS = StudyFacts(
    name="several-teachers",
    title="Several teachers",
    question="Do two or three teachers together teach better than one?",
    trainer="kdviz.runners.studies.several_teachers:measure",
    arms=(
        Arm("labels", "labels only", role="label"),
        *(
            Arm(
                name=f"{way}-{count}",
                title=f"{title}, {count} teacher{'s' if count > 1 else ''}",
                line=title,
                x=count,
                against=f"{way}-1" if count > 1 else "" if way == "ensemble" else "labels",
                role="teacher" if way == "ensemble" else "student",
                weight=3.0 if way == "ensemble" else 1.0,
                quick=count != 2,
            )
            for way, title in (("ensemble", "the teachers themselves"), ("taught", "student"))
            for count in range(1, MOST + 1)
        ),
    ),
    measures=(
        TEST_ACCURACY,
        NLL,
        Measure("agreement", "agreement with the teachers’ mean", better=""),
        Measure("fidelity_kl", "KL from the teachers’ mean", kind="number", better="", unit="nats"),
    ),
    x_title="teachers",
    lesson="when_it_helps",
)
