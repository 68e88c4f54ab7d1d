// What all components share: softmax, entropy, numbers as text, scales, bytes, the network.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

import { EVERY, makeAnnouncer, makeReader } from "../../kdviz/components/kdviz.shared/announcer.js";
import { barHeight } from "../../kdviz/components/kdviz.shared/bars.js";
import { decodeBase64, decodeHalf } from "../../kdviz/components/kdviz.shared/bytes.js";
import { withPoint } from "../../kdviz/components/kdviz.shared/decimal_comma.js";
import { makeEcho } from "../../kdviz/components/kdviz.shared/component.js";
import {
  barPercent, filled, listPercent, parseNumber, sharePercent, short, signed, tinyPercent,
} from "../../kdviz/components/kdviz.shared/format.js";
import {
  listen, logitsOf, makeReport, publishLogits, publishTemperature, tell, temperatureOf,
} from "../../kdviz/components/kdviz.shared/signals.js";
import { lookAlikes, luminance, meanSoftTargets, prepareMatrix } from "../../kdviz/components/kdviz.shared/matrix.js";
import { forward, forwardLayers, isHere, keepNetwork, unpackLayers } from "../../kdviz/components/kdviz.shared/network.js";
import { linearAxis, logAxis, temperatureGrid, valueAt } from "../../kdviz/components/kdviz.shared/over_t.js";
import { queryOf } from "../../kdviz/components/kdviz.shared/navigation.js";
import { meaningOf, nextTemperature } from "../../kdviz/components/kdviz.shared/on_stage.js";
import { entropyBits, ranked, softmax } from "../../kdviz/components/kdviz.shared/softmax.js";
import { clockText, partsOf } from "../../kdviz/components/kdviz.shared/talk_channel.js";
import { arrived, keepWords, wordsOf } from "../../kdviz/components/kdviz.shared/words.js";
import { catchDecade, formatT, roundT } from "../../kdviz/components/kdviz.shared/temperature.js";

