"""The page that a student is taken home in, as a file; `tests/browser/test_take_home.py` draws on it."""

import base64
import gzip
import json
import re

import numpy as np
import pytest
import torch

from kdviz.engine import models, students
from kdviz.engine.compression.low_rank import factored
from kdviz.exports import take_home
from kdviz.exports.take_home import MOST_BYTES, TakeHomeError


def learnt(network, name="distilled"):
    return students.learnt(name, models.name_of(network), network)


def test_everything_is_in_the_file():
    content = take_home.page(learnt(models.build("784-128-10", 0)), "mnist", "right on 97 %").decode()
    assert len(content) < MOST_BYTES
    assert not re.search(r"(src|href)=|https?://(?!www\.w3\.org)", content)
    assert "{{" not in content.split('<script type="application/json"')[0].split("</style>")[1]
    imports = json.loads(re.search(r'importmap">(.*?)</script>', content, re.DOTALL)[1])["imports"]
    for address in imports.values():
        text = base64.b64decode(address.partition(",")[2]).decode()
        wanted = set(re.findall(r'^import [^"\n]*"([^"]+)"', text, re.MULTILINE))
        assert wanted <= imports.keys()


def test_its_weights_are_the_students_in_half_precision():
    network = models.build("784-16-10", 3)
    content = take_home.page(learnt(network), "digits", "right").decode()
    document = json.loads(re.search(r'id="student">(.*?)</script>', content, re.DOTALL)[1])
    packed = gzip.decompress(base64.b64decode(document["weights"]))
    length = int.from_bytes(packed[:4], "little")
    header, weights = json.loads(packed[4 : 4 + length]), np.frombuffer(packed[4 + length :], "<f2")
    assert header["layers"] == [{"inputs": 784, "outputs": 16}, {"inputs": 16, "outputs": 10}]
    assert np.array_equal(weights[: 784 * 16].reshape(16, 784), network[1].weight.detach().T.numpy().astype("<f2"))
    assert document["frame"] == "8x8"


def test_a_factored_layer_is_multiplied_out():
    network = factored(models.build("784-16-10", 3), 4)
    (first, bias), last = take_home.dense_layers(learnt(network))
    images = torch.randn(5, 1, 28, 28)
    hidden = np.maximum(images.flatten(1).numpy() @ first.T + bias, 0)
    assert np.allclose(hidden @ last[0].T + last[1], network(images).detach().numpy(), atol=1e-4)


def test_what_a_page_cannot_hold_is_said():
    with pytest.raises(TakeHomeError, match=r"cnn-8-16 cannot be in a page: it has convolutions; onnx has them\."):
        take_home.page(learnt(models.build("cnn-8-16", 0)), "mnist", "right")
    with pytest.raises(TakeHomeError, match=r"784-512-256-10 makes a page of [\d,]+ kB; it takes up to 600 kB"):
        take_home.page(learnt(models.build("784-512-256-10", 0)), "mnist", "right")


def test_a_name_is_text_and_ends_nothing():
    nasty = "</script><img src=x onerror=alert(1)>"
    content = take_home.page(learnt(models.build("784-4-10", 0), nasty), "mnist", "right").decode()
    assert nasty not in content
