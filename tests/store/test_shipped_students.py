"""The students that ship: their files hold what they say, and a browser gets the same."""

import gzip
import json
import struct

import numpy as np
import pytest

from kdviz.recipes.catalogue import SHIPPED_TEACHERS
from kdviz.store import playground, shipped_students
from kdviz.store.shipped_students import ROLES


@pytest.mark.parametrize("data", SHIPPED_TEACHERS)
def test_both_students_ship_with_how_they_were_made(data):
    students, about = shipped_students.layers(data), shipped_students.about(data)
    assert list(students) == list(ROLES)
    for layers in students.values():
        assert [weight.shape for weight, _ in layers] == [(784, 32), (32, 10)]
        assert [bias.shape for _, bias in layers] == [(32,), (10,)]
        assert all(weight.dtype == np.float32 for weight, _ in layers)
    assert about["training"]["data"] == data
    assert about["training"]["pixels_from_zero"] is True
    assert about["distillation"]["teacher"] == SHIPPED_TEACHERS[data]


def test_the_digits_students_read_as_many_held_out_images_as_their_file_says():
    pack = playground.unpacked(playground.shipped_path("digits").read_bytes())
    pixels, labels = pack.images[pack.training :].reshape(pack.held_out, -1) / 255, pack.labels[pack.training :]
    for role, ((first, bias), (last, other)) in shipped_students.layers("digits").items():
        read = (np.maximum(0, pixels @ first + bias) @ last + other).argmax(axis=1)
        figures = shipped_students.about("digits")["figures"][role]
        assert (int((read == labels).sum()), len(labels)) == (figures["held_out_right"], figures["held_out"])


def test_a_browser_gets_them_as_it_is_written_down():
    content = gzip.decompress(shipped_students.packed("digits"))
    (length,) = struct.unpack_from("<I", content)
    assert json.loads(content[4 : 4 + length]) == {
        "format": "kdviz-students-1",
        "students": ["distilled", "plain"],
        "layers": [{"inputs": 784, "outputs": 32}, {"inputs": 32, "outputs": 10}],
    }
    sent = np.frombuffer(content[4 + length :], "<f4")
    whole = [
        array.ravel() for layers in shipped_students.layers("digits").values() for pair in layers for array in pair
    ]
    np.testing.assert_array_equal(sent, np.concatenate(whole))
