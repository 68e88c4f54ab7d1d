// In the browser: the same updates of one student by the playground's code and by TensorFlow.js, and the pair of students.

import { Experiment } from "../components/playground/experiment.js";
import { freshLayers } from "../components/playground/network.js";
import { generator } from "../components/playground/random.js";
import { defaults } from "../components/playground/settings.js";
import { Batch, Images } from "../components/playground/sparse.js";
import { Student } from "../components/playground/student.js";

/** @typedef {import("../components/playground/pack.js").Pack} Pack */

const [TRAINING, BATCH, T, ALPHA, RATE] = [5000, 64, 4, 0.9, 0.002];
const [PIXELS, CLASSES] = [784, 10];

/** Grey levels from the server; the teacher is sure of the label and guesses at the rest. @returns {Promise<Pack>} */
export async function load() {
  const [images, labels] = await Promise.all(["images", "labels"].map(async (name) => new Uint8Array(await (await fetch(name)).arrayBuffer())));
  const random = generator(0, "teacher");
  const logits = Float32Array.from({ length: CLASSES * labels.length }, (_, n) => 3 * random() + (n % CLASSES === labels[Math.floor(n / CLASSES)] ? 5 : 0));
  const heldOut = labels.length - TRAINING;
  return { data: "mnist", names: [..."0123456789"], training: TRAINING, heldOut, images, labels, teachers: { trained: logits } };
}

/** @param {number} update @param {number} place */
const chosen = (update, place) => (update * BATCH + place) % TRAINING;

/**
 * One student of the playground: alpha · T² · KL + (1 − alpha) · CE of the same images, Adam.
 * @param {Pack} pack @param {number} units
 */
function ofPlayground(pack, units) {
  const images = new Images(pack.images, PIXELS);
  const student = new Student(freshLayers([PIXELS, units, CLASSES], generator(0, "weights")), BATCH, images.litIn(TRAINING), pack.labels.subarray(TRAINING));
  const batch = new Batch(images, BATCH);
  const advice = { logits: pack.teachers.trained, byImage: true };
  return (/** @type {number} */ number) => {
    batch.clear();
    for (let i = 0; i < BATCH; i++) batch.add(chosen(number, i));
    student.pass(batch);
    student.learn({ batch, soft: BATCH, hardFrom: 0 }, { T, alpha: ALPHA, rate: RATE }, pack.labels, advice);
    return student.loss.soft + student.loss.hard;
  };
}

/**
 * The same by TensorFlow.js from the same weights: batches, soft targets and one-hot labels are there beforehand, and the
 * gradient is in closed form as well, which spares it a graph.
 * @param {any} tf @param {Pack} pack @param {number} units
 */
function ofTensorFlow(tf, pack, units) {
  const [[w1, b1], [w2, b2]] = freshLayers([PIXELS, units, CLASSES], generator(0, "weights")).map(({ inputs, outputs, weight, bias }) => [
    tf.variable(tf.tensor2d(weight, [inputs, outputs])), tf.variable(tf.tensor1d(bias)),
  ]);
  const count = Math.ceil(TRAINING / BATCH);
  const batches = Array.from({ length: count }, (_, number) => {
    const numbers = Array.from({ length: BATCH }, (_unused, i) => chosen(number, i));
    const of = (/** @type {Uint8Array | Float32Array} */ values, /** @type {number} */ size) =>
      tf.tensor2d(Float32Array.from(numbers.flatMap((image) => [...values.subarray(image * size, (image + 1) * size)])), [BATCH, size]);
    return tf.tidy(() => ({
      x: tf.div(of(pack.images, PIXELS), 255),
      p: tf.softmax(tf.div(of(pack.teachers.trained, CLASSES), T)),
      y: tf.cast(tf.oneHot(tf.tensor1d(numbers.map((image) => pack.labels[image]), "int32"), CLASSES), "float32"),
    }));
  });
  const optimizer = tf.train.adam(RATE, 0.9, 0.999, 1e-8);
  return (/** @type {number} */ number) => tf.tidy(() => {
    const { x, p, y } = batches[number % count];
    const h = tf.relu(tf.add(tf.matMul(x, w1), b1));
    const z = tf.add(tf.matMul(h, w2), b2);
    const [logQ, log1] = [tf.logSoftmax(tf.div(z, T)), tf.logSoftmax(z)];
    const [kl, ce] = [tf.sum(tf.mul(p, tf.sub(tf.log(p), logQ))), tf.neg(tf.sum(tf.mul(y, log1)))];
    const soft = tf.mul(tf.sub(tf.exp(logQ), p), (ALPHA * T) / BATCH);
    const hard = tf.mul(tf.sub(tf.exp(log1), y), (1 - ALPHA) / BATCH);
    const atLogits = tf.add(soft, hard);
    const atHidden = tf.mul(tf.matMul(atLogits, w2, false, true), tf.step(h));
    optimizer.applyGradients({
      [w1.name]: tf.matMul(x, atHidden, true), [b1.name]: tf.sum(atHidden, 0),
      [w2.name]: tf.matMul(h, atLogits, true), [b2.name]: tf.sum(atLogits, 0),
    });
    return tf.add(tf.mul(kl, (ALPHA * T * T) / BATCH), tf.mul(ce, (1 - ALPHA) / BATCH)).dataSync()[0];
  });
}

/** Milliseconds of each of so many updates, and the last loss. @param {(number: number) => number} update @param {number} first @param {number} count */
function timed(update, first, count) {
  const begun = performance.now();
  let loss = NaN;
  for (let i = 0; i < count; i++) loss = update(first + i);
  return { milliseconds: (performance.now() - begun) / count, loss };
}

const contenders = /** @type {Map<string, { update: (number: number) => number, done: number }>} */ (new Map());

/**
 * Let "playground", or a backend of TensorFlow.js, make so many more updates of its student.
 * @param {Pack} pack @param {string} who @param {number} units @param {number} count
 */
export async function updates(pack, who, units, count) {
  const { tf } = /** @type {any} */ (globalThis);
  if (who !== "playground") await tf.setBackend(who);
  const make = () => (who === "playground" ? ofPlayground(pack, units) : ofTensorFlow(tf, pack, units));
  const contender = contenders.get(`${who} ${units}`) ?? { update: make(), done: 0 };
  contenders.set(`${who} ${units}`, contender);
  const result = timed(contender.update, contender.done, count);
  contender.done += count;
  return result;
}

/** Milliseconds of an update of the usual pair of students, the held-out images read as often as usual. @param {Pack} pack @param {number} count */
export function pair(pack, count) {
  const experiment = new Experiment(pack, defaults(pack));
  experiment.update();
  return timed(() => {
    experiment.update();
    return experiment.last.soft;
  }, 0, count).milliseconds;
}
