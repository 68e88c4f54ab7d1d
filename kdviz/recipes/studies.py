"""The studies of the lessons, by name."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from kdviz.recipes.study_facts.facts import WORDS, StudyFacts

# Each is the `FACTS` of the module of `study_facts` that has its name.
STUDIES: Mapping[str, StudyFacts] = MappingProxyType(
    {name: import_module(f"kdviz.recipes.study_facts.{name.replace('-', '_')}").FACTS for name in WORDS}
)
