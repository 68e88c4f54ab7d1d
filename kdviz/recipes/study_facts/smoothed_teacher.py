"""A label-smoothed teacher: more accurate itself, and a worse one for its student?"""

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

SHARE = 0.1  # of every label, spread evenly over the classes

FACTS = study(
    "smoothed-teacher",
    arms=(
        Arm("teacher", role="teacher", weight=3.0),
        Arm("smoothed-teacher", role="teacher", against="teacher", weight=3.0),
        Arm("labels", role="label"),
        Arm("smoothed-labels", role="label", against="labels"),
        *(
            Arm(
                name=f"{which}-{temperature}",
                title=WORDS["smoothed-teacher"]["at"].format(line=line, temperature=temperature),
                line=line,
                x=temperature,
                against="labels" if which == "ordinary" else f"ordinary-{temperature}",
                quick=temperature in (1, 4),
            )
            for temperature in (1, 2, 4, 8)
            for which, line in WORDS["smoothed-teacher"]["lines"].items()
        ),
    ),
    schedule=None,
)
