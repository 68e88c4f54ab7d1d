"""One teacher or several: is the mean of their soft targets worth more?"""

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

_WORDS = WORDS["several-teachers"]

FACTS = study(
    "several-teachers",
    arms=(
        Arm("labels", role="label"),
        *(
            Arm(
                name=f"{way}-{count}",
                title=f"{title}, {place}",
                line=title,
                x=count,
                against=f"{way}-1" if count > 1 else "" if way == "ensemble" else "labels",
                role="teacher" if way == "ensemble" else "student",
                weight=3.0 if way == "ensemble" else 1.0,
                quick=count != 2,
            )
            for way, title in _WORDS["lines"].items()
            for count, place in enumerate(_WORDS["places"], 1)
        ),
    ),
)