/** @param {number} actual @param {number} expected */
const near = (actual, expected, tolerance = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

const base64 = (/** @type {ArrayBufferView} */ view) => Buffer.from(view.buffer).toString("base64");

test("softmax sums to one, is e to one for logits one apart, and never overflows", () => {
  const p = softmax([1, 0], 1);
  near(p[0], Math.E / (1 + Math.E));
  near(p[0] + p[1], 1);
  assert.deepEqual([...softmax([5000, 0, 0], 0.1)], [1, 0, 0]);
  assert.deepEqual([...softmax([3, 3, 3, 3], 7)], [0.25, 0.25, 0.25, 0.25]);
});

test("a temperature divides the logits", () => {
  const [cold, warm] = [softmax([4, 2, 1], 1), softmax([8, 4, 2], 2)];
  cold.forEach((share, i) => near(share, warm[i]));
});

test("entropy is log2 of the classes at most, and 0 where one class has all", () => {
  assert.equal(entropyBits([0.25, 0.25, 0.25, 0.25]), 2);
  assert.equal(entropyBits([1, 0, 0]), 0);
});

test("classes are ranked by logit; of equal ones the first comes first", () => {
  assert.deepEqual(ranked([1, 3, 3, 2]), [1, 2, 3, 0]);
});

test("shares as text", () => {
  assert.deepEqual([1, 0.995, 0.5, 0.05, 0.005, 0.0005, 0.00001].map(barPercent), ["100", "99.5", "50", "5.0", "0.5", "0.05", "<.01"]);
  assert.equal(tinyPercent(0.00001), "1e−3");
  assert.equal(tinyPercent(0), "<.01");
  assert.deepEqual([0.5, 0.005, 0.00005, 0.0000001].map(listPercent), ["50.0\u00a0%", "0.50\u00a0%", "0.0050\u00a0%", "<0.0001\u00a0%"]);
  assert.deepEqual([1, 0.5, 0.00001].map(sharePercent), ["over 99.9\u00a0%", "50\u00a0%", "under 0.01\u00a0%"]);
});

test("a true minus, and none before zero", () => {
  assert.deepEqual([signed(-1.25, 2), signed(-0.01), signed(2)], ["−1.25", "0.0", "2.0"]);
});

test("numbers that visitors type", () => {
  assert.deepEqual(["2,5", " −1 ", "1e2", "", "x"].map(parseNumber), [2.5, -1, 100, null, null]);
  assert.deepEqual(["1,000", "0,001", "1000,5", "1,2,3"].map(parseNumber), [null, 0.001, 1000.5, null]);
});

test("a comma is entered as a point", () => {
  assert.deepEqual([",", "2,5", "0,001", "2.5", "1,000", "a,b", ""].map(withPoint), [".", "2.5", "0.001", null, null, null, null]);
});

test("every place of a sentence is filled", () => {
  assert.equal(filled("{{ a }} and {{b}}", { a: 0, b: "two", c: 3 }), "0 and two");
  assert.throws(() => filled("{{a}}: {{c}}", { a: 0 }), /Nothing fills {{c}}/);
  assert.equal(short(0.1 + 0.2), 0.3);
});

test("temperatures are kept on the axis and to three digits", () => {
  assert.deepEqual([roundT(0.01), roundT(1.23456), roundT(1e6)], [0.1, 1.23, 100]);
  assert.deepEqual([1, 12.34, 100].map(formatT), ["1.00", "12.3", "100"]);
  assert.deepEqual([catchDecade(0.99), catchDecade(0.9)], [1, 0.9]);
});

test("the logarithmic axis of the bars ends at a millionth", () => {
  assert.deepEqual([1, 1e-6, 1e-9, 0].map((p) => barHeight(p, "log")), [1, 0, 0, 0]);
  assert.equal(barHeight(0.3, "linear"), 0.3);
});

test("axes have few round ticks and cover what is shown", () => {
  const linear = linearAxis(0.83, String);
  assert.deepEqual(linear.ticks.map(([value]) => value), [0, 0.25, 0.5, 0.75, 1]);
  assert.equal(linear.y(1), 1);
  const log = logAxis(0.002, 40, String);
  assert.deepEqual([log.y(0.001), log.y(100), log.y(0)], [0, 1, -1]);
  assert.deepEqual([temperatureGrid(4)[0], temperatureGrid(4)[3]].map((T) => Number(T.toFixed(9))), [0.1, 100]);
});

test("a curve is straight between its points, over log T, and ends where it ends", () => {
  near(/** @type {number} */ (valueAt([1, 100], [0, 4], 10)), 2);
  assert.deepEqual([valueAt([1, 10], [3, null], 5), valueAt([1, 10], [3, 4], 0.5), valueAt([1, 10], [3, 4], 50)], [null, 3, 4]);
});

test("half-precision numbers are read exactly, subnormals and infinities included", () => {
  const bits = new Uint16Array([0x3c00, 0xc000, 0x0001, 0x7c00, 0x7e00]);
  const values = decodeHalf(decodeBase64(base64(bits)));
  assert.deepEqual([...values], [1, -2, 2 ** -24, Infinity, NaN]);
});

test("the network scales pixels to -1..1, rectifies between its layers, and is told of once", () => {
  const heard = /** @type {string[]} */ ([]);
  listen({ endings: [] }, "network", ({ name }) => heard.push(name));
  const halves = (/** @type {number[]} */ ...bits) => base64(new Uint16Array(bits));
  const [one, minus, none] = [0x3c00, 0xbc00, 0];
  const layers = [
    { weight: halves(one, none, none, one), bias: halves(none, none), inputs: 2, outputs: 2 },
    { weight: halves(one, one, minus, none), bias: halves(one, none), inputs: 2, outputs: 2 },
  ];
  assert.ok(!isHere("n"));
  keepNetwork({ name: "n", digest: "a", layers });
  keepNetwork({ name: "n", digest: "a", layers });
  assert.deepEqual(heard, ["n"]);
  assert.deepEqual([...forward("n", [255, 0])], [2, -1]); // hidden: 1, and -1 rectified to 0
  assert.throws(() => keepNetwork({ name: "m", digest: "b", layers: [{ ...layers[0], inputs: 3 }] }), /came with 4 weights/);
});

test("a network that came over HTTP is the one that was sent, and nothing else is taken for one", async () => {
  const sent = (/** @type {string} */ format, /** @type {number[]} */ ...bits) => {
    const header = Buffer.from(JSON.stringify({ format, layers: [{ inputs: 2, outputs: 1 }] }));
    const length = Buffer.from(Uint32Array.of(header.length).buffer);
    return new Uint8Array(gzipSync(Buffer.concat([length, header, Buffer.from(Uint16Array.from(bits).buffer)])));
  };
  const [one, minus, half] = [0x3c00, 0xbc00, 0x3800];
  const layers = await unpackLayers(sent("kdviz-weights-1", one, minus, half));
  assert.deepEqual([...forwardLayers(layers, [255, 0])], [2.5]);
  await assert.rejects(unpackLayers(sent("kdviz-weights-1", one)), /instead of/);
  await assert.rejects(unpackLayers(sent("kdviz-playground-1", one, minus, half)), /have the format/);
  await assert.rejects(unpackLayers(new Uint8Array([1, 2, 3])));
});

test("the matrix of look-alikes is the mean softmax of each class", () => {
  const matrix = prepareMatrix(Float32Array.from([1, 0, 0, 1, 0, 0]), Uint8Array.from([0, 1, 1]), 2);
  const mean = meanSoftTargets(matrix, 1);
  const p = Math.E / (1 + Math.E);
  [p, 1 - p, (1 - p + 0.5) / 2, (p + 0.5) / 2].forEach((share, i) => near(mean[i], share));
  const [strongest] = lookAlikes(mean, 2);
  assert.deepEqual([strongest.row, strongest.column], [1, 0]);
  assert.equal(luminance([255, 255, 255]), 1);
});

test("pictures of a group hear its temperature and logits, and are told nothing once they are gone", () => {
  const ui = { endings: /** @type {(() => void)[]} */ ([]) };
  const heard = /** @type {number[]} */ ([]);
  listen(ui, "temperature", ({ T }) => heard.push(T));
  publishTemperature(4, "g", ui);
  ui.endings.forEach((end) => end());
  publishTemperature(5, "g", ui);
  assert.deepEqual([heard, temperatureOf("g"), temperatureOf("other")], [[4], 5, undefined]);
  publishLogits([1, 2], "g");
  assert.deepEqual([...(logitsOf("g") ?? [])], [1, 2]);
  publishLogits(null, "g");
  assert.equal(logitsOf("g"), null);
});

test("ten presses are one report, and none where the visitor has gone to another place", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const ui = { endings: /** @type {(() => void)[]} */ ([]) };
  let reports = 0;
  const report = makeReport(ui, () => { reports += 1; });
  report.wait();
  context.mock.timers.tick(200);
  report.wait();
  context.mock.timers.tick(200);
  assert.deepEqual([reports, report.waits()], [0, true]);
  context.mock.timers.tick(100);
  assert.deepEqual([reports, report.waits()], [1, false]);
  report.wait();
  tell("leaves");
  context.mock.timers.tick(1000);
  assert.equal(reports, 1);
});

