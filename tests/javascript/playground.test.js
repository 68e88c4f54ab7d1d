// The playground's students: what holds exactly, what a link says, and how the worker answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { Experiment } from "../../kdviz/components/playground/experiment.js";
import { Lessons } from "../../kdviz/components/playground/lessons.js";
import { serve } from "../../kdviz/components/playground/loop.js";
import { Network, copyLayers, freshLayers } from "../../kdviz/components/playground/network.js";
import { unpack } from "../../kdviz/components/playground/pack.js";
import { generator, permutation } from "../../kdviz/components/playground/random.js";
import { Rereading } from "../../kdviz/components/playground/rereading.js";
import { defaults, fromQuery, toQuery } from "../../kdviz/components/playground/settings.js";
import { Batch, Images } from "../../kdviz/components/playground/sparse.js";
import { Term } from "../../kdviz/components/playground/terms.js";
import { klDivergence, softmax } from "../../kdviz/components/kdviz.shared/softmax.js";

/** @typedef {import("../../kdviz/components/playground/settings.js").Settings} Settings */

const [TRAINING, HELD_OUT] = [200, 50];

/** Images of noise, each digit's around a picture of its own, and teachers that are right but for one in eight. */
function makePack() {
  const random = generator(7, "pack");
  const count = TRAINING + HELD_OUT;
  const labels = Uint8Array.from({ length: count }, () => Math.floor(10 * random()));
  const pictures = Array.from({ length: 10 }, () => Float64Array.from({ length: 784 }, () => (random() < 0.2 ? random() : 0)));
  const images = new Uint8Array(784 * count);
  labels.forEach((label, i) => pictures[label].forEach((ink, k) => {
    images[784 * i + k] = ink && random() < 0.8 ? 255 * ink * random() : random() < 0.02 ? 99 : 0;
  }));
  const logits = () => Float32Array.from({ length: 10 * count }, (_, n) => 3 * random() + (n % 10 === labels[Math.floor(n / 10)] && random() < 0.9 ? 5 : 0));
  const names = [..."0123456789"];
  return { data: "noise", names, training: TRAINING, heldOut: HELD_OUT, images, labels, teachers: { trained: logits(), early: logits(), smoothed: logits() } };
}

const pack = makePack();
const usual = { ...defaults(pack), labels: 60, batch: 16, units: /** @type {number} */ (8) };
const images = new Images(pack.images, 784);

/** @param {Partial<Settings>} [settings] @param {import("../../kdviz/components/playground/experiment.js").Options} [options] */
const experiment = (settings = {}, options = {}) => new Experiment(pack, { ...usual, ...settings }, { images, ...options });

/** @param {Experiment} run @param {number} updates */
function train(run, updates) {
  for (let i = 0; i < updates; i++) run.update();
  return run;
}

/** @param {Experiment} run @param {"taught" | "plain" | "peer"} who */
const weightsOf = (run, who) => run[who]?.network.layers.flatMap(({ weight, bias }) => [...weight, ...bias]);

/** @param {number} actual @param {number} expected @param {number} tolerance */
const near = (actual, expected, tolerance) => assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

test("numbers of one seed and purpose are the same, those of others are not, and they are spread evenly", () => {
  const draw = (/** @type {number} */ seed, /** @type {string} */ purpose) => Array.from({ length: 1000 }, generator(seed, purpose));
  assert.deepEqual(draw(3, "a"), draw(3, "a"));
  assert.notDeepEqual(draw(3, "a"), draw(4, "a"));
  assert.notDeepEqual(draw(3, "a"), draw(3, "b"));
  const [mean, least, most] = [draw(0, "a").reduce((sum, x) => sum + x) / 1000, Math.min(...draw(0, "a")), Math.max(...draw(0, "a"))];
  near(mean, 0.5, 0.04);
  assert.ok(least >= 0 && least < 0.02 && most < 1 && most > 0.98);
  assert.deepEqual([...permutation(50, generator(0, "c"))].sort((a, b) => a - b), Array.from({ length: 50 }, (_, i) => i));
});

