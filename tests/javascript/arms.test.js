// What is known of a study at some second of its training.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isDone, meanOf, trainingAt } from "../../kdviz/components/arms/moments.js";
import { endsOf, place } from "../../kdviz/components/arms/scale.js";

const arm = { title: "taught", role: "student", at: 4, values: [0.9, null, 0.8] };
const report = (name, doing, at) => ({ arm: name, doing, at, accuracy: [0.5] });
const heard = [report("a", "teachers", 1), report("a", "students", 2), report("a", "students", 3), report("b", "students", 5)];

test("an arm is finished from its second on, and one without a second never", () => {
  assert.deepEqual([3.9, 4, null].map((second) => isDone(arm, second)), [false, true, true]);
  assert.equal(isDone({ ...arm, at: null }, null), false);
});

test("the training that goes on is the last one heard of, from its first report", () => {
  assert.deepEqual(trainingAt(heard, 3).map(({ at }) => at), [2, 3]);
  assert.deepEqual(trainingAt(heard, null).map(({ at }) => at), [5]);
  assert.deepEqual(trainingAt(heard, 0.5), []);
});

test("a diverged seed has no part in the mean, and all of them have none", () => {
  assert.equal(meanOf(arm.values)?.toFixed(3), "0.850");
  assert.equal(meanOf([null]), null);
});

test("an axis has something to spare, also around a single value", () => {
  const [low, high] = endsOf([0.8, null, 0.9]);
  assert.ok(low < 0.8 && high > 0.9 && high - low < 0.12);
  const one = endsOf([5]);
  assert.ok(one[0] < 5 && one[1] > 5);
  assert.deepEqual(endsOf([]), [0, 1]);
  assert.equal(place(5, [0, 10], 100, 200), 150);
});
