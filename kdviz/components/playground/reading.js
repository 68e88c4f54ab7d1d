// What a network says about the held-out images.

import { CLASSES } from "./pack.js";
import { Batch } from "./sparse.js";

export const AT_ONCE = 100; // images; a network that is read has room for so many

/** The class of the largest logit from `at` on; of equal ones the first. @param {Float32Array} logits @param {number} at */
export function bestAt(logits, at) {
  let best = 0;
  for (let c = 1; c < CLASSES; c++) if (logits[at + c] > logits[at + best]) best = c;
  return best;
}

/** The logits of the held-out images as they were last read, and how many of them are right. */
export class Reading {
  /** @param {Uint8Array} labels of the held-out images */
  constructor(labels) {
    this.labels = labels;
    this.logits = new Float32Array(labels.length * CLASSES);
    this.best = new Uint8Array(labels.length);
    this.right = 0;
    this.byDigit = /** @type {number[]} */ (new Array(CLASSES).fill(0));
  }

  /** @param {Float32Array} logits of the held-out images @param {ArrayLike<number> | null} bias added to them */
  take(logits, bias = null) {
    for (let n = 0; n < logits.length; n++) this.logits[n] = logits[n] + (bias ? bias[n % CLASSES] : 0);
    this.right = 0;
    this.byDigit.fill(0);
    for (let i = 0; i < this.labels.length; i++) {
      this.best[i] = bestAt(this.logits, i * CLASSES);
      if (this.best[i] !== this.labels[i]) continue;
      this.right++;
      this.byDigit[this.labels[i]]++;
    }
  }
}

/** Gives the logits of the images from `first` on, by any network; the result is overwritten by the next call. */
export class Reader {
  /** @param {import("./sparse.js").Images} images @param {number} first @param {number} count */
  constructor(images, first, count) {
    this.batch = new Batch(images, AT_ONCE);
    this.first = first;
    this.logits = new Float32Array(count * CLASSES);
  }

  /** @param {import("./network.js").Network} network */
  read(network) {
    const { batch, logits, first } = this;
    const count = logits.length / CLASSES;
    for (let begin = 0; begin < count; begin += AT_ONCE) {
      batch.clear();
      for (let i = begin; i < Math.min(count, begin + AT_ONCE); i++) batch.add(first + i);
      logits.set(network.forward(batch.rows).subarray(0, batch.size * CLASSES), begin * CLASSES);
    }
    return logits;
  }
}
