"""How often a sweep that changes nothing is told to have gained: the whole procedure, from the choice to its test."""

import numpy as np
import pytest
from scipy.special import stdtrit

from kdviz.recipes.sweep import Sweep
from kdviz.verdicts import intervals

SWEEPS = 8000  # simulated ones, in each of which all cells are equally good
TOLD = 300  # of which the program's own verdict is asked as well: all would take too long
ALIKE = 0.74  # correlation of a network's accuracies on validation and on test images, as it was measured
OF_A_SEED = 0.3  # share of a network's luck that all networks of its seed have, as they begin with the same weights
NOMINAL = (1 - intervals.LEVEL) / 2  # "better" is one side of a two-sided interval


def called_better(sweep: Sweep) -> float:
    """The share of simulated sweeps whose choice is called better on the test images."""
    generator = np.random.default_rng(0)
    cells, seeds, tested = len(sweep.trained_cells), list(sweep.seeds), list(sweep.seeds_of_test)
    networks = SWEEPS, max(*seeds, *tested) + 1, cells
    shared, own = generator.normal(size=(*networks[:2], 1)), generator.normal(size=networks)
    luck = np.sqrt(OF_A_SEED) * shared + np.sqrt(1 - OF_A_SEED) * own
    validation, test = (
        np.sqrt(ALIKE) * luck + np.sqrt(1 - ALIKE) * generator.normal(size=networks) for _ in ("validation", "test")
    )
    chosen = validation[:, seeds].mean(axis=1).argmax(axis=1)
    taught = np.array([cell.alpha > 0 for cell in sweep.trained_cells])[chosen]  # else there is nothing to be better
    of_chosen, of_plain = (test[np.arange(SWEEPS)[:, None], tested, cell] for cell in (chosen[:, None], 0))
    differences = of_chosen - of_plain
    half = stdtrit(len(tested) - 1, 1 - NOMINAL) * differences.std(axis=1, ddof=1) / np.sqrt(len(tested))
    better = differences.mean(axis=1) > half
    pairs = zip(of_chosen[:TOLD], of_plain[:TOLD], strict=True)
    told = [intervals.verdict(*pair, larger_is_better=True).word for pair in pairs]
    assert [word == "better" for word in told] == list(better[:TOLD])
    return float((better & taught).mean())


@pytest.mark.parametrize("seeds", [(0, 1, 2), tuple(range(10))])
def test_a_choice_that_gains_nothing_is_called_better_no_more_often_than_the_level_allows(seeds):
    assert 0.7 * NOMINAL < called_better(Sweep(seeds=seeds)) < 1.2 * NOMINAL


@pytest.mark.parametrize(("seeds", "at_least"), [((0, 1, 2), 0.06), (tuple(range(10)), 0.09)])
def test_tested_by_the_networks_that_were_chosen_it_is_several_times_as_often(seeds, at_least):
    assert called_better(Sweep(seeds=seeds, test_seeds=seeds)) > at_least


def test_by_default_no_seed_of_the_test_has_a_part_in_the_choice():
    sweep = Sweep()
    assert set(sweep.seeds).isdisjoint(sweep.seeds_of_test)
