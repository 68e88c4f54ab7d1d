"""A compressed student, as it is kept beside the students of its run."""

from kdviz.recipes.compression import Compression
from kdviz.records.base import Record, TrainedStudent
from kdviz.records.measurement import Measurement


class CompressedStudent(Record):
    """A student after compression. Its weights are those before rounding: `compression.quantize` says how to round.

    `learnt` has the name of its own, which tells of which student it is made and how.
    """

    of: str  # the run's student
    compression: Compression
    learnt: TrainedStudent
    measured: Measurement
    before: Measurement  # of the student that it is made of, on the same machine in the same hour

    @staticmethod
    def name_of(student: str, compression: Compression) -> str:
        """What such a student is called: "distilled-units-50-soft-1-int8"."""
        return f"{student}-{compression.called}"


class MeasuredRun(Record):
    """The networks of a run, measured one after the other on one machine."""

    run_id: str
    data: str
    day: str  # 2026-11-26
    machine: str  # "x86_64, 2 cores"
    networks: tuple[Measurement, ...]
    missing: tuple[str, ...] = ()  # sentences: which networks are not kept, and so not measured
