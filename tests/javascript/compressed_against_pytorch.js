// The shipped students pruned and quantised as PyTorch has just done it: test_compressed_against_pytorch.py starts this.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { compress, costOf, histogram, ordered } from "../../kdviz/components/compressed/compressing.js";
import { decodeBase64 } from "../../kdviz/components/kdviz.shared/bytes.js";
import { unpackStudents } from "../../kdviz/components/compressed/pack.js";
import { copyLayers } from "../../kdviz/components/playground/network.js";
import { unpack } from "../../kdviz/components/playground/pack.js";
import { Reading } from "../../kdviz/components/playground/reading.js";
import { Rereading } from "../../kdviz/components/playground/rereading.js";
import { Batch, Images } from "../../kdviz/components/playground/sparse.js";

const folder = process.env.KDVIZ_PYTORCH_RUN;
const bytes = (/** @type {string} */ name) => new Uint8Array(readFileSync(`${folder}/${name}`));

test("weights, bytes, histogram and answers are PyTorch's", async () => {
  const cases = JSON.parse(readFileSync(`${folder}/cases.json`, "utf8"));
  const students = await unpackStudents(bytes("students.gz"));
  const pack = await unpack(bytes("pack.gz"));
  const heldOut = new Batch(new Images(pack.images.subarray(pack.training * 784), 784), pack.heldOut);
  for (let i = 0; i < pack.heldOut; i++) heldOut.add(i);
  const read = Object.fromEntries(Object.entries(students).map(([name, layers]) => {
    const into = copyLayers(layers);
    return [name, { into, network: ordered(layers), rereading: new Rereading(into, heldOut) }];
  }));
  for (const { student, setting, weights, biases, right, stored, counts, most } of cases) {
    const { into, network, rereading } = read[student];
    compress(network, setting, into);
    const name = `${student} ${JSON.stringify(setting)}`;
    into.forEach((layer, n) => {
      const wanted = new Float32Array(decodeBase64(weights[n]).buffer);
      assert.equal(wanted.length, layer.weight.length);
      let apart = 0;
      layer.weight.forEach((w, i) => { apart = Math.max(apart, Math.abs(w - wanted[i])); });
      assert.ok(apart < 1e-6, `${name}, layer ${n}: ${apart}`);
      layer.bias.forEach((b, i) => assert.ok(Math.abs(b - biases[n][i]) < 1e-6, name));
    });
    assert.equal(costOf(into, setting).bytes, stored, name);
    assert.deepEqual([...histogram(into, most, new Uint32Array(counts.length))], counts, name);
    const reading = new Reading(pack.labels.subarray(pack.training));
    reading.take(rereading.read());
    assert.ok(Math.abs(reading.right - right) <= 1, `${name}: ${reading.right} right, by PyTorch ${right}`);
  }
});
