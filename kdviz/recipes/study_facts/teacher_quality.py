"""Who is right more often, and who teaches better: three teachers of one size, students that are shown few digits."""

from kdviz.recipes.study_facts.facts import WORDS, Arm, study

SHOWN = (0, 1, 2, 3, 4, 5)  # the digits that some students are shown; of the others they only hear
TEMPERATURE, HOT = 4.0, 16.0
_WORDS = WORDS["teacher-quality"]
_AGAINST = {"labels": "", "best": "labels", "hot": "best", "usual": "best", "early": "best"}

FACTS = study(
    "teacher-quality",
    arms=(
        *(
            Arm(
                name=f"teacher-{who}",
                title=title,
                against="" if who == "best" else "teacher-best",
                role="teacher",
                weight=8.0 if who == "best" else 1.5,
                quick=who != "early",  # it would be the usual one
            )
            for who, title in _WORDS["teachers"].items()
        ),
        *(
            Arm(
                name=f"{images}-{who}",
                title=_WORDS["students"][who].format(shown=shown, temperature=HOT),
                against=f"{images}-{against}" if against else "",
                role="student" if against else "label",
                quick=who != "early",
            )
            for images, shown in _WORDS["images"].items()
            for who, against in _AGAINST.items()
        ),
    ),
    schedule=None,  # a teacher that is stopped early has not ended with small steps
)
