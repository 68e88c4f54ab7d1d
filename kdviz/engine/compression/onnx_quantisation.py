"""An exported model with whole numbers of few bits, by ONNX Runtime's own quantiser."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
from torch import Tensor

from kdviz.engine.compression.errors import CompressionError
from kdviz.recipes.compression import Scheme

CALIBRATION_IMAGES = 1000  # the first of the training split
BLOCK = 16  # inputs that share a scale, of weight-only schemes
_LEARNT = ["Gemm", "MatMul", "Conv"]  # the operations with weights; grey levels are normalised in full precision
_BATCH = 100


def quantised_file(content: bytes, scheme: Scheme, calibration: Tensor) -> bytes:
    """The ONNX file with its weights, and of "int8" and "int8-static" its activations, in whole numbers.

    `calibration` are uint8 images (N, 28, 28), of which "int8-static" takes the ranges of the activations; the others
    find them anew for each batch. Raises CompressionError.
    """
    if scheme == "none":
        return content
    model = onnx.load_from_string(content)
    if scheme in ("int8-weights", "int4"):
        return _weights_alone(model, 4 if scheme == "int4" else 8)
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_dynamic, quantize_static

    with tempfile.TemporaryDirectory() as folder, _quiet():
        path = Path(folder, "quantised.onnx")
        if scheme == "int8":
            quantize_dynamic(model, path, op_types_to_quantize=_LEARNT, per_channel=True, weight_type=QuantType.QInt8)
        else:
            quantize_static(
                model,
                path,
                _Calibration(calibration),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=_LEARNT,
                per_channel=True,
                weight_type=QuantType.QInt8,
                activation_type=QuantType.QUInt8,
            )
        return _with_facts(onnx.load(path), model)


def _weights_alone(model: onnx.ModelProto, bits: int) -> bytes:
    if any(node.op_type == "Conv" for node in model.graph.node):
        raise CompressionError(
            f"ONNX Runtime has no convolutions with weights of {bits} bits alone; it has int8 and int8-static."
        )
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
    from onnxruntime.quantization.onnx_model import ONNXModel

    with _quiet():
        products = ONNXModel(model)
        products.replace_gemm_with_matmul()
        quantiser = MatMulNBitsQuantizer(products.model, bits=bits, block_size=BLOCK, is_symmetric=True)
        quantiser.process()
        return _with_facts(quantiser.model.model, model)


def _with_facts(quantised: onnx.ModelProto, before: onnx.ModelProto) -> bytes:
    """The file, with what the one before said of itself."""
    quantised.doc_string = before.doc_string
    known = {fact.key for fact in quantised.metadata_props}
    quantised.metadata_props.extend(fact for fact in before.metadata_props if fact.key not in known)
    content: bytes = quantised.SerializeToString(deterministic=True)
    return content


class _Calibration:
    """Images in batches, as the quantiser asks for them: one after the other, then None."""

    def __init__(self, images: Tensor) -> None:
        self._batches: Iterator[Tensor] = iter(images.split(_BATCH))

    def get_next(self) -> dict[str, Any] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"images": batch.numpy()}


class _quiet(warnings.catch_warnings):  # noqa: N801, as what it is made of
    """Without the advice that quantisers log: it is about larger networks."""

    def __enter__(self) -> Any:
        self._level = logging.root.level
        logging.root.setLevel(logging.ERROR)
        entered = super().__enter__()
        warnings.simplefilter("ignore")
        return entered

    def __exit__(self, *problem: Any) -> None:
        logging.root.setLevel(self._level)
        super().__exit__(*problem)
