// The two terms of the taught student's loss, each with its gradient at the logits, image by image.

import { CLASSES } from "./pack.js";

/**
 * softmax(z / T) and its logarithm of the ten logits from `at` on, the maximum taken out first: finite for any finite
 * logits, also where a probability underflows to zero.
 * @param {Float32Array} logits @param {number} at @param {number} T @param {Float64Array} p @param {Float64Array} logP
 */
function softmaxInto(logits, at, T, p, logP) {
  let top = -Infinity;
  for (let c = 0; c < CLASSES; c++) if (logits[at + c] > top) top = logits[at + c];
  let sum = 0;
  for (let c = 0; c < CLASSES; c++) {
    const z = (logits[at + c] - top) / T;
    logP[c] = z;
    sum += p[c] = Math.exp(z);
  }
  const logSum = Math.log(sum);
  for (let c = 0; c < CLASSES; c++) {
    p[c] /= sum;
    logP[c] -= logSum;
  }
}

/** A term over a batch: `loss` sums it in nats, `pull` the norms of its gradients at the images' logits. */
export class Term {
  constructor() {
    this.loss = 0;
    this.pull = 0;
    this.q = new Float64Array(CLASSES);
    this.logQ = new Float64Array(CLASSES);
    this.p = new Float64Array(CLASSES);
    this.logP = new Float64Array(CLASSES);
  }

  clear() {
    this.loss = 0;
    this.pull = 0;
  }

  /**
   * T² · KL(p || q) of an image, p of the teacher's logits at `from` and q of the student's at `at`. Adds
   * weight · T · (q − p) to the gradient (Hinton et al. 2015, equation 2, times T²).
   * @param {Float32Array} student @param {number} at @param {Float32Array} teacher @param {number} from
   * @param {number} T @param {number} weight @param {Float32Array} gradient of the student's logits
   */
  addSoft(student, at, teacher, from, T, weight, gradient) {
    const { q, logQ, p, logP } = this;
    softmaxInto(student, at, T, q, logQ);
    softmaxInto(teacher, from, T, p, logP);
    let divergence = 0, squares = 0;
    for (let c = 0; c < CLASSES; c++) {
      divergence += p[c] * (logP[c] - logQ[c]);
      const d = T * (q[c] - p[c]);
      squares += d * d;
      gradient[at + c] += weight * d;
    }
    this.loss += T * T * Math.max(0, divergence); // NaN stays NaN
    this.pull += Math.sqrt(squares);
  }

  /**
   * The cross-entropy −Σ p · log softmax(z) of an image with soft labels p at `from`; adds weight · (softmax(z) − p) to
   * the gradient. With all of p in one place it is `addHard`, bit for bit.
   * @param {Float32Array} student @param {number} at @param {Float32Array} p @param {number} from @param {number} weight
   * @param {Float32Array} gradient of the student's logits
   */
  addShares(student, at, p, from, weight, gradient) {
    const { q, logQ } = this;
    softmaxInto(student, at, 1, q, logQ);
    let squares = 0;
    for (let c = 0; c < CLASSES; c++) {
      const share = p[from + c];
      if (share) this.loss -= share * logQ[c];
      const d = q[c] - share;
      squares += d * d;
      gradient[at + c] += weight * d;
    }
    this.pull += Math.sqrt(squares);
  }

  /**
   * −log softmax(z) at the label's place; adds weight · (softmax(z) − y) to the gradient.
   * @param {Float32Array} student @param {number} at @param {number} label @param {number} weight
   * @param {Float32Array} gradient of the student's logits
   */
  addHard(student, at, label, weight, gradient) {
    const { q, logQ } = this;
    softmaxInto(student, at, 1, q, logQ);
    let squares = 0;
    for (let c = 0; c < CLASSES; c++) {
      const d = c === label ? q[c] - 1 : q[c];
      squares += d * d;
      gradient[at + c] += weight * d;
    }
    this.loss -= logQ[label];
    this.pull += Math.sqrt(squares);
  }
}
