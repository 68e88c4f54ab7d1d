"""A teacher with several tasks, a student for one of them: what should it be told?"""

from typing import Literal

from kdviz.recipes.study_facts.facts import Arm, Measure, StudyFacts

TASKS = ("parity", "size")  # odd or even; larger than four

_TITLES = {"parity": "odd or even", "size": "larger than four"}
_WAYS: dict[str, tuple[str, str, Literal["teacher", "student", "label"]]] = {  # title, judged against, colour
    "teacher": ("teacher of all tasks", "", "teacher"),
    "labels": ("the task’s labels", "", "label"),
    "head": ("the teacher’s answers to the task", "labels", "student"),
    "sum": ("the teacher’s digits, added up", "labels", "student"),
    "all": ("labels of all tasks", "labels", "label"),
    "all-taught": ("the teacher’s answers to all tasks", "all", "student"),
}
_SHARED = ("teacher", "all", "all-taught")  # trained for the first task, and looked at again for the second

FACTS = StudyFacts(
    name="one-task",
    title="One task of several",
    question="What can a teacher of several tasks give a student that has only one?",
    trainer="kdviz.runners.studies.one_task:measure",
    arms=tuple(
        Arm(
            name=f"{task}-{way}",
            title=f"{_TITLES[task]}: {title}",
            against=f"{task}-{against}" if against else "",
            role=role,
            weight=0.1 if number and way in _SHARED else 3.0 if way == "teacher" else 1.0,
            quick=not number,
        )
        for number, task in enumerate(TASKS)
        for way, (title, against, role) in _WAYS.items()
    ),
    measures=(
        Measure("test_accuracy", "right in the task on the test images"),
        Measure("nll", "negative log-likelihood", kind="number", better="lower", unit="nats"),
        Measure("agreement", "agreement with the teacher in the task", better=""),
    ),
    lesson="when_it_helps",
)
