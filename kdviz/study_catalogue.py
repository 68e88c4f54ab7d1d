"""The studies of the lessons, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kdviz.study_facts import few_labels
from kdviz.study_facts.facts import StudyFacts

STUDIES: Mapping[str, StudyFacts] = MappingProxyType({each.name: each for each in (few_labels.FACTS,)})
