// How long a network takes for one image, here and now. Where only its shape is given the weights are random: a time
// does not depend on what they are.

import { applyLayer } from "./network.js";

/** @typedef {[kind: "dense" | "conv", inputs: number, outputs: number, side: number]} Shape */
/** @typedef {import("./network.js").Layer & { kind: "dense" | "conv", side: number }} TimedLayer */

const TIMING = { least: 12, most: 400, milliseconds: 120 };

/** @param {number} count */
const randomWeights = (count) => Float32Array.from({ length: count }, () => Math.random() - 0.5);

/**
 * Layers as [kind, inputs, outputs, side]: "dense" or "conv", 3x3 on a square of that side, pooled to half of it.
 * @param {Shape[]} layers
 */
export function buildTimed(layers) {
  return layers.map(([kind, inputs, outputs, side]) => {
    const weights = kind === "conv" ? 9 * inputs * outputs : inputs * outputs;
    return { kind, inputs, outputs, side, weight: randomWeights(weights), bias: randomWeights(outputs) };
  });
}

/**
 * A 3x3 convolution with a border of zeros, ReLU, and the largest of each 2x2. Channels come one after the other.
 * @param {TimedLayer} layer @param {Float32Array} x
 */
function applyConvolution({ inputs, outputs, side, weight, bias }, x) {
  const area = side * side;
  const half = side >> 1;
  const y = new Float32Array(outputs * half * half);
  const sums = new Float32Array(area);
  for (let o = 0; o < outputs; o++) {
    sums.fill(bias[o]);
    for (let i = 0; i < inputs; i++) {
      for (let k = 0; k < 9; k++) {
        const w = weight[(o * inputs + i) * 9 + k];
        const [dy, dx] = [Math.floor(k / 3) - 1, (k % 3) - 1];
        for (let r = Math.max(0, -dy); r < Math.min(side, side - dy); r++) {
          const from = i * area + (r + dy) * side + dx;
          for (let c = Math.max(0, -dx); c < Math.min(side, side - dx); c++) sums[r * side + c] += w * x[from + c];
        }
      }
    }
    for (let r = 0; r < half; r++) {
      for (let c = 0; c < half; c++) {
        const at = 2 * r * side + 2 * c;
        y[o * half * half + r * half + c] = Math.max(0, sums[at], sums[at + 1], sums[at + side], sums[at + side + 1]);
      }
    }
  }
  return y;
}

/** @param {TimedLayer[]} network @param {Float32Array} pixels */
export function applyTimed(network, pixels) {
  let x = pixels;
  network.forEach((layer, n) => {
    x = layer.kind === "conv" ? applyConvolution(layer, x) : applyLayer(layer, x, n < network.length - 1);
  });
  return x;
}

/**
 * Median milliseconds of `run`, which is called again and again for some 120 milliseconds. A browser's clock ticks
 * coarsely, so several calls make one measurement.
 * @param {() => unknown} run @param {number} [milliseconds]
 */
export function medianMilliseconds(run, milliseconds = TIMING.milliseconds) {
  for (let i = 0; i < 3; i++) run();
  const begun = performance.now();
  run();
  const once = Math.max(0.002, performance.now() - begun);
  const together = Math.max(1, Math.ceil(1 / once)); // a millisecond's worth
  const taken = [];
  const until = performance.now() + milliseconds;
  while (taken.length < TIMING.least || (performance.now() < until && taken.length < TIMING.most)) {
    const start = performance.now();
    for (let i = 0; i < together; i++) run();
    taken.push((performance.now() - start) / together);
  }
  taken.sort((a, b) => a - b);
  return taken[taken.length >> 1];
}

/** Median milliseconds for one image of a network of this shape. @param {Shape[]} layers */
export function millisecondsHere(layers) {
  const network = buildTimed(layers);
  const pixels = randomWeights(28 * 28);
  return medianMilliseconds(() => applyTimed(network, pixels));
}

/** "24 µs", "1.3 ms": two digits. @param {number} ms */
export function shortMilliseconds(ms) {
  if (ms < 0.0995) return `${(1000 * ms).toPrecision(2)} µs`;
  if (ms < 0.995) return `${10 * Math.round(100 * ms)} µs`;
  return `${ms < 9.95 ? ms.toPrecision(2) : ms.toFixed(0)} ms`;
}
