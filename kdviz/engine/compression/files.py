"""A compressed student as a file for other programs, quantised as it was asked to be. On a worker, or in a command."""

import base64
import json
from collections.abc import Mapping

from kdviz.engine import data, onnx_files, torch_files
from kdviz.engine.compression.onnx_quantisation import CALIBRATION_IMAGES, quantised_file
from kdviz.records.compressed import CompressedStudent


def make(student: str, form: str, data_name: str, about: str = "{}") -> str:
    """The file, "onnx" or "pytorch", in base64, of a `CompressedStudent` as JSON; `about` as in `onnx_files.make`."""
    smaller = CompressedStudent.model_validate_json(student)
    content = onnx_file(smaller, data_name, json.loads(about)) if form == "onnx" else torch_file(smaller)
    return base64.b64encode(content).decode()


def onnx_file(student: CompressedStudent, data_name: str, about: Mapping[str, str]) -> bytes:
    """The ONNX file, calibrated with training images of the data set where that is needed.

    Raises CompressionError, DataError and WeightsError.
    """
    images = data.load(data_name).training.images[:CALIBRATION_IMAGES]
    return quantised_file(onnx_files.onnx_file(student.learnt, about), student.compression.quantize, images)


def torch_file(student: CompressedStudent) -> bytes:
    """The state file for PyTorch. Raises CompressionError and WeightsError."""
    return torch_files.torch_file(student.learnt, student.compression.quantize)
