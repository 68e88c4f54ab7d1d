// What a seat of a class shows, and how it follows the stage.
import assert from "node:assert/strict";
import { test } from "node:test";

import { controlsOf, setControls } from "../../kdviz/components/kdviz.shared/shown.js";

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