test("what Python sends back is not taken for news", () => {
  const echo = makeEcho();
  assert.ok(echo.overrides(1));
  echo.sent(2);
  echo.sent(3);
  assert.ok(!echo.overrides(2), "the echo of what was sent first");
  assert.ok(!echo.overrides(3));
  assert.ok(echo.overrides(1), "a preset");
});

test("a picture has the words that begin with its name, once they have come, and then those that came last", async () => {
  const address = "http://here/_stcore/bidi-components/kdviz.race/index.js";
  keepWords({ words: { "race-play": "Play", "race-at-once": "Now", "loss-same": "The same" } });
  await arrived;
  assert.deepEqual(wordsOf(address), { play: "Play", "at-once": "Now" });
  assert.deepEqual(wordsOf("http://here/kdviz/components/loss/index.js"), { same: "The same" });
  keepWords({ words: { "race-play": "Los" } });
  assert.deepEqual(wordsOf(address), { play: "Los" });
});

test("a link to another page takes the data set along and how the program is embedded", () => {
  const here = "?data=digits&T=4&run=abc&embed=true&embed_options=dark_theme&embed_options=show_padding";
  const along = "data=digits&embed=true&embed_options=dark_theme&embed_options=show_padding";
  assert.equal(queryOf("", here, ""), along);
  assert.equal(queryOf("?term=kl", here, "?data=digits&term=logits"), `term=kl&${along}`);
  assert.equal(queryOf("?data=mnist&seed=3", here, ""), `data=mnist&seed=3&${along.replace("data=digits&", "")}`);
});

test("a link that says nothing more finds a page as it was left", () => {
  assert.equal(queryOf("", "?data=digits", "?data=digits&seed=3&run=abc"), "data=digits&seed=3&run=abc");
  assert.equal(queryOf("", "", "?data=digits&seed=3"), "data=digits&seed=3");
  assert.equal(queryOf("", "?embed=true", "?seed=3"), "seed=3&embed=true");
  assert.equal(queryOf("?run=def", "?data=digits", "?run=abc&seed=3"), "run=def", "a link that says more says all");
});

test("another data set leaves a page's settings behind, but a run has its own", () => {
  assert.equal(queryOf("", "?data=digits", "?data=mnist&image=5000"), "data=digits");
  assert.equal(queryOf("", "?data=digits", "?data=mnist&run=abc&seed=3"), "data=mnist&run=abc&seed=3");
  assert.equal(queryOf("?run=abc", "?data=digits", ""), "run=abc");
});

test("a link takes the stage along, and a page that was left on it is found without it", () => {
  assert.equal(queryOf("", "?T=4&stage=1&talk=a&scene=2", ""), "stage=1");
  assert.equal(queryOf("", "?T=4", "?T=2&stage=1&talk=a&scene=2"), "T=2");
  assert.equal(queryOf("?T=1&talk=a&scene=3&stage=1", "?stage=1&talk=a&scene=2", ""), "T=1&talk=a&scene=3&stage=1");
});

