"""A teacher with several tasks, a student for one of them: what should it be told?"""

from kdviz.recipes.study_facts.facts import arms_in_groups, study

_SHARED = ("teacher", "all", "all-taught")  # trained for the first task, and measured again for the second

FACTS = study(
    "one-task",
    arms=arms_in_groups(
        "one-task",
        {
            "teacher": ("", "teacher"),
            "labels": ("", "label"),
            "head": ("labels", "student"),
            "sum": ("labels", "student"),
            "all": ("labels", "label"),
            "all-taught": ("all", "student"),
        },
        lambda task, way: {
            "weight": 0.1 if task == "size" and way in _SHARED else 3.0 if way == "teacher" else 1.0,
            "quick": task == "parity",
        },
    ),
)
