// What a seat of a class shows, and how it follows the stage.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { alphaAt, placeOfAlpha, placeOfT, pointsOf, tAt } from "../../kdviz/components/class_map/points.js";
import { ClassPosts } from "../../kdviz/components/kdviz.shared/class_posts.js";
import { filled } from "../../kdviz/components/kdviz.shared/format.js";
import { Line } from "../../kdviz/components/kdviz.shared/line.js";
import { beginningOf, outcomeOf, settable } from "../../kdviz/components/kdviz.shared/own_student.js";
import { controlsOf, setControls } from "../../kdviz/components/kdviz.shared/shown.js";
import { serve } from "../../kdviz/components/playground/loop.js";
import { unpack } from "../../kdviz/components/playground/pack.js";
import { Training } from "../../kdviz/components/playground/trained.js";
import { isAwaited, nameOf, sentenceOf } from "../../kdviz/components/seat/poll.js";
import { answerOf, byDoubt, countDiffering } from "../../kdviz/components/wall/doubt.js";

const TEXT = readFileSync(new URL("../../assets/lessons/en/pictures.md", import.meta.url), "utf8");
const WORDS = Object.fromEntries([...TEXT.matchAll(/^- `(.+?)` (.+)$/gm)].map(([, key, text]) => [key, text]));
const tell = (key, values = {}) => filled(WORDS[`seat-${key}`], values);
const shared = (key, values = {}) => filled(WORDS[`shared-${key}`], values);

/** A component's root with these controls, which note what a hand does to them. */
function rootWith(...controls) {
  const moved = [];
  for (const control of controls) control.dispatchEvent = ({ type }) => moved.push(`${control.id} ${type}`);
  return { root: { querySelectorAll: () => controls }, moved };
}

const controls = () => [
  { id: "T", type: "range", value: "0.5" }, { id: "linear", type: "radio", checked: true },
  { id: "log", type: "radio", checked: false }, { id: "batch", type: "select-one", value: "64" },
];

test("controls are set as by a hand, and only those that stand otherwise", () => {
  const stage = controls();
  Object.assign(stage[0], { value: "1" });
  Object.assign(stage[1], { checked: false });
  Object.assign(stage[2], { checked: true });
  const { root, moved } = rootWith(...controls());
  setControls(root, controlsOf(rootWith(...stage).root));
  assert.deepEqual(moved, ["T input", "T change", "log input", "log change"]);
  assert.equal(root.querySelectorAll()[0].value, "1");
  setControls(root, ["2"]);
  assert.equal(root.querySelectorAll()[0].value, "1", "other controls are left alone");
});

const ASK = { scene: 3, question: "Which digit comes second?", choices: ["3", "7"], closed: false, truth: null };

test("a poll says what became of the seat's own answer", () => {
  assert.match(sentenceOf(tell, ASK, undefined), /once you have answered/);
  assert.match(sentenceOf(tell, ASK, 1), /has been sent/);
  assert.match(sentenceOf(tell, { ...ASK, closed: true }, 1), /closed. Your answer: 7/);
  const told = { ...ASK, closed: true, truth: { choice: 0, says: "It is 3." } };
  assert.equal(sentenceOf(tell, told, 0), "Your answer, 3, is right. It is 3.");
  assert.equal(sentenceOf(tell, told, 1), "Your answer was 7. It is 3.");
  assert.equal(sentenceOf(tell, told, undefined), "It is 3.");
  assert.equal(sentenceOf(tell, { ...told, truth: { choice: null, says: "Nobody knows." } }, 1), "Nobody knows.");
  const awaited = [isAwaited(ASK, undefined), isAwaited(ASK, 0), isAwaited({ ...ASK, closed: true }, undefined), isAwaited(null, undefined)];
  assert.deepEqual(awaited, [true, false, false, false], "who has not answered sees no picture that gives the answer away");
  assert.notEqual(nameOf({ ...ASK, key: "5-minutes/3" }), nameOf({ ...ASK, key: "20-minutes/3" }));
});

test("seats that only press the button sweep the map, each always at its own place", () => {
  const places = Array.from({ length: 60 }, (_, i) => beginningOf(`seat-of-somebody-${i}`));
  for (const { T, alpha } of places) assert.ok(T >= 0.5 && T <= 50 && alpha >= 0.1 && alpha <= 1, `${T} ${alpha}`);
  const quarters = new Set(places.map(({ T, alpha }) => `${T > 5} ${alpha > 0.55}`));
  assert.equal(quarters.size, 4);
  assert.deepEqual(beginningOf("one"), beginningOf("one"));
  assert.match(outcomeOf(shared, { accuracy: 0.95, plain: 0.9 }), /95\.0.%.*5\.0 points more/);
  assert.match(outcomeOf(shared, { accuracy: 0.9, plain: 0.9 }), /as many as without/);
});

test("what seats post replaces what they posted, and goes with its scene", () => {
  const posts = new ClassPosts();
  posts.take({ opened: true, seats: 2, drawings: [{ seat: "1", pixels: "a" }, { seat: "2", pixels: "b" }], fresh: true });
  posts.take({ drawings: [{ seat: "1", pixels: null }, { seat: "2", pixels: "c" }] });
  assert.deepEqual(posts.now(), { opened: true, seats: 2, drawings: [{ seat: "2", pixels: "c" }], points: [] });
  posts.take({ points: [{ seat: "2", points: [] }], fresh: true });
  assert.deepEqual(posts.now(), { opened: true, seats: 2, drawings: [], points: [{ seat: "2", points: [] }] });
});