test("keys of the stage: never in a field, arrows not where a control has them, off the stage only the way onto it", () => {
  const press = (/** @type {string} */ key, more = {}) =>
    ({ key, ctrlKey: false, metaKey: false, altKey: false, defaultPrevented: false, ...more });
  const nothing = () => false;
  const typing = (/** @type {string} */ selector) => selector.startsWith("input:not(");
  const slider = (/** @type {string} */ selector) => selector.startsWith("input, [role=slider]");
  assert.equal(meaningOf(press("s"), false, nothing), "stage");
  assert.equal(meaningOf(press("f"), false, nothing), "");
  assert.deepEqual([".", "t", "T", "PageDown", "ArrowLeft"].map((key) => meaningOf(press(key), true, nothing)),
    ["blank", "cooler", "warmer", "next", "previous"]);
  assert.deepEqual(["s", "t", "ArrowRight"].map((key) => meaningOf(press(key), true, typing)), ["", "", ""]);
  assert.deepEqual(["t", "ArrowRight"].map((key) => meaningOf(press(key), true, slider)), ["cooler", ""]);
  assert.equal(meaningOf(press("s", { ctrlKey: true }), true, nothing), "");
});

test("t and T go through temperatures that one talks about, and stay at the ends", () => {
  assert.deepEqual([1, 3.3, 100].map((T) => nextTemperature(T, 1)), [1.5, 4, 100]);
  assert.deepEqual([1, 3.3, 0.1].map((T) => nextTemperature(T, -1)), [0.5, 3, 0.1]);
});

test("notes have paragraphs and lists; a clock has minutes and seconds", () => {
  assert.deepEqual(partsOf("One\ntwo.\n\n- a\n- b\n\n\nEnd."), ["One two.", ["a", "b"], "End."]);
  assert.deepEqual([0, 65.9, 3600].map(clockText), ["0:00", "1:05", "60:00"]);
});

/** A clock that goes on by hand; what waits is called when its time has come. */
function makeClock() {
  let time = 0;
  let waiting = /** @type {{ at: number, call: () => void }[]} */ ([]);
  return {
    now: () => time,
    wait: (/** @type {() => void} */ call, /** @type {number} */ ms) => waiting.push({ at: time + ms, call }),
    pass(/** @type {number} */ ms) {
      for (const end = time + ms; time < end;) {
        time += 100;
        const due = waiting.filter(({ at }) => at <= time);
        waiting = waiting.filter(({ at }) => at > time);
        due.forEach(({ call }) => call());
      }
    },
  };
}

test("a sentence that changes all the time is announced once in five seconds, and its last state in the end", () => {
  const clock = makeClock();
  const said = /** @type {{ at: number, text: string }[]} */ ([]);
  const { announce } = makeAnnouncer((text) => said.push({ at: clock.now(), text }), clock);
  for (let i = 0; i < 35; i++) { // 14 seconds
    announce("live", `after update ${i}`);
    clock.pass(400);
  }
  assert.ok(said.length >= 3, "it is announced");
  said.slice(1).forEach(({ at }, i) => assert.ok(at - said[i].at >= EVERY, "not so often"));
  clock.pass(EVERY);
  assert.equal(said.at(-1)?.text, "after update 34");
  assert.ok(said.length <= 4);
});

test("what changes together is announced together, and nothing of a page that was left", () => {
  const clock = makeClock();
  const said = /** @type {string[]} */ ([]);
  const { announce, forget } = makeAnnouncer((text) => said.push(text), clock);
  announce("picture", "a 2");
  announce("curves", "more of it");
  announce("picture", "a 7");
  clock.pass(1000);
  assert.deepEqual(said, ["more of it a 7"]);
  announce("picture", "a 3");
  forget();
  clock.pass(EVERY);
  assert.equal(said.length, 1);
});

test("a page is not announced as it opens; what its visitor does, and what happens later, is", () => {
  const clock = makeClock();
  const said = /** @type {string[]} */ ([]);
  const { act, look } = makeReader((_, text) => said.push(text), () => {}, clock);
  look("/a", ["here"]);
  look("/a", ["here", "and there"]);
  assert.deepEqual(said, []);
  act();
  look("/a", ["here", "changed"]);
  look("/a", ["here", "changed"]);
  assert.deepEqual(said, ["changed"]);
  look("/b", ["changed"]);
  look("/b", ["another page"]);
  assert.equal(said.length, 1);
  clock.pass(4000);
  look("/b", ["it has learnt"]);
  assert.deepEqual(said, ["changed", "it has learnt"]);
});
