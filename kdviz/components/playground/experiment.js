// Two students from the same first weights on the same batches: one is taught, one has the labels only. Pure: the same
// settings give the same run, update for update.

import { Lessons } from "./lessons.js";
import { Network, copyLayers, freshLayers } from "./network.js";
import { CLASSES, PIXELS } from "./pack.js";
import { generator } from "./random.js";
import { Reader, Reading } from "./reading.js";
import { CHOICES, STARTS_ANEW } from "./settings.js";
import { countsOf, disagreementsOf, shownOf, unitsOf } from "./snapshot.js";
import { Batch, Images } from "./sparse.js";
import { Student } from "./student.js";

/** @typedef {import("./network.js").Layer} Layer */
/** @typedef {import("./pack.js").Pack} Pack */
/** @typedef {import("./settings.js").Settings} Settings */
/** @typedef {import("./student.js").Advice} Advice */
/** @typedef {import("./student.js").Task} Task */

/**
 * Contributions to the taught student's loss, means over the updates since the last point, alpha · T² · KL and
 * (1 − alpha) · CE (NaN at update 0), and shares of the held-out images: right, and agreed on with the teacher (NaN
 * where there is none yet).
 * @typedef {{ update: number, soft: number, hard: number, taught: number, plain: number, agreement: number }} Point
 */

/** Where a control was moved: the value holds from the next update on. @typedef {{ update: number, name: string, value: unknown }} Mark */

/** @typedef {{ labelled: ArrayLike<number>, transfer?: ArrayLike<number> }} Chosen the images of an update */

/**
 * What need not come from pack and seed: the images' lists of pixels, made once for all runs, and, for tests, first layers
 * and the images of each update (counted from 0).
 * @typedef {{ images?: Images, layers?: Layer[], peerLayers?: Layer[], batches?: (update: number) => Chosen }} Options
 */

/** Who teaches: logits of all images, or a network; null where there is none yet. @typedef {{ table: Float32Array } | { network: Network } | null} Teacher */

const MOST = 2 * Math.max(...CHOICES.batch); // images of an update: a transfer batch and a labelled one
const SELF_EVERY = 100; // updates after which the taught student, as it is, becomes its own teacher
const SMOOTHING = 0.1; // of the pulls
const SAME_MOVE = 50; // updates within which a control that moves again is still being dragged
const CHANGES_NOTHING = ["image", "speed"];

/** When the held-out images are read. @param {number} update */
const isDue = (update) => update % (update <= 100 ? 5 : update <= 500 ? 10 : 25) === 0;

export class Experiment {
  /** @param {Pack} pack @param {Settings} settings @param {Options} [options] */
  constructor(pack, settings, options = {}) {
    this.pack = pack;
    this.settings = settings;
    this.options = options;
    this.images = options.images ?? new Images(pack.images, PIXELS);
    this.lit = this.images.litIn(pack.training);
    this.heldOut = pack.labels.subarray(pack.training);
    this.lessons = new Lessons(pack, settings.seed);
    this.reader = new Reader(this.images, pack.training, pack.heldOut);
    this.teacherReading = new Reading(this.heldOut);
    this.taught = this.student(options.layers ?? this.fresh(0));
    this.plain = this.student(options.layers ?? this.fresh(0));
    /** @type {Student | null} */
    this.otherPeer = null;
    /** @type {Network | null} */
    this.untrained = null;
    /** @type {Network | null} the taught student as it was */
    this.past = null;
    this.labelled = new Batch(this.images, MOST);
    this.transfer = new Batch(this.images, MOST);
    this.both = new Batch(this.images, MOST);

    this.updates = 0;
    this.epochs = 0; // over the images that the taught student learns from
    this.seen = 0; // images, by all who learn together
    this.moved = false;
    /** @type {Point[]} */
    this.points = [];
    /** @type {Mark[]} */
    this.marks = [];
    this.bias = new Float64Array(CLASSES);
    this.pulls = { soft: NaN, hard: NaN }; // of terms that weigh one; of one that has never weighed anything it is unknown
    this.last = { soft: 0, hard: 0, plain: 0 };
    this.since = { updates: 0, soft: 0, hard: 0 };
    this.prepare();
    this.addPoint();
  }

  /** The first layers of a network of the students' shape. @param {number} beside what is added to the seed */
  fresh(beside) {
    const { units, layers, seed } = this.settings;
    return freshLayers([PIXELS, ...Array(layers).fill(units), CLASSES], generator(seed + beside, "weights"));
  }