test("on the map the best student lies above the others, and the same settings are one dot", () => {
  const point = (T, alpha, accuracy) => ({ T, alpha, accuracy, plain: 0.8, updates: 300 });
  const seats = [{ seat: "1", points: [point(4, 0.9, 0.95), point(1, 0.5, 0.9)] }, { seat: "2", points: [point(4, 0.9, 0.95), point(20, 1, 0.85)] }];
  assert.deepEqual(pointsOf(seats).map(({ T }) => T), [20, 1, 4]);
  for (const T of [0.5, 50]) assert.ok(placeOfT(T) > 0 && placeOfT(T) < 1);
  for (const alpha of [0, 0.1, 1]) assert.ok(placeOfAlpha(alpha) > 0 && placeOfAlpha(alpha) < 1);
  assert.deepEqual(settable({ T: tAt(placeOfT(4)), alpha: alphaAt(placeOfAlpha(0.9)) }), { T: 4, alpha: 0.9 }, "a click is where its dot will be");
  assert.deepEqual(settable({ T: tAt(1), alpha: alphaAt(1) }), { T: 50, alpha: 1 }, "the sliders go no further");
  assert.deepEqual(settable({ T: tAt(0), alpha: alphaAt(0) }), { T: 0.5, alpha: 0 });
});

test("on the wall the most doubted drawing hangs first", () => {
  const [sure, unsure, other] = [[9, 0, 0], [1, 0.9, 0], [0, 0, 5]].map(answerOf);
  const wall = [
    { seat: "10", pixels: "", teacher: sure, student: other }, { seat: "9", pixels: "", teacher: sure, student: sure },
    { seat: "1", pixels: "", teacher: null, student: null }, { seat: "2", pixels: "", teacher: unsure, student: null },
  ];
  assert.deepEqual(byDoubt(wall).map(({ seat }) => seat), ["2", "9", "10", "1"]);
  assert.equal(countDiffering(wall), 1);
});

test("a training for a seat or a wall ends at its updates, is the same again, and reads drawings", async () => {
  const pack = await unpack(readFileSync(new URL("../../assets/teachers/digits-playground.gz", import.meta.url)));
  const port = /** @type {any} */ ({ terminate() {} });
  const later = (call, milliseconds) => setTimeout(call, milliseconds);
  port.postMessage = serve({ postMessage: (data) => port.onmessage({ data }) }, { now: () => performance.now(), later });
  const training = new Training(pack, port);
  const told = [];
  const first = await training.run({ T: 4, alpha: 0.9 }, 40, (done) => told.push(done));
  assert.deepEqual(told, [25, 40]);
  assert.ok(first.taught > 0.5 && first.plain > 0.5, JSON.stringify(first));
  assert.deepEqual(await training.run({ T: 4, alpha: 0.9 }, 40), first);
  assert.notDeepEqual(await training.run({ T: 50, alpha: 0.1 }, 40), first);
  assert.equal((await training.read(pack.images.slice(0, 784))).taught.length, 10);
  assert.equal((await training.frame()).updates, 40, "reading is no learning");
});

/** A line whose sockets and clock are the test's. */
function lineOfTest() {
  const [sockets, calls, heard, told] = [[], [], [], []];
  const clock = { now: 0 };
  const open = () => {
    const socket = { readyState: 1, sent: [], closed: false, send: (text) => socket.sent.push(JSON.parse(text)), close: () => { socket.closed = true; } };
    sockets.push(socket);
    return socket;
  };
  const later = (call, milliseconds) => calls.push({ call, milliseconds });
  const line = new Line({ open, now: () => clock.now, later, random: () => 0 }, (message) => heard.push(message), (standing) => told.push(standing));
  line.connect();
  return { line, sockets, calls, heard, told, clock };
}

test("a line that is lost is opened again with growing waits, and at once where the machine wakes", () => {
  const { line, sockets, calls, heard, told } = lineOfTest();
  assert.deepEqual(told, [], "nothing is open before the class has said something");
  sockets[0].onmessage({ data: '{"revision": 1}' });
  sockets[0].onmessage({ data: '{"pong": 1}' });
  assert.deepEqual([heard, told], [[{ revision: 1 }], ["open"]]);
  for (const wait of [500, 1000, 2000]) {
    sockets.at(-1).onclose({ code: 1006 });
    assert.equal(line.send({ ping: 1 }), false);
    const { call, milliseconds } = calls.pop();
    assert.equal(milliseconds, wait);
    call();
  }
  assert.deepEqual([sockets.length, told], [4, ["open", "away"]]);
  line.renew();
  sockets[3].onmessage({ data: '{"revision": 2}' });
  sockets[3].onclose({ code: 1006 });
  assert.deepEqual([sockets.length, heard.length, calls.length], [5, 1, 0], "what an old line still says counts no more");
  sockets[4].onclose({ code: 4410 });
  assert.deepEqual([told.at(-1), calls.pop().milliseconds], ["ended", 10_000]);
});

test("a class that is full, or has another presenter, says so, and is tried again now and then", () => {
  for (const [code, standing] of /** @type {[number, string][]} */ ([[4429, "full"], [4403, "refused"]])) {
    const { sockets, calls, told } = lineOfTest();
    sockets[0].onclose({ code });
    assert.deepEqual([told.at(-1), calls.pop().milliseconds], [standing, 10_000]);
  }
});

test("a line on which nothing is heard is asked for a word, and then opened anew", () => {
  const { line, sockets, clock } = lineOfTest();
  clock.now = 16_000;
  line.look();
  assert.deepEqual(sockets[0].sent, [{ ping: 1 }]);
  sockets[0].onmessage({ data: '{"pong": 1}' });
  clock.now = 30_000;
  line.look();
  assert.equal(sockets.length, 1);
  clock.now = 42_000;
  line.look();
  assert.deepEqual([sockets.length, sockets[0].closed], [2, true]);
});
