// "You are the teacher": soft labels made by hand, their link, and the race.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { serve } from "../../kdviz/components/playground/loop.js";
import { STARTS, chooseTwenty, decode, encode, meanOpinions, startFrom, swapped, withShare } from "../../kdviz/components/playground/opinions.js";
import { unpack } from "../../kdviz/components/playground/pack.js";
import { Race, UPDATES } from "../../kdviz/components/playground/race.js";
import { generator } from "../../kdviz/components/playground/random.js";
import { defaults } from "../../kdviz/components/playground/settings.js";
import { Images } from "../../kdviz/components/playground/sparse.js";
import { Term } from "../../kdviz/components/playground/terms.js";

/** @typedef {import("../../kdviz/components/playground/opinions.js").Opinion} Opinion */
/** @typedef {import("../../kdviz/components/playground/pack.js").Pack} Pack */

/** Few images of noise, each digit's around a picture of its own. */
function makePack() {
  const random = generator(7, "pack");
  const [training, heldOut] = [120, 40];
  const labels = Uint8Array.from({ length: training + heldOut }, (_, i) => i % 10);
  const pictures = Array.from({ length: 10 }, () => Float64Array.from({ length: 784 }, () => (random() < 0.2 ? random() : 0)));
  const images = new Uint8Array(784 * labels.length);
  labels.forEach((label, i) => pictures[label].forEach((ink, k) => { images[784 * i + k] = ink && random() < 0.8 ? 255 * ink : 0; }));
  const trained = Float32Array.from({ length: 10 * labels.length }, (_, n) => 3 * random() + (n % 10 === labels[Math.floor(n / 10)] ? 2 : 0));
  return { data: "noise", names: [..."0123456789"], training, heldOut, images, labels, teachers: { trained } };
}

const pack = makePack();
const images = new Images(pack.images, 784);
const twenty = chooseTwenty(pack);
const labels = twenty.map((image) => pack.labels[image]);
const start = (/** @type {string} */ name) => startFrom(pack, twenty, name);

/** @param {Opinion[]} opinions @param {number} [seed] @param {Pack} [of] */
function raced(opinions, seed = 0, of = pack) {
  const course = { opinions, twenty: chooseTwenty(of), T: 4, seed };
  const race = new Race(of, of === pack ? images : new Images(of.images, 784), course);
  while (!race.done) race.update();
  return race;
}

/** @param {Opinion} opinion */
const sum = (opinion) => opinion.reduce((all, share) => all + share, 0);
/** @param {Opinion[]} some @param {Opinion[]} others */
const apart = (some, others) => Math.max(...some.flatMap((opinion, i) => opinion.map((share, c) => Math.abs(share - others[i][c]))));
/** @param {import("../../kdviz/components/playground/student.js").Student} student */
const weightsOf = ({ network }) => network.layers.flatMap(({ weight, bias }) => [...weight, ...bias]);

test("the twenty are two training images of each digit, the same ones every time", () => {
  assert.deepEqual(labels, Array.from({ length: 20 }, (_, i) => Math.floor(i / 2)));
  assert.ok(twenty.every((image) => image < pack.training) && new Set(twenty).size === 20);
  assert.deepEqual(chooseTwenty(pack), twenty);
  const top = (/** @type {number} */ i) => Math.max(...start("teacher")[i]);
  for (let i = 0; i < 20; i += 2) assert.ok(top(i) > top(i + 1), "the first of two is the one that the teacher is surer of");
});

test("whatever is dragged, an opinion stays one: no share below 0, all of them 1", () => {
  const random = generator(0, "drag");
  for (const name of Object.keys(STARTS)) {
    let opinion = start(name)[3];
    for (let i = 0; i < 500; i++) {
      const share = [random(), 0, 1, -3, 7, NaN, 1e-12][Math.floor(7 * random())];
      const chosen = Math.floor(10 * random());
      opinion = withShare(opinion, chosen, share);
      assert.ok(Math.abs(sum(opinion) - 1) < 1e-9 && opinion.every((part) => part >= 0), `${share}: ${opinion}`);
    }
  }
});

