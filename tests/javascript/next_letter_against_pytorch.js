// The networks of letters read a text as PyTorch has just read it: test_next_letter_against_pytorch.py starts this.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { encode } from "../../kdviz/components/next_letter/letters.js";
import { Reader, unpackLetters } from "../../kdviz/components/next_letter/transformer.js";

const folder = process.env.KDVIZ_PYTORCH_RUN;
const { text, cases } = JSON.parse(readFileSync(`${folder}/cases.json`, "utf8"));

test("the logits of 200 letters are within 0.01, of teacher and student", async () => {
  for (const { role, logits } of cases) {
    const network = await unpackLetters(new Uint8Array(readFileSync(`${folder}/${role}.gz`)));
    const { numbers, unknown } = encode(text, network.facts.alphabet);
    assert.deepEqual([numbers.length, unknown], [200, []]);
    const reader = new Reader(network);
    let most = 0;
    numbers.forEach((_, at) => reader.after(numbers, at).forEach((z, i) => { most = Math.max(most, Math.abs(z - logits[at][i])); }));
    assert.ok(most < 0.01, `${role}: ${most}`);
  }
});
