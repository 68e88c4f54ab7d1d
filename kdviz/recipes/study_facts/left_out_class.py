"""A class left out: a student that never saw a 3 knows it from its teacher, but for one number."""

from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts

LEFT_OUT = 3
BIASES = tuple(round(step * 0.1, 1) for step in range(101))  # added to the logit of 3

FACTS = StudyFacts(
    name="left-out-class",
    title="A class left out",
    question="Can a student know a 3 without ever having seen one?",
    trainer="kdviz.runners.studies.left_out_class:measure",
    arms=(
        Arm("labels", "labels only, all digits", role="label"),
        Arm("all", "taught on all digits", against="labels"),
        Arm("labels-without", "labels only, no 3s", role="label"),
        Arm("without", "taught without 3s", against="labels-without"),
        Arm("corrected", "taught without 3s, bias of 3 raised", against="without", weight=0.1),
    ),
    measures=(
        Measure("test_errors", "errors on the test images", kind="count", better="lower"),
        Measure("errors_on_threes", "errors on the 3s", kind="count", better="lower"),
        Measure("errors_on_others", "errors on the other digits", kind="count", better="lower"),
        Measure("predicted_threes", "test images called a 3", better=""),
        Measure("bias", "added to the logit of 3", kind="number", better=""),
    ),
    lesson="when_it_helps",
)
