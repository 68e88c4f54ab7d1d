"""Another domain: what is a teacher worth on images of a kind it never saw?"""

from types import MappingProxyType

from kdviz.recipes.study_facts.facts import NLL, Measure, Role, StudyFacts, arms_in_groups

LABELLED = MappingProxyType({"mnist": 200, "digits": 100})  # images of the other domain whose labels may be used
DOMAINS = MappingProxyType({"usps": "USPS", "turned": "turned by 45°", "inverted": "inverted"})

_WAYS: dict[str, tuple[str, str, Role]] = {  # title, judged against, colour
    "teacher": ("teacher as it is", "", "teacher"),
    "tuned": ("teacher, fine-tuned on a few labels", "teacher", "teacher"),
    "few": ("student, a few labels only", "", "label"),
    "own": ("student, first on the old labels, then on a few new ones", "few", "label"),
    "straight": ("student of the teacher as it is", "few", "student"),
    "fine": ("student of the fine-tuned teacher", "own", "student"),
    "all": ("student, all labels", "", "label"),
}

FACTS = StudyFacts(
    name="other-domain",
    title="Another domain",
    question="What is a teacher worth on images of a kind it never saw?",
    trainer="kdviz.runners.studies.other_domain:measure",
    arms=arms_in_groups(
        DOMAINS,
        _WAYS,
        lambda domain, way: {
            "weight": 0.3 if way == "teacher" else 1.0,
            "quick": domain != "turned",
            "only": ("mnist",) if domain == "usps" else (),
        },
    ),
    measures=(
        Measure("test_accuracy", "right on the other domain’s test images"),
        NLL,
        Measure("source_accuracy", "right on the test images of the teacher’s own domain", better=""),
        Measure("agreement", "agreement with its teacher", better=""),
    ),
    lesson="when_it_helps",
)