test("fresh layers are those of torch.nn.Linear: uniform within one over the root of the inputs", () => {
  const [first, last] = freshLayers([784, 32, 10], generator(0, "weights"));
  for (const [values, bound] of /** @type {[Float32Array, number][]} */ ([[first.weight, 1 / 28], [last.weight, 32 ** -0.5], [last.bias, 32 ** -0.5]])) {
    const most = Math.max(...values.map(Math.abs));
    assert.ok(most <= bound && most > 0.8 * bound);
  }
  assert.equal(first.weight.length, 784 * 32);
});

test("images read again after a few weights have changed, or most, are read as in one pass", () => {
  const random = generator(1, "changes");
  const layers = freshLayers([784, 12, 10], generator(0, "weights"));
  const batch = new Batch(images, 100);
  for (let i = 0; i < 100; i++) batch.add(i);
  const read = new Rereading(copyLayers(layers), batch);
  const whole = new Network(read.layers, 100);
  for (const share of [0, 0.001, 0.01, 0.9, 0.01, 0]) {
    const [first, last] = read.layers;
    first.weight.forEach((w, n) => { if (random() < share) first.weight[n] = n % 3 ? 0 : -w; });
    if (share) [first.bias[3], last.bias[0], last.weight[7]] = [random(), random(), random()];
    const [logits, wanted] = [read.read(), whole.forward(batch.rows)];
    logits.forEach((z, n) => near(z, wanted[n], 1e-5));
  }
});

