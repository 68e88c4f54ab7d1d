"""What an arm of a study measured along an axis, as the mean over its seeds and their range."""

from dataclasses import dataclass
from statistics import fmean

from kdviz.records.study import Curve, FinishedArm


@dataclass(frozen=True)
class SeedCurve:
    """One quantity at the places `x`: the mean of all seeds and their range, or one seed alone; empty if unmeasured."""

    x: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def curves_named(arm: FinishedArm, name: str, seed: int | None = None) -> list[Curve]:
    """One quantity of an arm, a curve for each seed, or for the one asked for."""
    return [curve for curve in arm.curves if curve.name == name and seed in (None, curve.seed)]


def seed_curve(arm: FinishedArm, name: str, seed: int | None = None) -> SeedCurve:
    """A quantity of an arm over all seeds, or of one; empty where it was not measured."""
    curves = curves_named(arm, name, seed)
    columns = list(zip(*(curve.y for curve in curves), strict=True))
    mean, low, high = (tuple(of(column) for column in columns) for of in (fmean, min, max))
    return SeedCurve(tuple(curves[0].x) if curves else (), mean, low, high)
