// Three students from the same first weights learn from the same twenty digits: one from the visitor's soft labels, one from
// the trained teacher's, one from bare labels. Pure: the same opinions and settings give the same race.

import { copyLayers, freshLayers } from "./network.js";
import { meanOpinions } from "./opinions.js";
import { CLASSES, PIXELS } from "./pack.js";
import { generator } from "./random.js";
import { AT_ONCE, Reader } from "./reading.js";
import { Batch } from "./sparse.js";
import { Student } from "./student.js";
import { softmax } from "../kdviz.shared/softmax.js";

/** @typedef {import("./opinions.js").Opinion} Opinion */
/** @typedef {import("./pack.js").Pack} Pack */
/** @typedef {import("./sparse.js").Images} Images */

/** Shares of the held-out images that each reads right. @typedef {{ update: number, yours: number, teachers: number, bare: number }} RacePoint */
/** @typedef {{ opinions: Opinion[], twenty: number[], T: number, seed: number }} Course what is raced with */

/**
 * A held-out image on which an opinion shows: `label` is what it is, `other` the class that the visitor's student sees in it
 * besides. To the student of bare labels it looks like a `source` (share `looks`), and on images of that digit the visitor
 * gave `other` the mean share `given`; `evenly` is what it had been had all wrong classes got the same. `shares` is the
 * student's answer, `bare` what the student of bare labels gives to `other`.
 * @typedef {{ image: number, label: number, other: number, source: number, looks: number, given: number, evenly: number,
 *   shares: number[], bare: number }} Trace
 */

export const UPDATES = 200;
const [UNITS, RATE] = [32, 0.002];
const TRACES = 3;
const NEAR = 4; // how much a share counts that is the one given
const SLIGHTLY = 1e-3; // so that what is small still has an order

/** When the held-out images are read. @param {number} update */
const isDue = (update) => update % (update <= 100 ? 5 : 10) === 0;

export class Race {
  /** @param {Pack} pack @param {Images} images @param {Course} course */
  constructor(pack, images, { opinions, twenty, T, seed }) {
    this.pack = pack;
    this.opinions = opinions;
    this.twenty = twenty;
    this.T = T;
    this.batch = new Batch(images, twenty.length);
    for (const image of twenty) this.batch.add(image);
    this.shares = Float32Array.from(opinions.flat());
    this.reader = new Reader(images, pack.training, pack.heldOut);
    const layers = freshLayers([PIXELS, UNITS, CLASSES], generator(seed, "weights"));
    const lit = Uint16Array.from(Array.from({ length: PIXELS }, (_, pixel) => pixel).filter((pixel) => this.isLit(pixel)));
    const student = () => new Student(copyLayers(layers), AT_ONCE, lit, pack.labels.subarray(pack.training));
    this.students = { yours: student(), teachers: student(), bare: student() };
    this.updates = 0;
    /** @type {RacePoint[]} */
    this.points = [];
    this.evaluate();
  }

  /** @param {number} pixel */
  isLit(pixel) {
    return this.twenty.some((image) => this.pack.images[PIXELS * image + pixel]);
  }

  get done() {
    return this.updates >= UPDATES;
  }

  update() {
    const { batch, pack, T, students: { yours, teachers, bare } } = this;
    const all = batch.size;
    for (const student of [yours, teachers, bare]) student.pass(batch);
    yours.follow(batch, this.shares, RATE);
    teachers.learn({ batch, soft: all, hardFrom: all }, { T, alpha: 1, rate: RATE }, pack.labels, { logits: pack.teachers.trained, byImage: true });
    bare.learn({ batch, soft: 0, hardFrom: 0 }, { T, alpha: 0, rate: RATE }, pack.labels, null);
    this.updates++;
    if (isDue(this.updates)) this.evaluate();
  }

  evaluate() {
    const { students, reader, pack: { heldOut } } = this;
    for (const { reading, network } of Object.values(students)) reading.take(reader.read(network));
    const { yours, teachers, bare } = this.right();
    this.points.push({ update: this.updates, yours: yours / heldOut, teachers: teachers / heldOut, bare: bare / heldOut });
  }

  /** How many of the held-out images each reads right. */
  right() {
    const { yours, teachers, bare } = this.students;
    return { n: this.pack.heldOut, yours: yours.reading.right, teachers: teachers.reading.right, bare: bare.reading.right };
  }

  /** The shares that a student gives to a held-out image, counted from 0. @param {Student} student @param {number} i */
  sharesOf({ reading }, i) {
    return Array.from(softmax(reading.logits.subarray(CLASSES * i, CLASSES * (i + 1)), 1));
  }

  /** What shows of the visitor's opinions on a held-out image, and how much. @param {number} i @param {number[][]} given */
  trace(i, given) {
    const { pack: { labels, training }, students } = this;
    const label = labels[training + i];
    const [shares, bare] = [this.sharesOf(students.yours, i), this.sharesOf(students.bare, i)];
    const evenly = given.map((row, digit) => (1 - row[digit]) / (CLASSES - 1));
    const comes = (/** @type {number} */ digit, /** @type {number} */ c) => bare[digit] * Math.max(0, given[digit][c] - evenly[digit]);
    const sources = given.map((_, c) => given.reduce((best, __, digit) => (digit !== c && comes(digit, c) > comes(best, c) ? digit : best), label));
    const worth = shares.map((share, c) => {
      if (c === label) return -Infinity;
      const [opinion, part] = [given[sources[c]][c], comes(sources[c], c)];
      const near = part ? (1 - Math.abs(share - opinion)) ** NEAR : share; // what was said, as it was said
      return near * Math.max(SLIGHTLY, part) * Math.max(SLIGHTLY, share - bare[c]);
    });
    const other = worth.indexOf(Math.max(...worth));
    const source = sources[other];
    const trace = {
      image: training + i, label, other, source, looks: bare[source], given: given[source][other], evenly: evenly[source], shares, bare: bare[other],
    };
    return { trace, worth: worth[other] };
  }

  /**
   * Held-out images, each of another digit, on which the visitor's opinions show most: a class got more than its even part
   * from the visitor on digits like this, and gets more from their student than from that of bare labels.
   * @returns {Trace[]}
   */
  traces() {
    const { pack: { labels, heldOut }, opinions, twenty } = this;
    const given = meanOpinions(opinions, twenty.map((image) => labels[image]));
    const all = Array.from({ length: heldOut }, (_, i) => this.trace(i, given)).sort((a, b) => b.worth - a.worth);
    const found = /** @type {Trace[]} */ ([]);
    for (const { trace } of all) if (!found.some(({ label }) => label === trace.label)) found.push(trace);
    return found.slice(0, TRACES);
  }

  /** @param {number} from first point */
  snapshot(from = 0) {
    return { updates: this.updates, done: this.done, points: this.points.slice(from), right: this.right(), traces: this.done ? this.traces() : null };
  }
}
