"""A kept student as a state file that PyTorch alone loads: layers of torch's own, quantised ones with torchao."""

import base64

from kdviz.engine import students
from kdviz.engine.compression.quantisation import quantised
from kdviz.engine.measure import state_file
from kdviz.recipes.compression import Scheme
from kdviz.records.base import TrainedStudent


def make(learnt: str, scheme: Scheme = "none") -> str:
    """The file, in base64, of a `TrainedStudent` as JSON. Raises CompressionError and WeightsError."""
    return base64.b64encode(torch_file(TrainedStudent.model_validate_json(learnt), scheme)).decode()


def torch_file(learnt: TrainedStudent, scheme: Scheme = "none") -> bytes:
    """The file; `exports.loading` has the lines that load it. Raises CompressionError and WeightsError."""
    return state_file(quantised(students.network_of(learnt), scheme))
