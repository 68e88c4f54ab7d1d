// A small network with ReLU between its layers, for a batch of images at once. Weights lie (input, unit), so that the
// loop over the units runs along the memory. Numbers are single precision, sums double: V8 has no single sums.

import { Rows, addRows } from "./sparse.js";

/** @typedef {import("./random.js").Random} Random */
/** @typedef {import("./sparse.js").Batch} Batch */
/** @typedef {{ inputs: number, outputs: number, weight: Float32Array, bias: Float32Array }} Layer weight (input, output) */

/**
 * Fresh layers, uniform between -1 and 1 over the root of the number of inputs: weights and biases as torch.nn.Linear.
 * @param {number[]} widths inputs, hidden units, outputs @param {Random} random @returns {Layer[]}
 */
export function freshLayers(widths, random) {
  return widths.slice(1).map((outputs, n) => {
    const inputs = widths[n];
    const bound = 1 / Math.sqrt(inputs);
    const draw = () => bound * (2 * random() - 1);
    const weight = Float32Array.from({ length: inputs * outputs }, draw);
    return { inputs, outputs, weight, bias: Float32Array.from({ length: outputs }, draw) };
  });
}

/** @param {Layer[]} layers @returns {Layer[]} */
export const copyLayers = (layers) =>
  layers.map((layer) => ({ ...layer, weight: layer.weight.slice(), bias: layer.bias.slice() }));

/** out (rows, outputs) = bias + rows · weight. @param {Rows} rows @param {Layer} layer @param {Float32Array} out */
function applyLayer({ size, from, to, index, value }, { outputs, weight, bias }, out) {
  for (let r = 0; r < size; r++) addRows(index, value, from[r], to[r], weight, outputs, bias, out, r * outputs);
}

/**
 * ReLU: what is above zero, as the rows of the next layer. NaN stays, so that it is seen at the logits.
 * @param {Float32Array} sums (rows, units) @param {number} units @param {number} size @param {Rows} rows
 */
function rectify(sums, units, size, { from, to, index, value }) {
  for (let r = 0; r < size; r++) {
    const at = r * units;
    let n = at;
    for (let j = 0; j < units; j++) {
      const x = sums[at + j];
      if (x <= 0) continue;
      index[n] = j;
      value[n++] = x;
    }
    from[r] = at;
    to[r] = n;
  }
}

/** Layers with room for what one pass over a batch leaves behind. */
export class Network {
  /** @param {Layer[]} layers @param {number} most images at once */
  constructor(layers, most) {
    this.layers = layers;
    this.sums = layers.map(({ outputs }) => new Float32Array(most * outputs));
    this.hidden = layers.slice(0, -1).map(({ outputs }) => {
      return new Rows(most, new Uint16Array(most * outputs), new Float32Array(most * outputs));
    });
  }

  /** Of the last pass, (images, classes). */
  get logits() {
    return this.sums[this.sums.length - 1];
  }

  /** The logits of a batch. @param {Rows} images */
  forward(images) {
    let rows = images;
    for (let n = 0; n < this.layers.length; n++) {
      applyLayer(rows, this.layers[n], this.sums[n]);
      if (n === this.hidden.length) break;
      rows = this.hidden[n];
      rows.size = images.size;
      rectify(this.sums[n], this.layers[n].outputs, images.size, rows);
    }
    return this.logits;
  }

  /** Take over another network's weights. @param {Network} other of the same shape */
  copyFrom(other) {
    this.layers.forEach(({ weight, bias }, n) => {
      weight.set(other.layers[n].weight);
      bias.set(other.layers[n].bias);
    });
  }
}
