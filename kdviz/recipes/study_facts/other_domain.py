"""Another domain: what is a teacher worth on images of a kind it never saw?"""

from collections.abc import Mapping

from kdviz.recipes.study_facts.facts import arms_in_groups, study

LABELLED: Mapping[str, int] = {"mnist": 200, "digits": 100}  # images of the other domain whose labels may be used

FACTS = study(
    "other-domain",
    arms=arms_in_groups(
        "other-domain",
        {
            "teacher": ("", "teacher"),
            "tuned": ("teacher", "teacher"),
            "few": ("", "label"),
            "own": ("few", "label"),
            "straight": ("few", "student"),
            "fine": ("own", "student"),
            "all": ("", "label"),
        },
        lambda domain, way: {
            "weight": 0.3 if way == "teacher" else 1.0,
            "quick": domain != "turned",
            "only": ("mnist",) if domain == "usps" else (),
        },
    ),
)
