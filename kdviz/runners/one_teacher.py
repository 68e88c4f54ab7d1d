"""One teacher of a sweep, trained by itself: once, though the students of several workers need it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from kdviz.recipes.base import Training
from kdviz.recipes.sweep import Sweep
from kdviz.records.comparison import Moment
from kdviz.runners.session import Clock, Setting
from kdviz.runners.sweep import LIVE_VALIDATION_IMAGES
from kdviz.runners.teachers import assemble
from kdviz.store import teacher_files
from kdviz.store.teacher_files import Taught


def run(sweep: Sweep, *, clock: Clock = time.perf_counter, only: Training) -> Iterator[Moment | Taught | None]:
    """Train the teacher `only`, or find it, and keep it here. Yields Moment often, Taught last.

    Raises DataError, TeacherError, TeacherFileError.
    """
    setting = Setting.of(sweep.data, LIVE_VALIDATION_IMAGES, clock).held_out(only.fold, only.folds)
    try:
        yield from assemble({only.seed: only}, setting, 0.0)
        yield Taught(teacher_files.path_of(only.id).read_bytes())
    except OSError as error:
        raise teacher_files.not_kept(error) from None
