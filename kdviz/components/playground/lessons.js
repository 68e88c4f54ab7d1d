// Which images a run learns from, in which order, and what their labels say.

import { CLASSES } from "./pack.js";
import { generator, permutation, shuffle } from "./random.js";

/** @typedef {import("./pack.js").Pack} Pack */
/** @typedef {import("./sparse.js").Batch} Batch */

/** Epochs over a pool of images, each in a new order; the last batch of an epoch may be smaller. */
class Epochs {
  /** @param {import("./random.js").Random} random */
  constructor(random) {
    this.random = random;
    /** @type {Uint32Array} */
    this.pool = new Uint32Array();
    this.at = 0;
  }

  /** Begin an epoch over other images. @param {Uint32Array} pool which will be shuffled */
  use(pool) {
    this.pool = pool;
    this.at = pool.length;
  }

  /** Put the next images into a batch. @param {Batch} batch @param {number} most */
  draw(batch, most) {
    const { pool } = this;
    if (this.at === pool.length) {
      shuffle(pool, this.random);
      this.at = 0;
    }
    const end = Math.min(pool.length, this.at + most);
    while (this.at < end) batch.add(pool[this.at++]);
  }
}

/**
 * The labelled images are the first of an order that the seed sets: those of a hundred are among those of a thousand. An
 * image whose label is wrong at 20 % is so at 30 %, and says the same wrong digit. Images of a digit left out are in no
 * batch.
 */
export class Lessons {
  /** @param {Pack} pack @param {number} seed */
  constructor({ training, labels }, seed) {
    this.truth = labels;
    this.order = permutation(training, generator(seed, "labelled"));
    this.labels = new Uint8Array(training);
    const random = generator(seed, "wrong labels");
    this.luck = Float64Array.from({ length: training }, random);
    this.wrong = Uint8Array.from({ length: training }, (_, image) => (labels[image] + 1 + Math.floor(random() * (CLASSES - 1))) % CLASSES);
    this.labelled = new Epochs(generator(seed, "labelled batches"));
    this.transfer = new Epochs(generator(seed, "transfer batches"));
    /** @type {{ labels: number, wrong: number, digits: string } | null} */
    this.now = null;
  }

  /**
   * Take over what is set; new epochs begin where the images are others.
   * @param {{ labels: number, wrong: number, digits: string }} settings
   */
  set({ labels, wrong, digits }) {
    const before = this.now;
    this.now = { labels, wrong, digits };
    if (wrong !== before?.wrong) this.luck.forEach((luck, i) => { this.labels[i] = luck < wrong / 100 ? this.wrong[i] : this.truth[i]; });
    const kept = (/** @type {number} */ image) => digits.includes(String(this.truth[image]));
    if (digits !== before?.digits) this.transfer.use(this.order.slice().sort().filter(kept));
    if (digits !== before?.digits || labels !== before?.labels) this.labelled.use(this.order.slice(0, labels).filter(kept));
  }
}
