// Challenges: what is judged as done, as not yet done, and as something else; and what a browser keeps of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { filled } from "../../kdviz/components/kdviz.shared/format.js";
import { taughtIsA, unnamed, unnamedPoints } from "../../kdviz/components/playground/blind.js";
import { isDone, markDone, readTrials, writeTrials } from "../../kdviz/components/playground/challenge_store.js";
import { ANSWERS, CHALLENGES, HOLDS, NOTHING, TRIAL, differ, judge, trialOf, withTrial } from "../../kdviz/components/playground/challenges.js";
import { fromQuery } from "../../kdviz/components/playground/settings.js";

/** @typedef {import("../../kdviz/components/playground/challenges.js").View} View */
/** @typedef {import("../../kdviz/components/playground/challenges.js").Memory} Memory */
/** @typedef {import("../../kdviz/components/playground/settings.js").Settings} Settings */

const TEXT = readFileSync(new URL("../../assets/lessons/en/playground.md", import.meta.url), "utf8");
const WORDS = Object.fromEntries([...TEXT.matchAll(/^- `([^`]+)` (.*)$/gm)].map(([, key, text]) => [key, text]));
const FACTS = { training: 5000, heldOut: 1000, image: 5000 };
const USUAL = { n: 1000, taught: 500, plain: 500, agreement: 500, byDigit: { of: new Array(10).fill(100), taught: new Array(10).fill(50) } };

const called = (/** @type {string} */ name) => /** @type {import("../../kdviz/components/playground/challenges.js").Challenge} */ (CHALLENGES.find((one) => one.name === name));

/**
 * A state as a challenge's link sets it up, with other settings and counts.
 * @param {string} name @param {number} updates @param {Partial<Settings>} [settings] @param {Partial<View["counts"]>} [counts] @returns {View}
 */
function state(name, updates, settings = {}, counts = {}) {
  const all = { ...USUAL, ...counts };
  const points = Array.from({ length: Math.floor(updates / 10) + 1 }, (_, i) => ({ update: 10 * i, taught: all.taught / all.n }));
  const set = { ...fromQuery(called(name).query, FACTS).settings, ...settings };
  return { settings: set, facts: FACTS, updates, counts: all, points, moved: false, answers: 0, stopped: { taught: false, plain: false } };
}

/** Judge states in their order. @param {string} name @param {View[]} views @param {import("../../kdviz/components/playground/challenges.js").Trial[]} [trials] */
function judged(name, views, trials = []) {
  /** @type {Memory} */
  let memory = NOTHING;
  return views.map((view) => {
    const answer = judge(called(name), view, memory, trials);
    memory = answer.memory;
    assert.ok(filled(WORDS[answer.sentence], answer.values), answer.sentence);
    return answer;
  });
}

/** The last verdict of readings that are all alike. @param {string} name @param {Partial<Settings>} settings @param {Partial<View["counts"]>} counts */
const verdict = (name, settings, counts) => judged(name, [200, 210, 220, 230].map((updates) => state(name, updates, settings, counts))).at(-1)?.verdict;

const threes = (/** @type {number} */ right) => ({ of: USUAL.byDigit.of, taught: USUAL.byDigit.taught.map((n, digit) => (digit === 3 ? right : n)) });

/** What is met, what is nearly met, and what is set otherwise. @type {Record<string, { met: [Partial<Settings>, Partial<View["counts"]>], near: [Partial<Settings>, Partial<View["counts"]>], off?: Partial<Settings> }>} */
const CASES = {
  fifty: { met: [{ alpha: 0.9 }, { taught: 950 }], near: [{ alpha: 0.9 }, { taught: 949 }], off: { labels: 51 } },
  three: { met: [{}, { taught: 900, byDigit: threes(75) }], near: [{}, { taught: 899, byDigit: threes(99) }], off: { digits: "0123456789" } },
  bad: { met: [{ alpha: 0.95 }, { taught: 700, plain: 850 }], near: [{ alpha: 0.95 }, { taught: 840, plain: 850 }], off: { alpha: 1 } },
  smallest: { met: [{ units: 8 }, { taught: 901 }], near: [{ units: 8 }, { taught: 900 }], off: { units: 16 } },
  wrong: { met: [{ alpha: 0.9 }, { taught: 930, plain: 700 }], near: [{ alpha: 0.9 }, { taught: 930, plain: 920 }], off: { alpha: 0.95 } },
  faithful: { met: [{}, { taught: 850, agreement: 990 }], near: [{}, { taught: 930, agreement: 935 }] },
};

for (const [name, { met, near, off }] of Object.entries(CASES)) {
  test(`“${WORDS[name]}” is done when its goal holds, and not before, nor with other settings`, () => {
    assert.equal(verdict(name, ...met), "done");
    assert.equal(verdict(name, ...near), "not-yet");
    assert.equal(verdict(name, {}, {}), "not-yet", "as it is set up");
    if (off) assert.equal(verdict(name, { ...met[0], ...off }, met[1]), "off");
  });
}

test("other settings that break a challenge are told by name", () => {
  const off = { bad: { teacher: "trained" }, smallest: { labels: 200 }, wrong: { wrong: 50 } };
  for (const [name, settings] of Object.entries(off)) {
    const [answer] = judged(name, [state(name, 10, /** @type {Partial<Settings>} */ (settings))]);
    assert.equal(answer.sentence, `${name}-off`);
  }
});

test("the goal must hold for readings in a row, and a frame without a new reading is none", () => {
  const [good, poor] = [{ taught: 960 }, { taught: 900 }];
  const views = /** @type {[number, Partial<View["counts"]>][]} */ ([[200, good], [204, good], [205, good], [210, good], [220, poor], [230, good], [240, good], [250, good]]);
  const answers = judged("fifty", views.map(([updates, counts]) => state("fifty", updates, {}, counts)));
  assert.deepEqual(answers.map(({ memory }) => memory.held), [1, 1, 1, 2, 0, 1, 2, 3]);
  assert.deepEqual(answers.map(({ verdict: said }) => said), [...new Array(7).fill("not-yet"), "done"]);
  assert.equal(answers[0].sentence, "holds");
  assert.equal(HOLDS, 3);
});

test("who learnt from more labels before has not met it with few, until the run begins anew", () => {
  const met = { taught: 960 };
  const before = [state("fifty", 0, { labels: 5000 }), state("fifty", 100, { labels: 5000 }, met)];
  const after = [110, 120, 130, 140].map((updates) => state("fifty", updates, { labels: 50 }, met));
  const answers = judged("fifty", [...before, ...after]);
  assert.deepEqual([answers.at(-1)?.verdict, answers.at(-1)?.sentence], ["off", "spoiled"]);
  const again = [10, 20, 30].map((updates) => state("fifty", updates, { labels: 50 }, met));
  assert.equal(judged("fifty", [...before, ...after, ...again]).at(-1)?.verdict, "done");
  // At update 0 nobody has learnt anything yet.
  assert.equal(judged("fifty", [before[0], ...again]).at(-1)?.verdict, "done");
});

test("a student that stopped meets nothing", () => {
  const views = [200, 210, 220, 230].map((updates) => ({ ...state("bad", updates, { alpha: 0.9 }, { taught: 100, plain: 900 }), stopped: { taught: true, plain: false } }));
  assert.equal(judged("bad", views).at(-1)?.verdict, "not-yet");
});

test("T matters when two runs that differ in nothing else are apart", () => {
  /** @param {Partial<Settings>} settings @param {number} taught @param {Parameters<typeof judged>[2]} [trials] */
  const ran = (settings, taught, trials) => judged("matter", [10, TRIAL, TRIAL + 10, TRIAL + 20, TRIAL + 30].map((n) => state("matter", n, settings, { taught })), trials).at(-1);
  const first = ran({ T: 2 }, 880);
  assert.equal(first?.verdict, "not-yet");
  const trial = /** @type {import("../../kdviz/components/playground/challenges.js").Trial} */ (first?.memory.trial);
  assert.deepEqual({ T: trial.T, right: trial.right, n: trial.n }, { T: 2, right: 880, n: 1000 });
  assert.equal(ran({ T: 100 }, 700, [trial])?.verdict, "done");
  assert.equal(ran({ T: 20 }, 870, [trial])?.verdict, "not-yet");
  assert.equal(ran({ T: 100, seed: 1 }, 700, [trial])?.verdict, "not-yet", "another seed");
  assert.equal(ran({ T: 100, alpha: 0.5 }, 700, [trial])?.verdict, "not-yet", "another alpha");
  assert.equal(ran({ T: 100, alpha: 0 }, 700, [trial])?.verdict, "off");
  assert.equal(ran({ T: 100, speed: "slow", image: 5001 }, 700, [trial])?.verdict, "done");
});

test("a run in which something was moved is no trial", () => {
  const view = state("matter", TRIAL);
  assert.equal(trialOf(view)?.right, 500);
  assert.equal(trialOf({ ...view, moved: true }), null);
  assert.equal(trialOf(state("matter", TRIAL - 10)), null);
  // A temperature set while the frame of the run before was on its way.
  const answers = judged("matter", [state("matter", TRIAL - 10, { T: 2 }), state("matter", TRIAL, { T: 3 })]);
  assert.equal(answers[1].memory.trial, null);
});

test("trials: the middle reading of three counts, the newest of a kind is kept, and chance is chance", () => {
  const view = state("matter", TRIAL);
  view.points.slice(-3).forEach((point, i) => { point.taught = [0.9, 0.2, 0.6][i]; });
  assert.equal(trialOf(view)?.right, 600);
  const one = { key: "a", T: 1, right: 100, n: 180 };
  assert.deepEqual(withTrial([one, { ...one, T: 2 }], { ...one, right: 90 }), [{ ...one, T: 2 }, { ...one, right: 90 }]);
  assert.equal(Array.from({ length: 30 }, (_, T) => T).reduce((kept, T) => withTrial(kept, { ...one, T }), [one]).length, 12);
  assert.ok(differ({ ...one, right: 158 }, { ...one, right: 127 })); // 88 % and 71 % of 180
  assert.ok(!differ({ ...one, right: 166 }, { ...one, right: 158 }));
});

test("which was taught: three answers in a row that are right, from students that are both right about as often", () => {
  const answered = (/** @type {number} */ answers, settings = {}) => judged("blind", [{ ...state("blind", 300, settings), answers }])[0].verdict;
  assert.equal(answered(ANSWERS - 1), "not-yet");
  assert.equal(answered(ANSWERS), "done");
  for (const off of [{ labels: 100 }, { wrong: 10 }, { digits: "78" }, { teacher: "peer" }, { unlabelled: false }, { alpha: 0 }]) {
    assert.equal(answered(ANSWERS, /** @type {any} */ (off)), "off");
  }
});

test("without names the students change places with half of the seeds, in everything that is drawn", () => {
  const seeds = Array.from({ length: 1000 }, (_, seed) => seed);
  const kept = seeds.filter(taughtIsA);
  assert.ok(Math.abs(kept.length - 500) < 60, `${kept.length}`);
  const frame = {
    updates: 7, counts: { n: 10, taught: 1, plain: 2, byDigit: { taught: [3], plain: [4], of: [5] } }, shown: { label: 0, taught: [6], plain: [7] },
    stopped: { taught: true, plain: false },
  };
  const other = seeds.find((seed) => !taughtIsA(seed)) ?? 0;
  assert.deepEqual(unnamed(frame, kept[0]), frame);
  assert.deepEqual(unnamed(frame, other), {
    updates: 7, counts: { n: 10, taught: 2, plain: 1, byDigit: { taught: [4], plain: [3], of: [5] } }, shown: { label: 0, taught: [7], plain: [6] },
    stopped: { taught: false, plain: true },
  });
  const points = [{ update: 5, taught: 0.1, plain: 0.2 }];
  assert.deepEqual(unnamedPoints(points, kept[0]), points);
  assert.deepEqual(unnamedPoints(points, other), [{ update: 5, taught: 0.2, plain: 0.1 }]);
});

test("every challenge has its words, and its link sets nothing that cannot be", () => {
  for (const { name, query, allows } of CHALLENGES) {
    for (const key of ["", "-goal", "-now", "-why"]) assert.ok(WORDS[name + key], name + key);
    const { settings, problems } = fromQuery(query, FACTS);
    assert.deepEqual(problems, []);
    assert.ok(allows(settings, FACTS), name);
    const digits = fromQuery(query, { training: 1257, heldOut: 180 });
    assert.deepEqual(digits.problems, []);
  }
});

test("what was met is kept with the course, trials beside it; what is not understood is dropped", () => {
  /** @type {Record<string, string>} */
  const kept = {};
  const storage = { getItem: (/** @type {string} */ key) => kept[key] ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ text) => { kept[key] = text; } };
  Object.assign(globalThis, { localStorage: storage });
  assert.equal(isDone("fifty"), false);
  markDone("fifty");
  assert.deepEqual([isDone("fifty"), isDone("three")], [true, false]);
  assert.equal(JSON.parse(kept["kdviz.course"]).solved.playground.fifty, true);
  const trial = { key: "a", T: 4, right: 10, n: 20 };
  writeTrials([trial]);
  assert.deepEqual(readTrials(), [trial]);
  kept["kdviz.playground.trials"] = JSON.stringify([trial, { key: "a", T: "4" }, null, { ...trial, right: 21 }]);
  assert.deepEqual(readTrials(), [trial]);
  for (const text of ["{", "{}", "7"]) {
    kept["kdviz.playground.trials"] = text;
    assert.deepEqual(readTrials(), []);
  }
  storage.setItem = () => { throw new Error("blocked"); };
  storage.getItem = () => { throw new Error("blocked"); };
  writeTrials([trial]);
  markDone("three");
  assert.deepEqual(readTrials(), [trial]);
  assert.equal(isDone("three"), true);
});
