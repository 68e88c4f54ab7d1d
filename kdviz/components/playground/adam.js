// The backward pass and the update of the weights in one: the gradient of a weight is used the moment it is known, and
// never lies in memory.

import { Columns, addRows } from "./sparse.js";

/** @typedef {import("./network.js").Layer} Layer */
/** @typedef {import("./network.js").Network} Network */
/** @typedef {import("./sparse.js").Batch} Batch */
/** @typedef {import("./sparse.js").Rows} Rows */

// Kingma, Ba 2015, algorithm 1.
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/**
 * The gradient at a hidden layer's sums: zero where the ReLU let nothing through.
 * @param {Layer} layer above the hidden layer @param {Float32Array} above (rows, outputs) @param {Rows} rows of the
 * hidden layer @param {Float32Array} below (rows, inputs)
 */
function gradientBelow({ inputs, outputs, weight }, above, { size, from, to, index }, below) {
  below.fill(0, 0, size * inputs);
  for (let r = 0; r < size; r++) {
    const at = r * outputs;
    for (let n = from[r]; n < to[r]; n++) {
      const w = index[n] * outputs;
      let even = 0, odd = 0;
      for (let j = 0; j < outputs; j += 2) {
        even += weight[w + j] * above[at + j];
        odd += weight[w + j + 1] * above[at + j + 1];
      }
      below[r * inputs + index[n]] = even + odd;
    }
  }
}

/**
 * @param {Float32Array} above (rows, outputs) @param {number} size of the batch @param {number} outputs
 * @param {Float32Array} gradient (outputs,)
 */
function gradientOfBias(above, size, outputs, gradient) {
  gradient.fill(0, 0, outputs);
  for (let r = 0, at = 0; r < size; r++) for (let j = 0; j < outputs; j++) gradient[j] += above[at++];
}

/** Means of the gradients and of their squares, for weights or biases. @param {Float32Array} weights */
const moments = (weights) => ({ mean: new Float32Array(weights.length), square: new Float32Array(weights.length) });

/**
 * Adam for the weights from `at` on.
 * @param {Float32Array} weights @param {ReturnType<typeof moments>} moments_ @param {number} at
 * @param {Float32Array} gradient @param {number} count @param {number} rate over the first correction
 * @param {number} correction of the root, as a factor
 */
function step(weights, { mean, square }, at, gradient, count, rate, correction) {
  for (let j = 0; j < count; j++) {
    const g = gradient[j], o = at + j;
    const m = mean[o] + (1 - BETA1) * (g - mean[o]);
    const v = BETA2 * square[o] + (1 - BETA2) * g * g;
    mean[o] = m;
    square[o] = v;
    weights[o] -= (rate * m) / (Math.sqrt(v) * correction + EPSILON);
  }
}

/** What Adam remembers of a network, and room for its backward pass. */
export class Adam {
  /**
   * @param {Network} network @param {number} most images at once
   * @param {Uint16Array} lit the pixels that are ever lit: the weights of the others never move
   */
  constructor(network, most, lit) {
    this.network = network;
    this.updates = 0;
    const { layers } = network;
    this.ofWeights = layers.map(({ weight }) => moments(weight));
    this.ofBiases = layers.map(({ bias }) => moments(bias));
    this.used = layers.map(({ inputs }, n) => (n ? Uint16Array.from({ length: inputs }, (_, i) => i) : lit));
    this.gradients = layers.map(({ outputs }) => new Float32Array(most * outputs));
    this.columns = layers.slice(1).map(({ inputs }) => new Columns(inputs, most));
    const widest = Math.max(...layers.map(({ outputs }) => outputs));
    this.gradient = new Float32Array(widest);
    this.nothing = new Float32Array(widest);
  }

  /** Where the gradient of the loss at the logits belongs before `update`, (images, classes). */
  get atLogits() {
    return this.gradients[this.gradients.length - 1];
  }

  /** One update after the network's pass over this batch. @param {Batch} batch @param {number} rate */
  update(batch, rate) {
    const { layers, hidden } = this.network;
    this.updates++;
    const corrected = rate / (1 - BETA1 ** this.updates);
    const correction = 1 / Math.sqrt(1 - BETA2 ** this.updates);
    for (let n = layers.length - 1; n >= 0; n--) {
      const { outputs, weight, bias } = layers[n];
      const above = this.gradients[n];
      let columns = batch.columns;
      if (n) {
        gradientBelow(layers[n], above, hidden[n - 1], this.gradients[n - 1]); // before these weights move
        columns = this.columns[n - 1];
        columns.fill(hidden[n - 1]);
      }
      for (const input of this.used[n]) {
        const { start, row, value } = columns;
        addRows(row, value, start[input], start[input + 1], above, outputs, this.nothing, this.gradient, 0);
        step(weight, this.ofWeights[n], input * outputs, this.gradient, outputs, corrected, correction);
      }
      gradientOfBias(above, batch.size, outputs, this.gradient);
      step(bias, this.ofBiases[n], 0, this.gradient, outputs, corrected, correction);
    }
  }
}
