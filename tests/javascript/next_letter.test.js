// What becomes of a typed text, and how a text is read in windows; test_next_letter_against_pytorch.py compares logits.
import assert from "node:assert/strict";
import { test } from "node:test";

import { MOST, encode, plain, shownLetter } from "../../kdviz/components/next_letter/letters.js";
import { LetterNetwork, Reader, unpackLetters } from "../../kdviz/components/next_letter/transformer.js";

const ALPHABET = "\n 'abc";

test("typographic signs and accents become plain letters, other alphabets are left out and named once", () => {
  assert.equal(plain("‘Ça’ — é…"), "'Ca' - e...");
  const { numbers, unknown, over } = encode("abж cжб", ALPHABET);
  assert.deepEqual(numbers, [3, 4, 1, 5]);
  assert.deepEqual(unknown, ["ж", "б"]);
  assert.equal(over, 0);
  assert.deepEqual(encode("", ALPHABET), { numbers: [], unknown: [], over: 0 });
});

test("of 100,000 letters the last ones are read, and the others counted", () => {
  const { numbers, over } = encode(`${"a".repeat(99_999)}b`, ALPHABET);
  assert.equal(numbers.length, MOST);
  assert.equal(numbers.at(-1), 4);
  assert.equal(over, 100_000 - MOST);
});

test("what cannot be seen has a name", () => {
  const tell = (/** @type {string} */ key) => `<${key}>`;
  assert.deepEqual(["a", " ", "\n"].map((letter) => shownLetter(letter, tell)), ["a", "<space>", "<line>"]);
});

/** A network that counts its steps: its logits are what it has read. */
class Counting extends LetterNetwork {
  steps = 0;

  constructor() {
    super({ format: "", alphabet: ALPHABET, context: 4, stride: 2, width: 1, layers: 0, heads: 1, tensors: [] }, {});
  }

  /** @override @param {number} letter @param {import("../../kdviz/components/next_letter/transformer.js").Past} past */
  read(letter, past) {
    this.steps++;
    return new Float32Array([past.count++, letter]);
  }
}

test("a text is read in windows that overlap, and a new letter costs one step", () => {
  const network = new Counting();
  const reader = new Reader(network);
  const text = [0, 1, 2, 3, 4, 5, 0];
  const counts = text.map((_, at) => reader.after(text, at)[0]);
  assert.deepEqual(counts, [0, 1, 2, 3, 2, 3, 2], "after the first window at least half of one comes before");
  const before = network.steps;
  reader.after([...text, 1], 7);
  assert.equal(network.steps, before + 1);
});

test("after a change only what comes from there on is read again", () => {
  const network = new Counting();
  const reader = new Reader(network);
  reader.after([0, 1, 2, 3], 3);
  const changed = [0, 1, 5, 3];
  reader.keep(changed);
  assert.deepEqual([1, 2].map((at) => reader.knows(at)), [true, false]);
  assert.deepEqual([...reader.after(changed, 3)], [3, 3]);
  assert.equal(network.steps, 4 + 2);
});

test("bytes that are no network are refused", async () => {
  const text = new TextEncoder().encode(JSON.stringify({ format: "other" }));
  const content = new Uint8Array([text.length, 0, 0, 0, ...text]);
  const packed = await new Response(new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  await assert.rejects(unpackLetters(packed), /other/);
});
