"""What JavaScript's transformer says of 200 letters is what PyTorch's says."""

from __future__ import annotations

import json

import torch

from kdviz.engine.letters import shipped, windows
from kdviz.engine.letters.evaluation import logits_of
from kdviz.recipes.letters import SHAPES, decode
from kdviz.store import novel, shipped_letters


def test_both_networks_read_the_novel_as_pytorch_does(tmp_path, holds):
    text = torch.from_numpy(novel.part("held-out")[1000:1200])
    # a letter more, and windows that count each letter once: their logits are in the order of the text
    padded = torch.cat([text, text[:40]])
    counting = windows.counting(padded)
    cases = []
    for role in SHAPES:
        network = shipped.network(role)
        logits = logits_of(network, counting.letters)[counting.counted][: len(text)]
        assert len(logits) == 200
        cases.append({"role": role, "logits": logits.tolist()})
        (tmp_path / f"{role}.gz").write_bytes(shipped_letters.packed(role))
    (tmp_path / "cases.json").write_text(json.dumps({"text": decode(text.tolist()), "cases": cases}))
    holds("next_letter_against_pytorch.js")