  /** @param {Layer[]} layers */
  student(layers) {
    return new Student(copyLayers(layers), MOST, this.lit, this.heldOut);
  }

  /** What the settings of the moment need. */
  prepare() {
    this.lessons.set(this.settings);
    const { teacher, digits, bias } = this.settings;
    if (teacher === "peer") this.otherPeer ??= this.student(this.options.peerLayers ?? this.fresh(1));
    if (teacher === "untrained") this.untrained ??= new Network(this.fresh(2), MOST);
    this.bias = Float64Array.from({ length: CLASSES }, (_, digit) => (digits.includes(String(digit)) ? 0 : bias));
  }

  /**
   * Take over settings; the next update uses them. Units, layers and seed are those of the first settings for ever.
   * @param {Settings} settings
   */
  change(settings) {
    const before = /** @type {Record<string, unknown>} */ ({ ...this.settings });
    const now = /** @type {Record<string, unknown>} */ ({ ...settings });
    for (const name of STARTS_ANEW) now[name] = before[name];
    const changed = Object.keys(now).filter((name) => now[name] !== before[name] && !CHANGES_NOTHING.includes(name));
    this.settings = /** @type {Settings} */ (/** @type {unknown} */ (now));
    this.prepare();
    if (!this.updates) {
      if (changed.length) this.points = [];
      if (changed.length) this.addPoint();
      return;
    }
    changed.forEach((name) => this.mark(name, now[name]));
  }

  /** @param {string} name @param {unknown} value */
  mark(name, value) {
    this.moved = true;
    const last = this.marks[this.marks.length - 1];
    if (last?.name === name && this.updates - last.update < SAME_MOVE) this.marks.pop();
    this.marks.push({ update: this.updates, name, value });
  }

  /** The student that learns with the taught one; kept, but not trained, while another teaches. */
  get peer() {
    return this.settings.teacher === "peer" ? this.otherPeer : null;
  }

  /** @returns {Teacher} */
  get teacher() {
    const { teacher } = this.settings;
    if (teacher in this.pack.teachers) return { table: this.pack.teachers[teacher] };
    const peer = this.peer?.stopped || this.taught.stopped ? null : this.peer?.network;
    const network = { peer, untrained: this.untrained, self: this.past }[/** @type {string} */ (teacher)];
    return network ? { network } : null;
  }

  /** What the two terms of the taught student weigh. */
  get termWeights() {
    return { soft: this.settings.alpha, hard: 1 - this.settings.alpha };
  }

  /** The pulls on the taught student as its terms weigh now, also when α has moved since the last update. */
  get weighed() {
    const { pulls, termWeights: { soft, hard } } = this;
    return { soft: soft && soft * pulls.soft, hard: hard && hard * pulls.hard };
  }

  /** Choose the images of this update. */
  draw() {
    const { labelled, transfer, lessons, settings: { batch, unlabelled }, options } = this;
    labelled.clear();
    transfer.clear();
    if (options.batches) {
      const chosen = options.batches(this.updates);
      Array.from(chosen.labelled, (image) => labelled.add(image));
      Array.from(chosen.transfer ?? [], (image) => transfer.add(image));
      return;
    }
    lessons.labelled.draw(labelled, batch);
    if (unlabelled) lessons.transfer.draw(transfer, batch);
    const [drawn, pool] = unlabelled ? [transfer, lessons.transfer.pool] : [labelled, lessons.labelled.pool];
    if (pool.length) this.epochs += drawn.size / pool.length;
  }

  /**
   * What the taught student learns in this update. A term that weighs nothing asks for no images: at alpha = 0 this is
   * what the plain student learns, and at alpha = 1 no label is looked at.
   * @param {boolean} advised whether there is a teacher @returns {Task}
   */
  task(advised) {
    const { labelled, transfer, both, settings: { alpha, unlabelled } } = this;
    const [soft, hard] = [alpha > 0 && advised, alpha < 1];
    if (!unlabelled || !soft) return { batch: labelled, soft: soft ? labelled.size : 0, hardFrom: hard ? 0 : labelled.size };
    if (!hard) return { batch: transfer, soft: transfer.size, hardFrom: transfer.size };
    both.clear();
    for (const part of [transfer, labelled]) for (let i = 0; i < part.size; i++) both.add(part.chosen[i]);
    return { batch: both, soft: transfer.size, hardFrom: transfer.size };
  }

