// The playground against a run that PyTorch has just written: test_playground_against_pytorch.py starts this.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Experiment } from "../../kdviz/components/playground/experiment.js";
import { unpack } from "../../kdviz/components/playground/pack.js";
import { defaults } from "../../kdviz/components/playground/settings.js";
import { decodeBase64 } from "../../kdviz/components/kdviz.shared/bytes.js";

const TOLERANCE = 1e-4; // of a loss, in nats
const POINTS = 0.5; // of the accuracy, in per cent of the held-out images

const folder = process.env.KDVIZ_PYTORCH_RUN;
const floats = (/** @type {string} */ text) => new Float32Array(decodeBase64(text).buffer);

test("losses of the first updates and the accuracy after the last are PyTorch's", async () => {
  const run = JSON.parse(readFileSync(`${folder}/run.json`, "utf8"));
  const pack = await unpack(new Uint8Array(readFileSync(`${folder}/pack.gz`)));
  const layers = run.layers.map((/** @type {any} */ layer) => ({ ...layer, weight: floats(layer.weight), bias: floats(layer.bias) }));
  const batches = (/** @type {number} */ update) => ({ labelled: run.labelled[update], transfer: run.transfer?.[update] });
  const experiment = new Experiment(pack, { ...defaults(pack), ...run.settings }, { layers, batches });
  let apart = 0;
  for (let update = 0; update < run.labelled.length; update++) {
    experiment.update();
    if (update >= run.taught.losses.length) continue;
    const { soft, hard, plain } = experiment.last;
    const [expected, alone] = [run.taught.losses[update], run.plain.losses[update][1]];
    apart = Math.max(apart, Math.abs(soft - expected[0]), Math.abs(hard - expected[1]), Math.abs(plain - alone));
    assert.ok(apart < TOLERANCE, `update ${update}: ${soft} ${hard} ${plain}, by PyTorch ${expected} ${alone}`);
  }
  experiment.evaluate();
  const { counts } = experiment.snapshot();
  for (const who of /** @type {const} */ (["taught", "plain"])) {
    const points = (100 * Math.abs(counts[who] - run[who].right)) / counts.n;
    assert.ok(points <= POINTS, `${who}: ${counts[who]} of ${counts.n} right, by PyTorch ${run[who].right}`);
  }
});