test("the others shrink in proportion, and get equal parts where they had nothing", () => {
  assert.deepEqual(withShare([0.5, 0.25, 0.25, 0, 0, 0, 0, 0, 0, 0], 0, 0.8).map((share) => Number(share.toFixed(6))), [0.8, 0.1, 0.1, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(withShare(STARTS.certain(2, new Float32Array(10)), 2, 0.1).map((share) => Number(share.toFixed(6))), new Array(10).fill(0.1));
});

test("to swap two classes twice changes nothing; once it moves what was said of them", () => {
  const opinions = start("teacher");
  const once = swapped(opinions, 4, 9);
  assert.deepEqual(once.map((opinion) => opinion[9]), opinions.map((opinion) => opinion[4]));
  assert.deepEqual(swapped(once, 4, 9), opinions);
  assert.deepEqual(swapped(opinions, 3, 3), opinions);
});

test("a link holds every opinion to within one in a hundred, and says the same when it is written again", () => {
  const random = generator(1, "opinions");
  const drawn = Array.from({ length: 20 }, () => {
    const parts = Array.from({ length: 10 }, () => random() ** 4);
    return parts.map((part) => part / sum(parts));
  });
  for (const opinions of [drawn, swapped(start("hint"), 4, 9), swapped(start("certain"), 1, 7), ...Object.keys(STARTS).map(start)]) {
    const text = encode(opinions, pack, twenty);
    assert.ok(text.length <= 200 && text === new URLSearchParams({ text }).toString().slice(5), text);
    const read = decode(text, pack, twenty);
    assert.ok(read && apart(read, opinions) < 0.01, text);
    assert.ok(read.every((opinion) => Math.abs(sum(opinion) - 1) < 1e-9));
    assert.deepEqual(decode(encode(read, pack, twenty), pack, twenty), read);
  }
  for (const name of Object.keys(STARTS)) {
    assert.equal(encode(start(name), pack, twenty).length, 20);
    assert.deepEqual(decode(encode(start(name), pack, twenty), pack, twenty), start(name));
  }
  assert.ok(apart(decode(encode(swapped(start("hint"), 4, 9), pack, twenty), pack, twenty) ?? [], swapped(start("hint"), 4, 9)) < 1e-9);
});

test("an absurd link gives opinions all the same, or none", () => {
  for (const text of [undefined, null, 7, "", "äöü", "~~~", "123", {}, ["*"]]) assert.equal(decode(text, pack, twenty), null, String(text));
  for (const text of ["*", "0000000000", "ZZZZZZZZZZ1", "-".repeat(5000), "..!!<script>..", `%%${"9".repeat(9999)}`, "_-*.0123456789x"]) {
    const read = decode(text, pack, twenty);
    assert.equal(read?.length, 20, text);
    assert.ok(read?.every((opinion) => opinion.length === 10 && Math.abs(sum(opinion) - 1) < 1e-9 && opinion.every((share) => share >= 0)), text);
  }
  assert.deepEqual(decode("0000000000", pack, twenty)?.[0], start("nothing")[0]);
  assert.deepEqual(decode("*", pack, twenty)?.slice(1), start("hint").slice(1));
});

test("a certain opinion is a bare label, bit for bit: loss, gradient and the student after the race", () => {
  const z = Float32Array.from({ length: 10 }, generator(2, "logits"));
  for (let label = 0; label < 10; label++) {
    const [one, other] = [new Term(), new Term()];
    const [soft, hard] = [new Float32Array(10), new Float32Array(10)];
    one.addShares(z, 0, Float32Array.from(STARTS.certain(label, z)), 0, 0.05, soft);
    other.addHard(z, 0, label, 0.05, hard);
    assert.deepEqual([one.loss, one.pull, [...soft]], [other.loss, other.pull, [...hard]]);
  }
  const { students } = raced(start("certain"));
  assert.deepEqual(weightsOf(students.yours), weightsOf(students.bare));
  assert.notDeepEqual(weightsOf(students.yours), weightsOf(students.teachers));
});

test("the same opinions and seed give the same race, and others another", () => {
  const [one, again, other] = [raced(start("hint"), 5), raced(start("hint"), 5), raced(start("hint"), 6)];
  assert.deepEqual(one.snapshot(), again.snapshot());
  assert.deepEqual(weightsOf(one.students.yours), weightsOf(again.students.yours));
  assert.notDeepEqual(weightsOf(one.students.yours), weightsOf(other.students.yours));
  assert.equal(one.points.at(-1)?.update, UPDATES);
  assert.deepEqual(one.points.map(({ yours }) => yours).at(-1), one.right().yours / pack.heldOut);
});

test("what a student says of its twenty comes near to what it was told, for any opinion", () => {
  const opinions = swapped(start("hint"), 4, 9);
  const { students, batch } = raced(opinions);
  const logits = students.yours.network.forward(batch.rows);
  opinions.forEach((opinion, i) => {
    const best = opinion.indexOf(Math.max(...opinion));
    const own = [...logits.subarray(10 * i, 10 * i + 10)];
    assert.equal(own.indexOf(Math.max(...own)), best, `image ${i}`);
  });
});

test("an opinion that shows is named with the numbers that were given", () => {
  const opinions = start("certain").map((opinion, i) => (labels[i] === 4 ? withShare(opinion, 9, 0.4) : opinion));
  const traces = raced(opinions).traces();
  assert.equal(meanOpinions(opinions, labels)[4][9].toFixed(6), "0.400000");
  assert.equal(traces.length, 3);
  assert.deepEqual([traces[0].label, traces[0].other, traces[0].given.toFixed(6)], [4, 9, "0.400000"]);
  assert.ok(traces[0].shares[9] > traces[0].bare && traces[0].evenly < 0.07);
  assert.equal(traces[0].source, 4);
  for (const { image, label, other, source, given } of traces) {
    assert.ok(image >= pack.training && label === pack.labels[image] && other !== label);
    assert.equal(given.toFixed(6), source === 4 && other === 9 ? "0.400000" : "0.000000");
  }
});

test("the worker tells how a race stands until it is over; another one takes its place", async () => {
  const told = /** @type {any[]} */ ([]);
  const calls = /** @type {(() => void)[]} */ ([]);
  let now = 0;
  const hear = serve({ postMessage: (message) => told.push(message) }, { now: () => (now += 3), later: (call) => calls.push(call) });
  await hear({ type: "open", pack, settings: defaults(pack) });
  await hear({ type: "race", course: { opinions: start("nothing"), twenty, T: 4, seed: 0 } });
  for (let i = 0; i < 5; i++) await calls.shift()?.();
  await hear({ type: "race", course: { opinions: start("hint"), twenty, T: 4, seed: 0 } });
  const before = told.length;
  while (calls.length) await calls.shift()?.();
  const frames = told.slice(before);
  assert.ok(frames.length > 2 && frames.every(({ type }) => type === "race"));
  assert.deepEqual(frames.map(({ done }) => done), frames.map((_, i) => i === frames.length - 1));
  assert.deepEqual(frames.flatMap(({ points }) => points), raced(start("hint")).points);
  assert.equal(frames[0].from, 0);
});

test("on digits the teacher's opinions beat bare labels, and classes swapped are answered swapped", async () => {
  const digits = await unpack(new Uint8Array(readFileSync(new URL("../../assets/teachers/digits-playground.gz", import.meta.url))));
  const own = chooseTwenty(digits);
  const taught = raced(startFrom(digits, own, "teacher"), 0, digits).right();
  assert.ok(taught.yours > taught.bare + 0.05 * taught.n && taught.teachers > taught.bare + 0.05 * taught.n, JSON.stringify(taught));

  const sabotaged = raced(swapped(startFrom(digits, own, "certain"), 4, 9), 0, digits);
  const { yours, bare } = sabotaged.students;
  const answers = (/** @type {import("../../kdviz/components/playground/student.js").Student} */ student, /** @type {number} */ digit, /** @type {number} */ answer) =>
    [...student.reading.best].filter((best, i) => student.reading.labels[i] === digit && best === answer).length;
  for (const [digit, other] of [[4, 9], [9, 4]]) {
    assert.ok(answers(yours, digit, other) > answers(yours, digit, digit), `${digit} is read as ${other}`);
    assert.ok(answers(bare, digit, other) < answers(bare, digit, digit), `bare labels say ${digit}`);
  }
  const [first, second] = sabotaged.traces();
  assert.deepEqual([[first.label, first.other], [second.label, second.other]].sort(), [[4, 9], [9, 4]]);
  assert.equal(first.given, 1);
});