  /**
   * What the teacher says about the images of the task's soft term; a peer has just been asked.
   * @param {Task} task @returns {Advice | null}
   */
  advice({ batch, soft }) {
    const { teacher, peer } = this;
    if (!teacher || !soft) return null;
    if ("table" in teacher) return { logits: teacher.table, byImage: true };
    const asked = batch === this.both ? this.transfer : batch;
    return { logits: teacher.network === peer?.network ? peer.network.logits : teacher.network.forward(asked.rows), byImage: false };
  }

  /** One update of all students that have not stopped. */
  update() {
    const { taught, plain, peer, labelled, settings, lessons, since } = this;
    this.draw();
    const task = this.task(this.teacher !== null);
    const learning = (peer ? [taught, peer] : [taught]).filter(({ stopped }) => !stopped);
    for (const student of learning) student.pass(task.batch);
    const advice = this.advice(task);
    for (const student of learning) {
      const ofTaught = student === peer && advice ? { ...advice, logits: taught.network.logits } : null;
      if (!student.stopped) student.learn(task, settings, lessons.labels, ofTaught ?? advice);
    }
    if (!plain.stopped) {
      plain.pass(labelled);
      if (!plain.stopped) plain.learn({ batch: labelled, soft: 0, hardFrom: 0 }, { ...settings, alpha: 0 }, lessons.labels, null);
      this.last.plain = plain.loss.hard;
    }
    this.updates++;
    this.seen += learning.length * task.batch.size + (plain.stopped ? 0 : labelled.size);
    if (!taught.stopped) {
      for (const term of /** @type {const} */ (["soft", "hard"])) {
        this.last[term] = taught.loss[term];
        since[term] += taught.loss[term];
        const [weight, before] = [this.termWeights[term], this.pulls[term]];
        if (weight > 0) this.pulls[term] = Number.isNaN(before) ? taught.pull[term] / weight : before + SMOOTHING * (taught.pull[term] / weight - before);
      }
      since.updates++;
      if (this.updates % SELF_EVERY === 0) {
        this.past ??= new Network(copyLayers(taught.network.layers), MOST);
        this.past.copyFrom(taught.network);
      }
    }
    if (isDue(this.updates)) this.addPoint();
  }

  /** Read the held-out images with all students and the teacher. A student whose logits are not finite stops. */
  evaluate() {
    const { taught, plain, peer, reader, teacherReading, teacher, pack } = this;
    for (const student of [taught, plain, ...(peer ? [peer] : [])]) {
      if (student.stopped) continue;
      const logits = reader.read(student.network);
      if (logits.every(Number.isFinite)) student.reading.take(logits, student === taught ? this.bias : null);
      else student.stopped = true;
    }
    if (!teacher) return;
    if ("table" in teacher) teacherReading.take(teacher.table.subarray(CLASSES * pack.training));
    else teacherReading.take(peer ? peer.reading.logits : reader.read(teacher.network));
  }

  addPoint() {
    this.evaluate();
    const { n, taught, plain, agreement } = countsOf(this);
    const { updates, soft, hard } = this.since;
    this.points.push({
      update: this.updates, soft: soft / updates, hard: hard / updates, taught: taught / n, plain: plain / n,
      agreement: agreement === null ? NaN : agreement / n,
    });
    this.since = { updates: 0, soft: 0, hard: 0 };
  }

  /**
   * Everything to be seen of this moment, as plain objects: points from index `from` on, and the logits of an image of the
   * data (the chosen one unless another is named) or of a drawing.
   * @param {import("./snapshot.js").Choice & { from?: number }} [choice]
   */
  snapshot({ from = 0, ...choice } = {}) {
    const { updates, epochs, seen, marks, moved, taught, plain, lessons } = this;
    return {
      updates, epochs, images: seen, labelled: lessons.labelled.pool.length, points: this.points.slice(from), marks: [...marks], counts: countsOf(this),
      pulls: this.weighed, last: { ...this.last }, shown: shownOf(this, choice),
      stopped: { taught: taught.stopped, plain: plain.stopped }, moved,
    };
  }

  /** Weights of the hidden units of the first layer, (units, pixels). */
  weights() {
    return { taught: unitsOf(this.taught.network), plain: unitsOf(this.plain.network) };
  }

  /** See `disagreementsOf`. @param {number} count */
  disagreements(count) {
    return disagreementsOf(this, count);
  }
}
