// Pruning and quantising a trained network, and what is left of it. Weights lie (input, unit), as in the playground.

/** @typedef {{ inputs: number, outputs: number, weight: Float32Array, bias: Float32Array }} Layer weight (input, output) */
/** @typedef {"weights" | "units"} Way what is pruned: single weights, or whole hidden units */
/** @typedef {{ sparsity: number, bits: number, way: Way }} Setting sparsity: the share that is pruned, below 1 */

export const BITS = [32, 8, 4, 3, 2];
const FULL = 32; // bits of a number that is not quantised
const NO_FRACTIONS = 1.5 * 2 ** 52;

/**
 * All weights of a network from the smallest magnitude to the largest, counted through its layers.
 * @param {Layer[]} layers
 */
export function magnitudeOrder(layers) {
  const sizes = layers.map(({ weight }) => weight.length);
  const all = new Float32Array(sizes.reduce((sum, size) => sum + size, 0));
  layers.forEach(({ weight }, n) => all.set(weight.map(Math.abs), sizes.slice(0, n).reduce((sum, size) => sum + size, 0)));
  return Uint32Array.from(all.keys()).sort((a, b) => all[a] - all[b] || a - b);
}

/**
 * The hidden units of a network with one hidden layer, from the smallest norm (L2) of their incoming weights on.
 * @param {Layer[]} layers
 */
export function unitOrder([{ inputs, outputs, weight }]) {
  const squares = new Float64Array(outputs);
  for (let i = 0, at = 0; i < inputs; i++) for (let j = 0; j < outputs; j++) squares[j] += weight[at++] ** 2;
  return Uint32Array.from(squares.keys()).sort((a, b) => squares[a] - squares[b] || a - b);
}

/** A whole number of things nearest to a share of them; of two the even one, as in Python. @param {number} share @param {number} of */
export const countOf = (share, of) => roundEven(share * of);

/**
 * The nearest whole number; of two the even one, as PyTorch rounds. Doubles of this size have no room for fractions, so
 * the sum is rounded, and to even. @param {number} x between -2^51 and 2^51
 */
const roundEven = (x) => x + NO_FRACTIONS - NO_FRACTIONS;

/**
 * Set the first `count` weights of `order` to zero, across all layers: torch.nn.utils.prune.global_unstructured with
 * L1Unstructured. @param {Layer[]} layers changed @param {Uint32Array} order @param {number} count
 */
export function pruneWeights(layers, order, count) {
  let [from, at] = [0, 0];
  const starts = layers.map(({ weight }) => {
    from = at;
    at += weight.length;
    return from;
  });
  for (let n = 0; n < count; n++) {
    let layer = starts.length - 1;
    while (order[n] < starts[layer]) layer--;
    layers[layer].weight[order[n] - starts[layer]] = 0;
  }
}

/**
 * Take the first `count` hidden units of `order` out: what goes into them, their biases and what they give. They keep
 * their places, as zeros, so that the layers keep their shapes; `shapeOf` says what is left.
 * @param {Layer[]} layers two, changed @param {Uint32Array} order @param {number} count
 */
export function pruneUnits([into, outOf], order, count) {
  for (let n = 0; n < count; n++) {
    const unit = order[n];
    for (let i = 0; i < into.inputs; i++) into.weight[i * into.outputs + unit] = 0;
    into.bias[unit] = 0;
    outOf.weight.fill(0, unit * outOf.outputs, (unit + 1) * outOf.outputs);
  }
}

/**
 * Round each weight to the nearest of 2^bits - 1 evenly spaced numbers around zero, the largest weight of its layer
 * being the last of them: torch.fake_quantize_per_tensor_affine with the zero point 0. Biases stay as they are.
 * @param {Layer[]} layers changed @param {number} bits from 2; 32 leaves all as it is
 */
export function quantise(layers, bits) {
  if (bits >= FULL) return;
  const most = 2 ** (bits - 1) - 1;
  for (const { weight } of layers) {
    const end = largest([{ weight }]);
    if (!end) continue;
    const scale = Math.fround(end / most);
    const inverse = Math.fround(1 / scale);
    for (let n = 0; n < weight.length; n++) {
      if (weight[n] !== 0) weight[n] = scale * Math.min(most, Math.max(-most, roundEven(Math.fround(weight[n] * inverse))));
    }
  }
}

/** A network in the orders in which it is pruned. @param {Layer[]} layers */
export function ordered(layers) {
  return { layers, weights: magnitudeOrder(layers), units: unitOrder(layers) };
}

/** How many weights, or units, a setting prunes; one unit stays. @param {Layer[]} layers @param {Setting} setting */
export function prunedBy(layers, { sparsity, way }) {
  if (way === "units") return Math.min(layers[0].outputs - 1, countOf(sparsity, layers[0].outputs));
  return countOf(sparsity, layers.reduce((sum, { weight }) => sum + weight.length, 0));
}

/**
 * Write the network that a setting makes of another into layers of the same shapes: first it is pruned, then quantised.
 * @param {ReturnType<typeof ordered>} network @param {Setting} setting @param {Layer[]} into
 */
export function compress({ layers, weights, units }, setting, into) {
  layers.forEach(({ weight, bias }, n) => {
    into[n].weight.set(weight);
    into[n].bias.set(bias);
  });
  const count = prunedBy(layers, setting);
  if (setting.way === "units") pruneUnits(into, units, count);
  else pruneWeights(into, weights, count);
  quantise(into, setting.bits);
}

