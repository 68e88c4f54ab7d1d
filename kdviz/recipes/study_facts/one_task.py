"""A teacher with several tasks, a student for one of them: what should it be told?"""

from kdviz.recipes.study_facts.facts import NLL, Measure, Role, StudyFacts, arms_in_groups

TASKS = {"parity": "odd or even", "size": "larger than four"}
_WAYS: dict[str, tuple[str, str, Role]] = {  # title, judged against, colour
    "teacher": ("teacher of all tasks", "", "teacher"),
    "labels": ("the task’s labels", "", "label"),
    "head": ("the teacher’s answers to the task", "labels", "student"),
    "sum": ("the teacher’s digits, added up", "labels", "student"),
    "all": ("labels of all tasks", "labels", "label"),
    "all-taught": ("the teacher’s answers to all tasks", "all", "student"),
}
_SHARED = ("teacher", "all", "all-taught")  # trained for the first task, and measured again for the second

FACTS = StudyFacts(
    name="one-task",
    title="One task of several",
    question="What can a teacher of several tasks give a student that has only one?",
    trainer="kdviz.runners.studies.one_task:measure",
    arms=arms_in_groups(
        TASKS,
        _WAYS,
        lambda task, way: {
            "weight": 0.1 if task == "size" and way in _SHARED else 3.0 if way == "teacher" else 1.0,
            "quick": task == "parity",
        },
    ),
    measures=(
        Measure("test_accuracy", "right in the task on the test images"),
        NLL,
        Measure("agreement", "agreement with the teacher in the task", better=""),
    ),
    lesson="when_it_helps",
)
