"""A taught student in whole numbers, quantised after its training or trained for it (Jacob et al. 2018, section 3).

Trained for it by a teacher in floats: quantised distillation (Polino, Pascanu, Alistarh 2018, section 3; Mishra, Marr
2018). Every arm learns again for as many epochs; those quantised afterwards are the floats that had soft targets.
"""

import torch
from torch import Tensor

from kdviz.engine import onnx_files, students
from kdviz.engine.compression.onnx_quantisation import CALIBRATION_IMAGES, quantised_file
from kdviz.engine.compression.quantisation import quantised
from kdviz.engine.measure import onnx_answer
from kdviz.recipes.compression import Scheme
from kdviz.runners.studies import compressed
from kdviz.runners.studies.compressed import Networks
from kdviz.runners.studies.lab import ArmResult, Lab, Reporting

SCHEMES: dict[str, Scheme] = {"float": "none", "int8": "int8", "int4": "int4"}


def measure(lab: Lab, arm: str) -> Reporting[ArmResult]:
    """One number of bits, reached in one way."""
    bits, way = arm.split("-")
    scheme = SCHEMES[bits]
    if way in ("after", "static") or scheme == "none":
        networks = yield from _floats(lab, "labels" if way == "labels" else "soft")
    else:
        before = yield from compressed.students(lab)
        networks = yield from compressed.learn_again(lab, before, way, scheme=scheme)
    if way == "static":
        logits = torch.stack([static_logits(lab, number, networks) for number in range(len(networks))])
    else:
        logits = compressed.logits_of(lab, [quantised(network, scheme) for network in networks])
    return compressed.rows_of(lab, logits, {"kilobytes": compressed.kilobytes(networks, scheme)}), []


def _floats(lab: Lab, way: str) -> Reporting[Networks]:
    """Students that learn again in floats, once for all arms that are made from them."""
    before = yield from compressed.students(lab)
    return (yield from lab.once(f"floats by {way}", compressed.learn_again(lab, before, way)))


def static_logits(lab: Lab, number: int, networks: Networks) -> Tensor:
    """Logits (N, classes) of a network in ONNX Runtime: the ranges of its activations are those of training images."""
    content = onnx_files.onnx_file(students.learnt("student", compressed.STUDENT, networks[number]), {})
    calibration = lab.session.data.training.images[:CALIBRATION_IMAGES].cpu()
    answer = onnx_answer(quantised_file(content, "int8-static", calibration))
    return answer(lab.session.data.test.images.cpu())
