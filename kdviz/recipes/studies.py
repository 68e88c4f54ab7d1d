"""The studies of the lessons, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from kdviz.recipes.study_facts import (
    all_labels,
    few_labels,
    forgotten_temperature,
    gradient_noise,
    hinton,
    keras_example,
    large_teacher,
    left_out_class,
    mistakes,
    narrow_student,
    noise_payoff,
    noisy_labels,
    one_task,
    other_domain,
    overfitting,
    several_teachers,
    sizes,
    smoothed_teacher,
    t_squared,
)
from kdviz.recipes.study_facts.facts import StudyFacts

STUDIES: Mapping[str, StudyFacts] = MappingProxyType(
    {
        facts.name: facts
        for facts in (
            sizes.FACTS,
            forgotten_temperature.FACTS,
            t_squared.FACTS,
            gradient_noise.FACTS,
            noise_payoff.RATE_FACTS,
            noise_payoff.EXAMPLES_FACTS,
            few_labels.FACTS,
            hinton.FACTS,
            keras_example.FACTS,
            mistakes.FACTS,
            noisy_labels.FACTS,
            left_out_class.FACTS,
            narrow_student.FACTS,
            large_teacher.FACTS,
            smoothed_teacher.FACTS,
            overfitting.FACTS,
            several_teachers.FACTS,
            one_task.FACTS,
            other_domain.FACTS,
            all_labels.FACTS,
        )
    }
)
