"""A small sweep on digits and what is heard of it while it trains."""

from kdviz.recipes.sweep import Sweep
from kdviz.records.sweep_plan import waiting
from tests.samples.fake_training import finished_stack, grown

FEW = {"temperatures": (1.0, 4.0, 20.0), "alphas": (0.0, 0.5, 1.0), "seeds": (0, 1), "epochs": 3}


def sweep(**changes):
    return Sweep.suited("digits", {**FEW, **changes})


def stacks(of):
    return waiting(of, [])


def events_of(of, reports=6):
    """All that is said of the stacks that can be trained at once."""
    return [event for stack in stacks(of) for event in [*reports_of(stack, reports), finished_stack(stack, reports)]]


def reports_of(stack, reports=6):
    return [grown(stack, step, reports) for step in range(1, reports + 1)]


def cell_at(of, temperature, alpha):
    return next(c for c in of.trained_cells if (c.temperature, c.alpha) == (temperature, alpha))
