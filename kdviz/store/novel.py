"""The novel that comes with the program, by chapters. `assets/texts/README.md` has its source and its licence."""

import gzip
from functools import cache

import numpy as np
from numpy.typing import NDArray

from kdviz import settings
from kdviz.recipes.letters import HELD_OUT, NOVEL, VALIDATION, encode


@cache
def chapters() -> tuple[str, ...]:
    """The text of each chapter, a paragraph a line."""
    packed = (settings.ASSETS / "texts" / f"{NOVEL}.txt.gz").read_bytes()
    return tuple(gzip.decompress(packed).decode().strip().split("\n\n"))


def part(name: str) -> NDArray[np.int64]:
    """The numbers of the letters of the "training", "validation" or "held-out" chapters, one after the other."""
    of_part = {"held-out": HELD_OUT, "validation": VALIDATION}
    elsewhere = {number for numbers in of_part.values() for number in numbers}
    wanted = of_part.get(name)
    chosen = [
        text
        for number, text in enumerate(chapters(), start=1)
        if (number not in elsewhere if wanted is None else number in wanted)
    ]
    return np.array(encode("\n\n".join(chosen))[0])
