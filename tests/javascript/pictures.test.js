// The mathematics and the sentences of single components.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { layOut, thinned, ticksOf } from "../../kdviz/components/explorer/places.js";
import { formulaHtml } from "../../kdviz/components/inside/formulas.js";
import {
  klAt, moved, nearest, relationGap, responseSays, singularGap,
} from "../../kdviz/components/inside/sentences.js";
import * as loss from "../../kdviz/components/loss/formulas.js";
import { applyTimed, buildTimed } from "../../kdviz/components/kdviz.shared/device_time.js";
import { toImage } from "../../kdviz/components/kdviz.shared/preprocess.js";
import { describe } from "../../kdviz/components/soft_targets/sentence.js";
import { nats } from "../../kdviz/components/three_ways/who_teaches.js";
import { filled } from "../../kdviz/components/kdviz.shared/format.js";
import { lastUpTo } from "../../kdviz/components/kdviz.shared/training_plot.js";
import { klDivergence, softmax } from "../../kdviz/components/kdviz.shared/softmax.js";

/** @param {number} actual @param {number} expected */
const near = (actual, expected, tolerance = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

const TEXT = readFileSync(new URL("../../assets/lessons/en/pictures.md", import.meta.url), "utf8");
const WORDS = Object.fromEntries([...TEXT.matchAll(/^- `(.+?)` (.+)$/gm)].map(([, key, text]) => [key, text]));

/** What a component of that name says. @param {string} name @returns {import("../../kdviz/components/kdviz.shared/format.js").Tell} */
const teller = (name) => (key, values = {}) => filled(WORDS[`${name}-${key}`], values);

const [TEACHER, STUDENT] = [[3, 1, -1], [0.5, 2, -2]];

test("a longer bar is a larger loss, unless it is said that the scale is another", () => {
  assert.deepEqual(loss.barEnds(0.805, 0.457), { soft: 1, whole: 1 });
  assert.deepEqual(loss.barEnds(0.3, 3), { soft: 5, whole: 5 });
  assert.deepEqual(loss.barEnds(0.3, 60), { soft: 0.5, whole: 100 });
  assert.equal(loss.niceEnd(0), 0.1);
});

test("the losses are what their formulas say", () => {
  for (const T of [0.5, 1, 4, 100]) {
    const [p, q] = [softmax(TEACHER, T), softmax(STUDENT, T)];
    const kl = p.reduce((sum, share, i) => sum + share * Math.log(share / q[i]), 0);
    const entropy = -p.reduce((sum, share) => sum + share * Math.log(share), 0);
    near(klDivergence(STUDENT, TEACHER, T), kl);
    near(loss.softCrossEntropy(STUDENT, TEACHER, T), kl + entropy);
    near(loss.entropyNats(TEACHER, T), entropy);
    const { soft, hard, whole } = loss.distillationLoss(STUDENT, TEACHER, 1, T, 0.7);
    near(soft, 0.7 * T * T * kl, 1e-8);
    near(hard, -0.3 * Math.log(softmax(STUDENT, 1)[1]));
    near(whole, soft + hard);
  }
  assert.equal(klDivergence(TEACHER, TEACHER, 2), 0);
  assert.ok(Number.isFinite(klDivergence([900, 0], [0, 900], 0.1)), "exact where the softmax underflows");
});

test("a bar that is set to a share gets it", () => {
  const moved_ = [...STUDENT];
  moved_[1] = loss.logitForShare(STUDENT, 1, 0.3, 2);
  near(softmax(moved_, 2)[1], 0.3);
});

test("a drawing is scaled to 20 x 20 and put by its centre of mass, wherever it stands", () => {
  const draw = (/** @type {number} */ left, /** @type {number} */ top) => {
    const grey = new Uint8Array(280 * 280);
    for (let y = 0; y < 100; y++) for (let x = 0; x < 50; x++) grey[(top + y) * 280 + left + x] = 255;
    return grey;
  };
  const image = /** @type {Uint8Array} */ (toImage(draw(20, 30), 280, 280));
  assert.deepEqual(image, toImage(draw(150, 170), 280, 280));
  assert.equal(image.filter((value) => value === 255).length, 20 * 10);
  assert.equal(image[14 * 28 + 14], 255);
  assert.equal(toImage(new Uint8Array(280 * 280), 280, 280), null);
  const digits = /** @type {Uint8Array} */ (toImage(draw(20, 30), 280, 280, "8x8"));
  assert.equal(digits[14 * 28 + 14], 255);
  assert.ok(digits.slice(0, 4 * 28).every((value) => value === 0));
});

test("the sentence under the picture says what the numbers say", () => {
  const names = ["dog", "wolf", "cat", "car"];
  const z = [6, 3, 1, -4];
  const say = (/** @type {number} */ T, /** @type {number | null} */ label) =>
    describe({ tell: teller("soft_targets"), z, p: softmax(z, T), own: softmax(z, 1), T, names, label, mode: "image" }).replaceAll("\u00a0", " ");
  assert.match(say(1, 0), /^At T = 1 this is the teacher’s own answer: dog with 95 %\. Next come wolf/);
  assert.match(say(4, 0), /sounds less sure than at T = 1.*The shares move closer, the order never changes\.$/);
  assert.match(say(0.1, 1), /the teacher is wrong, and sure of it\.$/);
  assert.match(say(100, 0), /Every class is now close to 25 %/);
});

test("three kinds of knowledge in numbers", () => {
  const [p, q] = [softmax(TEACHER, 2), softmax(STUDENT, 2)];
  near(/** @type {number} */ (klAt(TEACHER, STUDENT, 2)), p.reduce((sum, share, i) => sum + share * Math.log(share / q[i]), 0));
  assert.equal(klAt([1, NaN], [1, 2], 1), null);
  const relations = [[0, 1, 3], [1, 0, 2], [3, 2, 0]];
  assert.deepEqual([0, 1, 2].map((i) => nearest(relations, i)), [1, 0, 1]);
  near(relationGap(relations, relations.map((row) => row.map((d) => d && d + 0.5))), 0.5);
  near(singularGap([0.5, 0.4, 0.1], [0.8, 0.2]), 0.3);
  assert.deepEqual([0, 39, 40, 500].map((step) => lastUpTo([0, 40, 100], step)), [0, 0, 1, 2]);
  assert.deepEqual([[0.41, 0.93], [0.934, 0.931], [0.9, 0.7]].map(([before, now]) => moved(teller("inside"), before, now)), ["rose from 0.41 to 0.93", "stayed at 0.93", "fell from 0.90 to 0.70"]);
});

test("a student as good as its teacher is said to agree on all images", () => {
  const [same, other] = [{ logits: [TEACHER] }, { logits: [STUDENT] }];
  const facts = { tell: teller("inside"), T: 4, method: "offline", teacher: same, before: other, taught: same, plain: null, begun: true };
  assert.match(responseSays(facts), /to 0\.000 nats with the teacher’s soft targets\. The class in front is the teacher’s on 1 of 1 images\.$/);
});

test("formulas stand for the methods that have one, and CKA for features", () => {
  assert.match(formulaHtml(teller("inside"), "feature", "hints"), /The loss of this student.*What the maps above show/s);
  assert.doesNotMatch(formulaHtml(teller("inside"), "response", "offline"), /CKA/);
});

test("cells of the map stand side by side, the control below them", () => {
  const cells = { alpha: [0, 0.5, 0.5], temperature: [1, 1, 2] };
  const ui = { width: 244, data: { cells, frames: [], shape: "grid", alphas: [0, 0.5], temperatures: [1, 2] } };
  const { at, tall } = layOut(ui, [0, 1, 2]);
  assert.deepEqual([at[1].x, at[2].x, at[0].width], [44, 144, 200]);
  assert.equal(at[0].y, tall);
  assert.deepEqual(ticksOf([0.5, 20], true), [0.5, 1, 2, 5, 10, 20]);
  assert.deepEqual(thinned([1, 2, 3], 10, 15), ["1", "", "3"]);
});

test("a network of any shape can be timed", () => {
  const network = buildTimed([["conv", 1, 2, 28], ["dense", 2 * 14 * 14, 10, 0]]);
  assert.equal(applyTimed(network, new Float32Array(28 * 28)).length, 10);
});

test("nats with two digits that matter", () => {
  assert.deepEqual([0, 0.00001, 0.00123, 0.0123, 0.123, 1.23, 12.3].map(nats), ["0.000", "<0.0001", "0.0012", "0.012", "0.12", "1.2", "12"]);
});

test("every text of a picture is told by it, and what fills its places is named in its modules", () => {
  const folder = new URL("../../kdviz/components/", import.meta.url);
  const sourceOf = (/** @type {string} */ name) => readdirSync(new URL(`${name}/`, folder)).filter((file) => /\.(js|html)$/.test(file))
    .map((file) => readFileSync(new URL(`${name}/${file}`, folder), "utf8")).join("\n");
  const shared = sourceOf("kdviz.shared");
  for (const [whole, text] of Object.entries(WORDS)) {
    const [, name, key] = /** @type {RegExpMatchArray} */ (whole.match(/^(\w+)-(.+)$/));
    const source = name === "shared" ? shared : sourceOf(name) + shared;
    const [first] = key.split("-");
    assert.ok([`"${key}"`, `words.${key}`, ` ${key}: {`, `"${first}"`, `\`${first}-\${`, `-${key.split("-").at(-1)}`].some((piece) => source.includes(piece)) || /ui\.measure/.test(source), `${whole} is not told`);
    for (const [, place] of text.matchAll(/{{(\w+)}}/g)) assert.match(source, new RegExp(`[{,.\\s]${place}\\b\\s*[:,})=]`), `${place} of ${whole}`);
  }
});