/** Inputs, hidden units that are left, and classes. @param {Layer[]} layers @param {Setting} setting */
export function shapeOf(layers, setting) {
  const [first, last] = layers;
  const hidden = first.outputs - (setting.way === "units" ? prunedBy(layers, setting) : 0);
  return { inputs: first.inputs, hidden, outputs: last.outputs };
}

/** Weights that are not zero. @param {Layer[]} layers */
export function nonZero(layers) {
  let count = 0;
  for (const { weight } of layers) for (let n = 0; n < weight.length; n++) if (weight[n] !== 0) count++;
  return count;
}

/**
 * What a compressed network takes. `weights` that it has, zeros included, and how many are not zero; one multiply-add
 * for each weight, as a program for dense layers does them. `bytes`: each weight in `bits`, biases and the step of each
 * quantised layer in four bytes; where that takes less, the zeros are left out and a bit for each weight says which.
 * @param {Layer[]} compressed @param {Setting} setting
 */
export function costOf(compressed, setting) {
  const { inputs, hidden, outputs } = shapeOf(compressed, setting);
  const sizes = [inputs * hidden, hidden * outputs];
  const others = 4 * (hidden + outputs + (setting.bits < FULL ? sizes.length : 0));
  let [bytes, kept] = [others, 0];
  compressed.forEach((layer, n) => {
    const count = nonZero([layer]);
    bytes += Math.min(bytesFor(sizes[n], setting.bits), bytesFor(sizes[n], 1) + bytesFor(count, setting.bits));
    kept += count;
  });
  return { weights: sizes[0] + sizes[1], nonZero: kept, multiplyAdds: sizes[0] + sizes[1], bytes };
}

/** @param {number} count @param {number} bits */
const bytesFor = (count, bits) => Math.ceil((count * bits) / 8);

/**
 * How many weights lie in each of so many equal bins between -most and most.
 * @param {Layer[]} layers @param {number} most @param {Uint32Array} counts one for each bin, overwritten
 */
export function histogram(layers, most, counts) {
  counts.fill(0);
  const per = counts.length / (2 * most);
  for (const { weight } of layers) {
    for (let n = 0; n < weight.length; n++) {
      counts[Math.min(counts.length - 1, Math.max(0, Math.floor((weight[n] + most) * per)))]++;
    }
  }
  return counts;
}

/** The largest magnitude of all weights. @param {Pick<Layer, "weight">[]} layers */
export function largest(layers) {
  let most = 0;
  for (const { weight } of layers) for (let n = 0; n < weight.length; n++) most = Math.max(most, Math.abs(weight[n]));
  return most;
}

/** A layer as lists of its weights that are not zero, unit by unit: what a program that skips zeros keeps. @typedef {{ start: Uint32Array, index: Uint16Array, value: Float32Array, bias: Float32Array }} Sparse */

/** @param {Layer} layer @returns {Sparse} */
export function sparseOf({ inputs, outputs, weight, bias }) {
  const count = nonZero([{ inputs, outputs, weight, bias }]);
  const sparse = { start: new Uint32Array(outputs + 1), index: new Uint16Array(count), value: new Float32Array(count), bias };
  let n = 0;
  for (let j = 0; j < outputs; j++) {
    for (let i = 0; i < inputs; i++) {
      const w = weight[i * outputs + j];
      if (w === 0) continue;
      sparse.index[n] = i;
      sparse.value[n++] = w;
    }
    sparse.start[j + 1] = n;
  }
  return sparse;
}

/** The logits of one image, zeros skipped. @param {Sparse[]} layers @param {Float32Array} pixels from 0 to 1 */
export function forwardSparse(layers, pixels) {
  let x = pixels;
  layers.forEach(({ start, index, value, bias }, n) => {
    const y = new Float32Array(bias.length);
    for (let j = 0; j < y.length; j++) {
      let sum = bias[j];
      for (let k = start[j]; k < start[j + 1]; k++) sum += value[k] * x[index[k]];
      y[j] = n < layers.length - 1 && sum < 0 ? 0 : sum;
    }
    x = y;
  });
  return x;
}

/** The units that are left of a layer and the next, really taken out, with weights (output, input). @param {Layer[]} layers @param {Setting} setting @param {Uint32Array} units in the order in which they are pruned */
export function dense([into, outOf], setting, units) {
  const gone = new Set(setting.way === "units" ? units.subarray(0, prunedBy([into, outOf], setting)) : []);
  const kept = Array.from({ length: into.outputs }, (_, j) => j).filter((j) => !gone.has(j));
  const first = new Float32Array(kept.length * into.inputs);
  kept.forEach((j, row) => {
    for (let i = 0; i < into.inputs; i++) first[row * into.inputs + i] = into.weight[i * into.outputs + j];
  });
  const second = new Float32Array(outOf.outputs * kept.length);
  kept.forEach((j, column) => {
    for (let o = 0; o < outOf.outputs; o++) second[o * kept.length + column] = outOf.weight[j * outOf.outputs + o];
  });
  return [
    { inputs: into.inputs, outputs: kept.length, weight: first, bias: Float32Array.from(kept, (j) => into.bias[j]) },
    { inputs: kept.length, outputs: outOf.outputs, weight: second, bias: outOf.bias },
  ];
}
