// One that learns: its network, what its optimizer remembers, and the two terms of its loss.

import { Adam } from "./adam.js";
import { Network } from "./network.js";
import { CLASSES } from "./pack.js";
import { Reading } from "./reading.js";
import { Term } from "./terms.js";

/** @typedef {import("./network.js").Layer} Layer */
/** @typedef {import("./sparse.js").Batch} Batch */

/**
 * What is learnt in one update: the soft term is of the first `soft` images of the batch, the hard term of those from
 * `hardFrom` on.
 * @typedef {{ batch: Batch, soft: number, hardFrom: number }} Task
 */

/** A teacher's logits, ten numbers for each image of the data or for each place in the batch. @typedef {{ logits: Float32Array, byImage: boolean }} Advice */

export class Student {
  /** @param {Layer[]} layers @param {number} most images at once @param {Uint16Array} lit @param {Uint8Array} heldOut labels */
  constructor(layers, most, lit, heldOut) {
    this.network = new Network(layers, most);
    this.adam = new Adam(this.network, most, lit);
    this.reading = new Reading(heldOut);
    this.softTerm = new Term();
    this.hardTerm = new Term();
    this.stopped = false;
    /** What the terms contribute to the loss of the last update: alpha · T² · KL and (1 − alpha) · CE. */
    this.loss = { soft: 0, hard: 0 };
    /** The mean norms of their gradients at the logits. */
    this.pull = { soft: 0, hard: 0 };
  }

  /** The logits of a batch; a student whose logits are not finite stops. @param {Batch} batch */
  pass(batch) {
    const logits = this.network.forward(batch.rows);
    for (let n = 0; n < batch.size * CLASSES; n++) if (!Number.isFinite(logits[n])) this.stopped = true;
  }

  /**
   * One update after the pass over the batch; a loss that is not finite stops the student instead.
   * @param {Task} task @param {{ T: number, alpha: number, rate: number }} settings
   * @param {ArrayLike<number>} labels by image @param {Advice | null} advice
   */
  learn({ batch, soft: wanted, hardFrom }, { T, alpha, rate }, labels, advice) {
    const { softTerm, hardTerm, loss, pull, adam, network: { logits } } = this;
    const { chosen, size } = batch;
    const soft = advice ? wanted : 0;
    const hard = size - hardFrom;
    softTerm.clear();
    hardTerm.clear();
    adam.atLogits.fill(0, 0, size * CLASSES);
    if (advice) {
      for (let i = 0; i < soft; i++) {
        const from = CLASSES * (advice.byImage ? chosen[i] : i);
        softTerm.addSoft(logits, CLASSES * i, advice.logits, from, T, alpha / soft, adam.atLogits);
      }
    }
    for (let i = hardFrom; i < size; i++) {
      hardTerm.addHard(logits, CLASSES * i, labels[chosen[i]], (1 - alpha) / hard, adam.atLogits);
    }
    const [ofSoft, ofHard] = [soft ? alpha / soft : 0, hard ? (1 - alpha) / hard : 0];
    loss.soft = ofSoft * softTerm.loss;
    loss.hard = ofHard * hardTerm.loss;
    pull.soft = ofSoft * softTerm.pull;
    pull.hard = ofHard * hardTerm.pull;
    if (!Number.isFinite(loss.soft + loss.hard)) this.stopped = true;
    else if (soft || hard) adam.update(batch, rate);
  }

  /**
   * One update towards soft labels that are shares, after the pass over the batch: they are ten numbers for each place in it.
   * @param {Batch} batch @param {Float32Array} shares @param {number} rate
   */
  follow(batch, shares, rate) {
    const { softTerm, adam, loss, pull, network: { logits } } = this;
    softTerm.clear();
    adam.atLogits.fill(0, 0, batch.size * CLASSES);
    for (let i = 0; i < batch.size; i++) softTerm.addShares(logits, CLASSES * i, shares, CLASSES * i, 1 / batch.size, adam.atLogits);
    Object.assign(loss, { soft: softTerm.loss / batch.size, hard: 0 });
    Object.assign(pull, { soft: softTerm.pull / batch.size, hard: 0 });
    if (Number.isFinite(loss.soft)) adam.update(batch, rate);
    else this.stopped = true;
  }
}
