"""What is kept of the test images and their teacher's answers, and what becomes of it when its file is damaged."""

import pytest

from kdviz.store import gallery


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: content[:-5000], lambda content: b"text" * 99])
def test_a_damaged_gallery_is_one_that_is_yet_to_be_made(tmp_path, monkeypatch, damage):
    content = gallery.path_of("digits").read_bytes()
    kept = tmp_path / "digits.npz"
    monkeypatch.setattr(gallery, "path_of", lambda data: kept)
    kept.write_bytes(content)
    assert gallery.read("digits") is not None
    kept.write_bytes(damage(content))
    assert gallery.read("digits") is None
