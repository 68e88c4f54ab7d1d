// Pruning and quantising by hand-worked examples; test_compressed_against_pytorch.py compares with PyTorch.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  compress, costOf, countOf, dense, forwardSparse, histogram, nonZero, ordered, prunedBy, quantise, shapeOf, sparseOf,
} from "../../kdviz/components/compressed/compressing.js";
import { describe, shortBytes, times } from "../../kdviz/components/compressed/sentence.js";
import { filled } from "../../kdviz/components/kdviz.shared/format.js";
import { applyLayer } from "../../kdviz/components/kdviz.shared/network.js";

/** @typedef {import("../../kdviz/components/compressed/compressing.js").Layer} Layer */
/** @typedef {import("../../kdviz/components/compressed/compressing.js").Setting} Setting */

const TEXT = readFileSync(new URL("../../assets/lessons/en/pictures.md", import.meta.url), "utf8");
const WORDS = Object.fromEntries([...TEXT.matchAll(/^- `compressed-(.+?)` (.+)$/gm)].map(([, key, text]) => [key, text]));
const tell = (/** @type {string} */ key, values = {}) => filled(WORDS[key], values);

/** Three pixels, two units, two classes. @returns {Layer[]} */
const small = () => [
  { inputs: 3, outputs: 2, weight: new Float32Array([0.1, -4, 0.2, 5, -0.3, 6]), bias: new Float32Array([7, 8]) },
  { inputs: 2, outputs: 2, weight: new Float32Array([0.4, -0.5, 0.6, 7]), bias: new Float32Array([0, 1]) },
];

/** @param {Partial<Setting>} changed @returns {Setting} */
const set = (changed) => ({ sparsity: 0, bits: 32, way: "weights", ...changed });

/** @param {Setting} setting */
function made(setting) {
  const into = small();
  compress(ordered(small()), setting, into);
  return into;
}

const numbers = (/** @type {Layer} */ { weight }) => [...weight].map((w) => Number(w.toFixed(3)));

test("the smallest weights of all layers go first, and half a weight is rounded to the even number", () => {
  const into = made(set({ sparsity: 0.5 }));
  assert.deepEqual(numbers(into[0]), [0, -4, 0, 5, 0, 6]);
  assert.deepEqual(numbers(into[1]), [0, 0, 0.6, 7]);
  assert.deepEqual([...into[0].bias], [7, 8]);
  assert.deepEqual([countOf(0.25, 10), countOf(0.35, 10)], [2, 4]);
});

test("a unit goes with its bias and what it gives, and one stays", () => {
  const into = made(set({ sparsity: 0.99, way: "units" }));
  assert.deepEqual(numbers(into[0]), [0, -4, 0, 5, 0, 6]);
  assert.deepEqual(numbers(into[1]), [0, 0, 0.6, 7]);
  assert.deepEqual([...into[0].bias], [0, 8]);
  assert.equal(prunedBy(small(), set({ sparsity: 0.99, way: "units" })), 1);
  assert.deepEqual(shapeOf(small(), set({ sparsity: 0.5, way: "units" })), { inputs: 3, hidden: 1, outputs: 2 });
});

test("weights are rounded to steps of the largest, and 32 bits leave them alone", () => {
  const two = small();
  quantise(two, 2);
  assert.deepEqual(numbers(two[0]), [0, -6, 0, 6, 0, 6]);
  assert.deepEqual(numbers(two[1]), [0, 0, 0, 7]);
  assert.deepEqual(made(set({})).map(numbers), small().map(numbers));
  const none = [{ ...small()[0], weight: new Float32Array(6) }];
  quantise(none, 4);
  assert.deepEqual([...none[0].weight], [0, 0, 0, 0, 0, 0]);
});

test("what it takes is counted: weights in their bits, zeros left out where that is less", () => {
  assert.deepEqual(costOf(small(), set({})), { weights: 10, nonZero: 10, multiplyAdds: 10, bytes: 4 * 10 + 4 * 4 });
  const half = costOf(made(set({ sparsity: 0.5 })), set({ sparsity: 0.5 }));
  assert.deepEqual(half, { weights: 10, nonZero: 5, multiplyAdds: 10, bytes: 1 + 12 + 1 + 8 + 4 * 4 });
  const unit = set({ sparsity: 0.5, way: "units" });
  assert.deepEqual(costOf(made(unit), unit), { weights: 5, nonZero: 5, multiplyAdds: 5, bytes: 4 * 5 + 4 * 3 });
  const four = costOf(made(set({ bits: 4 })), set({ bits: 4 }));
  assert.equal(four.bytes, 3 + 2 + 4 * 4 + 2 * 4, "and the step of each layer");
});

test("the same logits come from the units that are left and from the weights that are not zero", () => {
  const pixels = new Float32Array([0.5, 0, 1]);
  for (const setting of [set({}), set({ sparsity: 0.5 }), set({ sparsity: 0.5, way: "units" }), set({ sparsity: 0.3, bits: 4 })]) {
    const into = made(setting);
    const through = (/** @type {any[]} */ layers) => layers.reduce((x, layer, n) => applyLayer(layer, x, n === 0), pixels);
    const usual = through(dense(into, setting, ordered(small()).units));
    const skipped = forwardSparse(into.map(sparseOf), pixels);
    usual.forEach((/** @type {number} */ z, /** @type {number} */ n) => assert.ok(Math.abs(z - skipped[n]) < 1e-6));
    assert.equal(dense(into, setting, ordered(small()).units)[0].outputs, shapeOf(into, setting).hidden);
  }
});

test("every weight lies in one bin, the ends included", () => {
  const counts = histogram(small(), 7, new Uint32Array(7));
  assert.equal(counts.reduce((sum, count) => sum + count, 0), 10);
  assert.deepEqual([...counts], [0, 1, 0, 6, 0, 0, 3]);
  assert.equal(nonZero(small()), 10);
});

test("the sentence says what the numbers do, with Wilson's interval, and nothing of what was not done", () => {
  const before = costOf(small(), set({}));
  const moment = { n: 1000, right: 960, lost: 15, gained: 2, pruned: 0, units: 2, before, now: before };
  assert.match(describe(tell, set({}), moment), /^Nothing is left out yet.*960 of 1,000.*94\.6 to 97\.0/);
  const pruned = { ...moment, pruned: 5, now: costOf(made(set({ sparsity: 0.5 })), set({ sparsity: 0.5 })) };
  const said = describe(tell, set({ sparsity: 0.5, bits: 4 }), pruned);
  assert.match(said, /^With 50.% of the weights pruned and 4 bits a weight, .* it lost 15 that it read before and gained 2\./);
  assert.match(said, /still multiplies with its 5 zeros/);
  const units = set({ sparsity: 0.5, way: "units" });
  assert.match(describe(tell, units, { ...moment, pruned: 1, now: costOf(made(units), units) }), /1 of 2 units pruned.*Every program does 2 times fewer/);
  assert.deepEqual([shortBytes(240), shortBytes(13_440), times(2, 1), times(100, 13)], ["240\u00a0B", "13.4\u00a0kB", "2", "7.7"]);
});
