// Images read again and again by a network of which a little changes from one time to the next: a weight that is pruned
// changes one sum of those images alone that have ink at its pixel.

import { addRows } from "./sparse.js";

/** @typedef {import("./network.js").Layer} Layer */
/** @typedef {import("./sparse.js").Batch} Batch */

const LARGEST_PART = 0.4; // of a whole pass's products; with more of them the whole pass is quicker

/** Logits of a batch of images by a network with one hidden layer, whose layers others change. */
export class Rereading {
  /** @param {Layer[]} layers two @param {Batch} batch all images, the same ones each time */
  constructor(layers, batch) {
    const [first, last] = layers;
    this.layers = layers;
    this.batch = batch;
    this.weight = new Float32Array(first.weight.length); // with which `sums` were made
    this.sums = new Float64Array(batch.size * first.outputs); // (images, units), without biases: steps leave no errors
    this.changed = new Uint32Array(first.weight.length);
    this.row = new Float32Array(first.outputs);
    this.noBias = new Float32Array(first.outputs);
    this.active = { index: new Uint16Array(first.outputs), value: new Float32Array(first.outputs) };
    this.logits = new Float32Array(batch.size * last.outputs);
    this.known = false;
  }

  /** Let the next reading be a whole pass. */
  forget() {
    this.known = false;
  }

  /** The logits (images, classes), overwritten by the next call. */
  read() {
    const count = this.known ? this.count() : -1;
    if (count < 0) this.whole();
    else this.add(count);
    this.weight.set(this.layers[0].weight);
    this.known = true;
    this.answer();
    return this.logits;
  }

  /** How many weights of the first layer have changed, and which; -1 where they are too many. */
  count() {
    const { weight, changed, batch, layers: [{ weight: now, inputs, outputs }] } = this;
    const { start } = batch.columns;
    const most = LARGEST_PART * start[inputs] * outputs;
    let [count, products] = [0, 0];
    for (let i = 0, n = 0; i < inputs; i++) {
      const inked = start[i + 1] - start[i];
      for (let j = 0; j < outputs; j++, n++) {
        if (now[n] === weight[n]) continue;
        changed[count++] = n;
        products += inked;
      }
    }
    return products > most ? -1 : count;
  }

  /** Add what so many changed weights make different. @param {number} count */
  add(count) {
    const { weight, changed, batch, sums, layers: [{ weight: now, outputs }] } = this;
    const { start, row, value } = batch.columns;
    for (let c = 0; c < count; c++) {
      const n = changed[c];
      const unit = n % outputs;
      const input = (n - unit) / outputs;
      const more = now[n] - weight[n];
      for (let k = start[input], end = start[input + 1]; k < end; k++) sums[row[k] * outputs + unit] += more * value[k];
    }
  }

  /** All sums anew. */
  whole() {
    const { batch: { rows }, row, noBias, sums, layers: [{ weight, outputs }] } = this;
    for (let r = 0; r < rows.size; r++) {
      addRows(rows.index, rows.value, rows.from[r], rows.to[r], weight, outputs, noBias, row, 0);
      sums.set(row, r * outputs);
    }
  }

  /** The second layer, from the units that are above zero. */
  answer() {
    const { batch, sums, active: { index, value }, logits, layers: [{ bias, outputs: units }, last] } = this;
    for (let r = 0; r < batch.size; r++) {
      let n = 0;
      for (let j = 0, at = r * units; j < units; j++) {
        const x = sums[at + j] + bias[j];
        if (x <= 0) continue;
        index[n] = j;
        value[n++] = x;
      }
      addRows(index, value, 0, n, last.weight, last.outputs, last.bias, logits, r * last.outputs);
    }
  }
}