test("a pack comes out as it was packed, and half of one is refused", async () => {
  const header = Buffer.from(JSON.stringify({ format: "kdviz-playground-1", data: "few", names: ["a", "b"], training: 2, held_out: 1, teachers: ["trained", "early"] }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const [grey, labels] = [Buffer.alloc(3 * 784, 7), Buffer.from([3, 1, 9])];
  const halves = Buffer.from(Uint16Array.from({ length: 60 }, (_, i) => (i < 30 ? 0x3c00 : 0xc100)).buffer); // 1 and −2.5
  const whole = Buffer.concat([length, header, grey, labels, halves]);
  const few = await unpack(new Uint8Array(gzipSync(whole)));
  assert.deepEqual([few.data, few.names, few.training, few.heldOut], ["few", ["a", "b"], 2, 1]);
  assert.deepEqual([few.images.length, few.images[700], [...few.labels]], [2352, 7, [3, 1, 9]]);
  assert.deepEqual([new Set(few.teachers.trained), new Set(few.teachers.early)], [new Set([1]), new Set([-2.5])]);
  await assert.rejects(unpack(new Uint8Array(gzipSync(whole.subarray(0, -1)))), /instead of/);
  const other = Buffer.concat([length, Buffer.from(header.toString().replace("ground-1", "ground-9")), grey, labels, halves]);
  await assert.rejects(unpack(new Uint8Array(gzipSync(other))), /kdviz-playground-9/);
});

test("a batch by pixel holds what it holds by image", () => {
  const batch = new Batch(images, 8);
  [5, 17, 5, 130].forEach((image) => batch.add(image));
  const { start, row, value } = batch.columns;
  const dense = new Float64Array(4 * 784);
  for (let pixel = 0; pixel < 784; pixel++) for (let n = start[pixel]; n < start[pixel + 1]; n++) dense[row[n] * 784 + pixel] = value[n];
  const expected = [5, 17, 5, 130].flatMap((image) => [...pack.images.subarray(784 * image, 784 * image + 784)].map((grey) => Math.fround(grey / 255)));
  assert.deepEqual([...dense], expected);
});

test("alpha = 0 is labels only bit for bit, with unlabelled images and without, whoever teaches", () => {
  for (const unlabelled of [true, false]) {
    for (const teacher of /** @type {const} */ (["trained", "untrained", "peer", "self"])) {
      const run = train(experiment({ alpha: 0, unlabelled, teacher }), 120);
      assert.deepEqual(weightsOf(run, "taught"), weightsOf(run, "plain"));
      assert.equal(run.last.soft, 0);
      assert.equal(run.last.hard, run.last.plain);
    }
  }
  const taught = train(experiment({ alpha: 0.1 }), 5);
  assert.notDeepEqual(weightsOf(taught, "taught"), weightsOf(taught, "plain"));
});

test("alpha = 1 never sees a label", () => {
  for (const unlabelled of [true, false]) {
    const [right, wrong] = [0, 60].map((share) => train(experiment({ alpha: 1, wrong: share, unlabelled }), 40));
    assert.deepEqual(weightsOf(right, "taught"), weightsOf(wrong, "taught"));
    assert.notDeepEqual(weightsOf(right, "plain"), weightsOf(wrong, "plain"));
    assert.equal(right.last.hard, 0);
  }
});

test("peers that are alike stay alike: KL is 0 for ever, and both are labels only", () => {
  const peerLayers = freshLayers([784, 8, 10], generator(0, "weights"));
  const run = experiment({ teacher: "peer", alpha: 0.5, unlabelled: false }, { peerLayers });
  for (let i = 0; i < 100; i++) {
    run.update();
    assert.equal(run.last.soft, 0);
  }
  assert.deepEqual(weightsOf(run, "taught"), weightsOf(run, "peer"));
  const others = train(experiment({ teacher: "peer", alpha: 0.5 }), 100);
  assert.ok(others.last.soft > 0);
  assert.notDeepEqual(weightsOf(others, "taught"), weightsOf(others, "peer"));
});

test("each peer learns from the other's logits of the same moment", () => {
  const [one, other] = [0, 1].map((seed) => freshLayers([784, 8, 10], generator(seed, "weights")));
  const peer = experiment({ teacher: "peer", alpha: 0.5 }, { layers: one, peerLayers: other });
  const turned = experiment({ teacher: "peer", alpha: 0.5 }, { layers: other, peerLayers: one });
  train(peer, 30);
  train(turned, 30);
  assert.deepEqual(weightsOf(peer, "taught"), weightsOf(turned, "peer"));
  assert.deepEqual(weightsOf(peer, "peer"), weightsOf(turned, "taught"));
});

test("a student has no earlier self before update 100; then that is its teacher", () => {
  const run = train(experiment({ teacher: "self", alpha: 0.8 }), 100);
  assert.equal(run.last.soft, 0);
  assert.ok(Math.abs(run.last.hard) > 0);
  assert.ok(run.points.slice(0, -1).every(({ agreement }) => Number.isNaN(agreement)));
  assert.equal(run.points.at(-1)?.agreement, 1);
  run.update();
  assert.equal(run.last.soft, 0); // the earlier self is the student itself at this moment
  run.update();
  assert.ok(run.last.soft > 0);
  assert.equal(run.snapshot().shown.teacher?.length, 10);
});

test("the loss is continuous in alpha and T: no jump at a slider's end", () => {
  const lossAt = (/** @type {Partial<Settings>} */ settings) => {
    const { last: { soft, hard } } = train(experiment(settings), 1);
    return soft + hard;
  };
  near(lossAt({ alpha: 1e-9 }), lossAt({ alpha: 0 }), 1e-6);
  near(lossAt({ alpha: 1 - 1e-9 }), lossAt({ alpha: 1 }), 1e-6);
  for (const T of [0.1, 1, 100]) near(lossAt({ T: T * (1 + 1e-9) }), lossAt({ T }), 1e-6);
  const [cold, warm] = [lossAt({ T: 99, alpha: 1 }), lossAt({ T: 100, alpha: 1 })];
  near(cold, warm, 0.02 * warm);
});

test("both terms' gradients are those of their losses by finite differences, and the losses those of the other pictures", () => {
  const random = generator(1, "logits");
  const [z, v] = [0, 1].map(() => Float32Array.from({ length: 10 }, () => 8 * random() - 4));
  const terms = (/** @type {Float32Array} */ logits, /** @type {number} */ T) => {
    const [soft, hard, gradient] = [new Term(), new Term(), [new Float32Array(10), new Float32Array(10)]];
    soft.addSoft(logits, 0, v, 0, T, 1, gradient[0]);
    hard.addHard(logits, 0, 3, 1, gradient[1]);
    return { losses: [soft.loss, hard.loss], pulls: [soft.pull, hard.pull], gradient };
  };
  for (const T of [0.5, 1, 4, 20]) {
    const { losses, pulls, gradient } = terms(z, T);
    near(losses[0], T * T * klDivergence(z, v, T), 1e-9);
    near(losses[1], -Math.log(softmax(z, 1)[3]), 1e-12);
    for (const term of [0, 1]) {
      near(pulls[term], Math.hypot(...gradient[term]), 1e-5);
      for (let c = 0; c < 10; c++) {
        const step = 1 / 64; // exact in single precision
        const [above, below] = [step, -step].map((d) => terms(z.map((x, i) => (i === c ? x + d : x)), T).losses[term]);
        near((above - below) / (2 * step), gradient[term][c], 2e-3);
      }
    }
  }
});

test("losses and gradients are finite at the coldest and the hottest T, however large the logits", () => {
  const [z, v] = [Float32Array.from({ length: 10 }, (_, i) => 1000 * i), Float32Array.from({ length: 10 }, (_, i) => -1000 * i)];
  for (const T of [0.1, 100]) {
    const [soft, hard, gradient] = [new Term(), new Term(), new Float32Array(10)];
    soft.addSoft(z, 0, v, 0, T, 1, gradient);
    hard.addHard(z, 0, 0, 1, gradient);
    assert.ok([soft.loss, soft.pull, hard.loss, hard.pull, ...gradient].every(Number.isFinite));
    assert.ok(soft.loss > 0 && hard.loss > 0);
  }
});

test("the same seed gives the same points bit for bit, another seed others", () => {
  const points = (/** @type {number} */ seed) => train(experiment({ seed, wrong: 20, digits: "012345678" }), 60).points;
  assert.deepEqual(points(0), points(0));
  assert.notDeepEqual(points(0), points(1));
  assert.deepEqual(points(0).map(({ update }) => update), [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60]);
});

test("the same run comes out whatever was looked at meanwhile", () => {
  const [seen, unseen] = [experiment({ teacher: "untrained" }), experiment({ teacher: "untrained" })];
  for (let i = 0; i < 40; i++) {
    seen.update();
    seen.evaluate();
    seen.snapshot({ image: i, from: 0 });
    seen.weights();
    seen.disagreements(5);
    unseen.update();
  }
  assert.deepEqual(seen.points, unseen.points);
  assert.deepEqual(weightsOf(seen, "taught"), weightsOf(unseen, "taught"));
});

test("a digit left out is in no batch, from the next update on", () => {
  const run = experiment();
  const digitsOf = (/** @type {Batch} */ batch) => [...batch.chosen.subarray(0, batch.size)].map((image) => pack.labels[image]);
  const seen = new Set();
  for (let i = 0; i < 40; i++) {
    if (i === 20) {
      assert.ok(seen.has(3) && seen.has(4));
      seen.clear();
      run.change({ ...run.settings, digits: "01256789" });
    }
    run.update();
    for (const batch of [run.labelled, run.transfer, run.both]) digitsOf(batch).forEach((digit) => seen.add(digit));
  }
  assert.deepEqual([...seen].sort(), [0, 1, 2, 5, 6, 7, 8, 9]);
  const labelled = [...run.lessons.order.slice(0, run.settings.labels)].filter((image) => ![3, 4].includes(pack.labels[image]));
  assert.equal(run.snapshot().labelled, labelled.length);
  assert.ok(labelled.length < run.settings.labels);
});

test("labelled images are nested, and so are the wrong ones; a wrong label is another digit", () => {
  const lessons = new Lessons(pack, 5);
  const told = (/** @type {number} */ labels, /** @type {number} */ wrong) => {
    lessons.set({ labels, wrong, digits: "0123456789" });
    return { pool: new Set(lessons.labelled.pool), wrong: [...lessons.labels].map((label, i) => (label === pack.labels[i] ? -1 : label)) };
  };
  const [few, more, all] = [10, 100, TRAINING].map((labels) => told(labels, 0).pool);
  assert.deepEqual([few.size, more.size, all.size], [10, 100, TRAINING]);
  assert.ok([...few].every((image) => more.has(image)));
  const [none, some, many] = [0, 20, 60].map((wrong) => told(100, wrong).wrong);
  assert.ok(none.every((label) => label === -1));
  assert.ok(some.every((label, i) => label === -1 || label === many[i]));
  near(some.filter((label) => label >= 0).length / TRAINING, 0.2, 0.1);
  near(many.filter((label) => label >= 0).length / TRAINING, 0.6, 0.1);
});

test("an epoch has each image once, its last batch what is left; another epoch has another order", () => {
  const lessons = new Lessons(pack, 0);
  lessons.set({ labels: 50, wrong: 0, digits: "0123456789" });
  const epochs = [0, 1].map(() => [16, 16, 16, 2].flatMap((size) => {
    const batch = new Batch(images, 64);
    lessons.labelled.draw(batch, 16);
    assert.equal(batch.size, size);
    return [...batch.chosen.subarray(0, size)];
  }));
  assert.notDeepEqual(epochs[0], epochs[1]);
  for (const epoch of epochs) assert.deepEqual(new Set(epoch), new Set(lessons.order.subarray(0, 50)));
});

test("where no labelled image is left nobody learns from labels, and nothing breaks", () => {
  const lessons = new Lessons(pack, 0);
  const truths = [...lessons.order.subarray(0, 10)].map((image) => pack.labels[image]);
  const digits = [..."0123456789"].filter((digit) => !truths.includes(Number(digit))).join("");
  const run = experiment({ labels: 10, digits });
  const before = weightsOf(run, "plain");
  train(run, 10);
  assert.deepEqual(weightsOf(run, "plain"), before);
  assert.ok(run.last.soft > 0 && run.last.hard === 0 && !run.plain.stopped && !run.taught.stopped);
  const nothing = train(experiment({ labels: 10, digits, unlabelled: false }), 10);
  assert.deepEqual(weightsOf(nothing, "taught"), before);
  assert.deepEqual(nothing.snapshot().stopped, { taught: false, plain: false });
});

test("students learn: both better than chance, and with few labels the taught one is better", () => {
  const run = train(experiment({ labels: 20, batch: 32, units: 16 }), 200);
  const { counts } = run.snapshot();
  assert.ok(counts.plain > 0.3 * HELD_OUT && counts.taught > counts.plain);
  assert.equal(counts.byDigit.taught.reduce((sum, right) => sum + right), counts.taught);
  assert.equal(counts.byDigit.of.reduce((sum, n) => sum + n), HELD_OUT);
});

test("poisoned weights stop that student and leave the other running", () => {
  for (const [poisoned, other] of /** @type {["taught" | "plain", "taught" | "plain"][]} */ ([["taught", "plain"], ["plain", "taught"]])) {
    for (const layers of [1, 2]) {
      const run = train(experiment({ layers }), 20);
      const counts = run.snapshot().counts[poisoned];
      run[poisoned].network.layers[0].weight.fill(NaN);
      const before = weightsOf(run, other);
      train(run, 20);
      const { stopped, ...seen } = run.snapshot();
      assert.deepEqual(stopped, { taught: poisoned === "taught", plain: poisoned === "plain" });
      assert.equal(seen.counts[poisoned], counts);
      assert.notDeepEqual(weightsOf(run, other), before);
      assert.ok(Number.isFinite(run.points.at(-1)?.[other]));
    }
  }
});

test("an absurd learning rate stops students; a stopped peer takes no other along", () => {
  const run = train(experiment({ rate: 1e30 }), 20);
  assert.deepEqual(run.snapshot().stopped, { taught: true, plain: true });
  const peers = train(experiment({ teacher: "peer" }), 5);
  peers.peer?.network.layers[1].bias.fill(NaN);
  train(peers, 20);
  assert.ok(peers.peer?.stopped && !peers.taught.stopped && !peers.plain.stopped);
  assert.ok(peers.last.hard > 0 && peers.last.soft === 0);
});

test("a change acts on the very next update and leaves a mark; one that is dragged leaves one", () => {
  const [run, same] = [experiment(), experiment()];
  run.change({ ...run.settings, T: 2 });
  run.change({ ...run.settings, T: 4 }); // nothing has happened yet
  train(run, 10);
  train(same, 10);
  assert.deepEqual(run.snapshot().moved, false);
  assert.deepEqual(weightsOf(run, "taught"), weightsOf(same, "taught"));
  run.change({ ...run.settings, alpha: 0 });
  train(run, 1);
  train(same, 1);
  assert.equal(run.last.soft, 0);
  assert.ok(same.last.soft > 0);
  for (const T of [5, 6, 7]) run.change({ ...train(run, 1).settings, T });
  run.change({ ...run.settings, image: 3, speed: "slow" });
  assert.deepEqual(run.marks, [{ update: 10, name: "alpha", value: 0 }, { update: 14, name: "T", value: 7 }]);
  assert.ok(run.snapshot().moved);
  run.change({ ...run.settings, units: 256, seed: 9 });
  assert.deepEqual([run.settings.units, run.settings.seed], [8, 0]);
});

test("the bias of digits left out is added where the taught student is read, and nowhere else", () => {
  const [plain, raised] = [0, 5].map((bias) => train(experiment({ digits: "012456789", bias }), 50));
  assert.deepEqual(weightsOf(plain, "taught"), weightsOf(raised, "taught"));
  const [before, after] = [plain, raised].map((run) => run.snapshot({ image: TRAINING }));
  after.shown.taught.forEach((z, digit) => near(z, before.shown.taught[digit] + (digit === 3 ? 5 : 0), 1e-9));
  assert.deepEqual(after.shown.plain, before.shown.plain);
  assert.ok(after.counts.byDigit.taught[3] > before.counts.byDigit.taught[3]);
  assert.equal(after.counts.plain, before.counts.plain);
});

test("contributions add up to the loss, and pulls are shares of the same gradient", () => {
  const run = experiment({ alpha: 0.3, unlabelled: false });
  const losses = Array.from({ length: 5 }, () => ({ ...train(run, 1).last }));
  const { soft, hard } = run.points[1];
  near(soft, losses.reduce((sum, loss) => sum + loss.soft, 0) / 5, 1e-9);
  near(hard, losses.reduce((sum, loss) => sum + loss.hard, 0) / 5, 1e-9);
  assert.ok(Number.isNaN(run.points[0].soft));
  assert.ok(run.pulls.soft > 0 && run.pulls.hard > 0);
});

test("the pulls follow a moved alpha before the next update", () => {
  const run = train(experiment({ alpha: 0.3, unlabelled: false }), 5);
  const before = run.snapshot().pulls;
  run.change({ ...run.settings, alpha: 0.6 });
  near(run.snapshot().pulls.soft, 2 * before.soft, 1e-9);
  near(run.snapshot().pulls.hard, (0.4 / 0.7) * before.hard, 1e-9);
  run.change({ ...run.settings, alpha: 0 });
  assert.equal(run.snapshot().pulls.soft, 0);
  const alone = train(experiment({ alpha: 0, unlabelled: false }), 5);
  alone.change({ ...alone.settings, alpha: 0.5 });
  assert.ok(Number.isNaN(alone.snapshot().pulls.soft), "of a term that never weighed anything nothing is known");
});

test("what is shown: an image of the data with its teacher, a drawing with a teacher that is a network", () => {
  const run = train(experiment(), 5);
  const { shown } = run.snapshot({ image: TRAINING + 4 });
  assert.equal(shown.label, pack.labels[TRAINING + 4]);
  assert.deepEqual(shown.teacher, [...pack.teachers.trained.subarray(10 * (TRAINING + 4), 10 * (TRAINING + 5))]);
  assert.equal(shown.peer, null);
  const drawn = run.snapshot({ pixels: pack.images.subarray(784 * (TRAINING + 4), 784 * (TRAINING + 5)) }).shown;
  assert.deepEqual([drawn.label, drawn.teacher, drawn.taught], [null, null, shown.taught]);
  run.change({ ...run.settings, teacher: "untrained" });
  assert.equal(run.snapshot({ pixels: new Uint8Array(784) }).shown.teacher?.length, 10);
  run.change({ ...run.settings, teacher: "peer" });
  assert.equal(run.snapshot().shown.peer?.length, 10);
  assert.equal(run.snapshot().counts.peer, run.peer?.reading.right);
});

test("weights are seen unit by unit", () => {
  const run = experiment();
  const { taught, plain } = run.weights();
  assert.equal(taught.length, 8 * 784);
  assert.equal(taught[3 * 784 + 400], run.taught.network.layers[0].weight[400 * 8 + 3]);
  assert.deepEqual(taught, plain);
});

test("disagreements: first where the students differ, then where the taught one is least like its teacher", () => {
  const run = train(experiment({ labels: 20 }), 60);
  const { taught, plain, teacherReading } = run;
  const differ = [...taught.reading.best.keys()].filter((i) => taught.reading.best[i] !== plain.reading.best[i]);
  const shown = run.disagreements(HELD_OUT);
  for (const { image, ...answers } of shown) {
    assert.deepEqual(answers, { taught: taught.reading.best[image - TRAINING], plain: plain.reading.best[image - TRAINING] });
  }
  const found = shown.map(({ image }) => image - TRAINING);
  assert.ok(differ.length && differ.length < HELD_OUT);
  assert.deepEqual(found.slice(0, differ.length), differ);
  assert.deepEqual([...found].sort((a, b) => a - b), [...taught.reading.best.keys()]);
  const at = (/** @type {{ logits: Float32Array }} */ { logits }, /** @type {number} */ i) => logits.subarray(10 * i, 10 * i + 10);
  const apart = found.slice(differ.length).map((i) => klDivergence(at(taught.reading, i), at(teacherReading, i), run.settings.T));
  assert.deepEqual(apart, [...apart].sort((a, b) => b - a));
  assert.equal(run.disagreements(3).length, 3);
});

test("a link opens the nearest valid state and says what was absurd", () => {
  const absurd = {
    T: "1e9", alpha: "-3", labels: "3", wrong: "99", unlabelled: "perhaps", digits: "x", bias: "-1000", units: "100", layers: "7",
    rate: "0", batch: "0", teacher: "nobody", seed: "0.4", speed: "fast", image: "Infinity", unknown: "1",
  };
  const { settings, problems } = fromQuery(absurd, pack);
  assert.deepEqual(settings, {
    T: 100, alpha: 0, labels: 10, wrong: 60, unlabelled: true, digits: "0123456789", bias: -10, units: 128, layers: 2,
    rate: 0.0001, batch: 16, teacher: "trained", seed: 0, speed: "full", image: TRAINING + HELD_OUT - 1,
  });
  assert.deepEqual(problems.map(({ name }) => name), Object.keys(settings));
  assert.deepEqual(problems[0], { name: "T", given: "1e9", used: "100" });
  assert.deepEqual(fromQuery({ T: "warm", labels: "1e12", seed: "" }, pack).settings, { ...defaults(pack), labels: TRAINING });
  const comma = fromQuery({ T: "2,5" }, pack);
  assert.deepEqual([comma.settings.T, comma.problems], [2.5, [{ name: "T", given: "2,5", used: "2.5" }]]);
  assert.deepEqual(fromQuery({ T: "4.0", labels: "all", digits: "78", unlabelled: "0" }, pack), {
    settings: { ...defaults(pack), labels: TRAINING, digits: "78", unlabelled: false }, problems: [],
  });
});

test("what is as usual is not in the link; the rest comes back as it was", () => {
  assert.deepEqual(toQuery(defaults(pack), pack), {});
  const settings = {
    ...defaults(pack), T: 1 / 3, alpha: 0.35, labels: TRAINING, wrong: 25, unlabelled: false, digits: "78", bias: -2.5, units: 256, layers: 2,
    rate: 0.0123, batch: 256, teacher: /** @type {const} */ ("peer"), seed: 9999, speed: /** @type {const} */ ("slow"), image: 17,
  };
  assert.deepEqual(fromQuery(toQuery(settings, pack), pack), { settings, problems: [] });
  assert.equal(toQuery(settings, pack).labels, "all");
});

/** A worker's port and clock whose time passes only as told. */
function fakeWorker() {
  const messages = /** @type {any[]} */ ([]);
  const calls = /** @type {{ at: number, call: () => void }[]} */ ([]);
  let time = 0;
  const hear = serve({ postMessage: (message) => messages.push(message) }, {
    now: () => (time += 0.5), // so that a slice ends
    later: (call, milliseconds) => calls.push({ at: time + milliseconds, call }),
  });
  const wait = async (/** @type {number} */ milliseconds) => {
    const end = time + milliseconds;
    while (calls.length && calls[0].at <= end) {
      const { at, call } = /** @type {{ at: number, call: () => void }} */ (calls.shift());
      time = Math.max(time, at);
      await call();
    }
    time = Math.max(time, end);
  };
  const frame = async (asked = {}) => {
    await hear({ type: "frame", ...asked });
    return messages.at(-1);
  };
  return { hear, wait, frame, messages };
}

test("the worker learns while it plays, answers each frame, and rests when paused", async () => {
  const { hear, wait, frame } = fakeWorker();
  await hear({ type: "open", pack, settings: usual });
  const first = await frame();
  assert.deepEqual([first.type, first.updates, first.playing, first.points.length, first.from], ["frame", 0, false, 1, 0]);
  await hear({ type: "play" });
  await wait(800);
  const second = await frame({ from: 1, weights: true, doubts: true });
  assert.ok(second.playing && second.updates > 50 && second.perSecond > 50 && second.imagesPerSecond > 50 * second.perSecond / 2);
  assert.equal(second.points[0].update, 5);
  assert.deepEqual([second.weights.taught.length, second.disagreements.length], [8 * 784, 24]);
  await hear({ type: "pause" });
  await wait(100);
  const third = await frame();
  assert.deepEqual([third.updates, third.playing, third.weights, third.perSecond], [second.updates, false, undefined, 0]);
  await hear({ type: "step" });
  assert.equal((await frame()).updates, second.updates + 1);
});

test("slow and medium keep their pace, and what is lost is not made up for", async () => {
  for (const [speed, updates] of /** @type {["slow" | "medium", number][]} */ ([["slow", 20], ["medium", 200]])) {
    const { hear, wait, frame } = fakeWorker();
    await hear({ type: "open", pack, settings: { ...usual, speed } });
    await hear({ type: "play" });
    await wait(5000);
    near((await frame()).updates, updates, 0.05 * updates + 1);
  }
});

test("a moved control goes to the run, other units make another one, and so does a reset", async () => {
  const { hear, wait, frame } = fakeWorker();
  await hear({ type: "open", pack, settings: usual });
  await hear({ type: "play" });
  await wait(100);
  await hear({ type: "settings", settings: { ...usual, T: 9 } });
  const moved = await frame();
  assert.deepEqual([moved.moved, moved.marks.length, moved.playing], [true, 1, true]);
  await hear({ type: "settings", settings: { ...usual, T: 9, units: 16 } });
  const anew = await frame({ weights: true });
  assert.deepEqual([anew.updates, anew.moved, anew.weights.taught.length], [0, false, 16 * 784]);
  await wait(100);
  await hear({ type: "reset" });
  const again = await frame();
  assert.deepEqual([again.updates, again.playing], [0, true]);
  await wait(100);
  assert.ok((await frame()).updates > 0);
});

test("while it rests, a bias moved is read at once", async () => {
  const { hear, wait, frame } = fakeWorker();
  const settings = { ...usual, digits: "012456789" };
  await hear({ type: "open", pack, settings });
  await hear({ type: "play" });
  await wait(300);
  await hear({ type: "pause" });
  const before = await frame();
  await hear({ type: "settings", settings: { ...settings, bias: 10 } });
  const after = await frame();
  assert.equal(after.updates, before.updates);
  assert.ok(after.counts.byDigit.taught[3] > before.counts.byDigit.taught[3]);
  await hear({ type: "show", image: 12 });
  assert.equal((await frame()).shown.label, pack.labels[12]);
  await hear({ type: "show", pixels: new Uint8Array(784) });
  assert.equal((await frame()).shown.label, null);
});

test("what goes wrong in the worker is told, and learning ends", async () => {
  const { hear, frame, messages } = fakeWorker();
  await hear({ type: "open", pack: new ArrayBuffer(9), settings: usual });
  assert.equal(messages.at(-1).type, "problem");
  assert.equal(messages.at(-1).key, "worker-failed");
  await hear({ type: "open", pack, settings: usual });
  assert.equal((await frame()).type, "frame");
});
