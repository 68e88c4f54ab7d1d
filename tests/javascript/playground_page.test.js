// What the playground's page works out from numbers: its sentence, its curves, its presets.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { filled } from "../../kdviz/components/kdviz.shared/format.js";
import { height, keepApart, span, thinned } from "../../kdviz/components/playground/curves.js";
import { labQuery } from "../../kdviz/components/playground/lab.js";
import { PRESETS } from "../../kdviz/components/playground/presets.js";
import { describe, withInterval } from "../../kdviz/components/playground/sentence.js";
import { wilson } from "../../kdviz/components/kdviz.shared/intervals.js";
import { defaults, fromQuery, toQuery } from "../../kdviz/components/playground/settings.js";

const FACTS = { training: 5000, heldOut: 1000 };
const TEXT = readFileSync(new URL("../../assets/lessons/en/pictures.md", import.meta.url), "utf8");
const WORDS = Object.fromEntries([...TEXT.matchAll(/^- `playground-([^`]+)` (.*)$/gm)].map(([, key, text]) => [key, text]));
const tell = (/** @type {string} */ key, values = {}) => filled(WORDS[key], values);
const FRAME = { updates: 600, labelled: 100, counts: { n: 1000, taught: 890, plain: 710, teacher: 990 }, stopped: { taught: false, plain: false } };

test("Wilson's interval is the textbook's, and stays within 0 and 1", () => {
  const [low, high] = wilson(45, 50); // Brown, Cai, DasGupta 2001 give the formula
  assert.ok(Math.abs(low - 0.7864) < 1e-4 && Math.abs(high - 0.9565) < 1e-4, `${low} ${high}`);
  assert.equal(wilson(0, 20)[0], 0);
  assert.equal(wilson(20, 20)[1], 1);
  assert.equal(withInterval(890, 1000), "89\u00a0% (87 to 91)");
});

test("the sentence says what was counted, and what was missing", () => {
  const settings = defaults(FACTS);
  assert.equal(
    describe(tell, FRAME, settings),
    "With 100 labels, after 600 updates: taught 89\u00a0% (87 to 91), labels only 71\u00a0% (68 to 74) of 1,000 held-out images (95 % intervals, one seed).",
  );
  const less = { ...settings, wrong: 40, digits: "012456789" };
  assert.match(describe(tell, FRAME, less), /About 40\u00a0% of the labels are wrong\. Neither was shown any 3, .*knows of them\.$/);
  assert.match(describe(tell, { ...FRAME, updates: 0 }, settings), /^Press play/);
});

test("labels are those that are learnt from: none of a digit left out", () => {
  const said = describe(tell, { ...FRAME, labelled: 213 }, { ...defaults(FACTS), labels: 1000, digits: "78" });
  assert.match(said, /^With 213 labels, /);
});

test("a student that stopped is named with the learning rate", () => {
  const stopped = { taught: true, plain: false };
  const said = describe(tell, { ...FRAME, stopped }, { ...defaults(FACTS), rate: 0.1 });
  assert.match(said, /^The taught student left .* learning rate of 0\.1/);
});

test("the axis grows in few steps and always holds all updates", () => {
  assert.deepEqual([0, 200, 201, 500, 501, 1001, 2001].map(span), [200, 200, 500, 500, 1000, 2000, 5000]);
  for (let updates = 1; updates < 1e6; updates = Math.ceil(updates * 1.7)) assert.ok(span(updates) >= updates);
});

test("a long curve keeps its first and its last point, and not too many between", () => {
  const points = Array.from({ length: 5001 }, (_, i) => i);
  const drawn = thinned(points);
  assert.ok(drawn.length <= 260);
  assert.deepEqual([drawn[0], drawn.at(-1)], [0, 5000]);
  assert.deepEqual(thinned([1, 2]), [1, 2]);
});

test("small differences near the top are as large as great ones below", () => {
  assert.equal(height(0), 0);
  assert.ok(Math.abs(height(1) - 1) < 1e-12);
  assert.ok(height(0.98) - height(0.96) > 3 * (height(0.52) - height(0.5)));
});

test("names of lines that would lie on one another are moved apart, in their order", () => {
  const texts = keepApart([{ y: 50 }, { y: 10 }, { y: 52 }, { y: 51 }], 12);
  assert.deepEqual(texts.map(({ y }) => y), [50, 10, 74, 62]);
});

test("every preset can be set, differs from the others and has a name", () => {
  const links = PRESETS.map(({ name, query }) => {
    const { settings, problems } = fromQuery(query, FACTS);
    assert.deepEqual(problems, [], name);
    assert.ok(WORDS[`preset-${name}`], name);
    return JSON.stringify(toQuery(settings, FACTS));
  });
  assert.equal(new Set(links).size, PRESETS.length);
});

test("what a recipe can express leads to the lab with the same settings, and nothing else does", () => {
  const facts = { data: "digits", training: 5000, students: ["784-32-10", "784-128-10"] };
  const settings = { ...defaults(FACTS), T: 8, labels: 500 };
  assert.deepEqual(labQuery(settings, facts), {
    data: "digits", methods: "plain,offline", seeds: "0-4", temperature: "8", alpha: "0.9", student: "784-32-10",
    batch_size: "64", learning_rate: "0.002", labels: "500",
  });
  assert.equal(labQuery({ ...settings, labels: 5000, unlabelled: false }, facts)?.labels, undefined);
  assert.equal(labQuery({ ...settings, teacher: "peer" }, facts)?.methods, "plain,mutual");
  for (const beyond of [{ wrong: 40 }, { digits: "78" }, { unlabelled: false }, { layers: 2 }, { units: 8 }, { teacher: "untrained" }]) {
    const other = /** @type {typeof settings} */ ({ ...settings, ...beyond });
    assert.equal(labQuery(other, facts), null, JSON.stringify(beyond));
  }
});
