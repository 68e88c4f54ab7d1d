// The temperature: a slider on a logarithmic axis, a number field, and ticks to jump to.

import { make, setText } from "./dom.js";
import { parseNumber } from "./format.js";
import { listen, makeReport, publishTemperature } from "./signals.js";
import { T_MAX, T_MIN, catchDecade, formatT, roundT } from "./temperature.js";

/**
 * Follow a range input with `onInput`, and report with `commit` once the finger lets go. Key presses wait a
 * quarter of a second, so that ten of them are one report. `ui.held` says whether a finger is on anything.
 * A swipe that begins on the thumb and scrolls the page has not meant the slider: it goes back to where it was.
 */
export function onRelease(ui, range, onInput, commit) {
  let byKey = false;
  let before = range.value; // where the finger found it
  let scrolls = false;
  let reported = false;
  const finish = () => {
    ui.held = false;
    commit();
  };
  const report = makeReport(ui, finish);
  listen(ui, "leaves", () => { ui.held = false; });
  range.addEventListener("keydown", () => { byKey = true; });
  range.addEventListener("pointerdown", () => {
    before = range.value;
    byKey = scrolls = reported = false;
  });
  range.addEventListener("input", () => {
    ui.held = true;
    onInput(byKey);
  });
  range.addEventListener("change", () => {
    if (scrolls && !byKey) return;
    reported = true;
    report.drop();
    if (byKey) report.wait();
    else finish();
  });
  range.addEventListener("pointercancel", (event) => {
    scrolls = event.pointerType === "touch";
    if (!scrolls || range.value === before) return;
    range.value = before;
    onInput(false);
    if (reported) commit();
  });
  // A slider that comes back to where it was picked up sends no change.
  for (const type of ["pointerup", "pointercancel", "blur"]) {
    range.addEventListener(type, () => { ui.held = report.waits(); });
  }
}

export function showTemperature(ui) {
  const { range, number } = ui.controls;
  const exponent = Math.log10(ui.T);
  if (!ui.dragging) range.value = exponent;
  range.style.setProperty("--filled", `${(((exponent + 1) / 3) * 100).toFixed(2)}%`);
  if (ui.shadow.activeElement !== number) number.value = formatT(ui.T);
  setText(ui.controls.text, formatT(ui.T));
}

/** The T that Python sent, unless it is only an echo or a finger holds it. */
export function receiveTemperature(ui, data) {
  ui.group = data.group;
  if (ui.overrides("T", Number(data.T)) && !ui.held) {
    ui.T = roundT(Number(data.T));
    publishTemperature(ui.T, ui.group, ui);
  }
  showTemperature(ui);
}

/** The same T for this picture and for whatever else of the group is on the page. */
export function moveTemperature(ui, T) {
  ui.T = roundT(T);
  showTemperature(ui);
  ui.draw();
  publishTemperature(ui.T, ui.group, ui);
}

/**
 * Follow a number field: `set` gets every number that is `valid` while one types, `finish` what stands there at the end.
 * @param {HTMLInputElement} field @param {(value: number) => boolean} valid @param {(value: number) => void} set
 * @param {(value: number | null) => void} finish
 */
export function onNumber(field, valid, set, finish) {
  field.addEventListener("focus", () => field.select());
  field.addEventListener("input", () => {
    const value = parseNumber(field.value);
    const fits = value !== null && valid(value);
    field.setAttribute("aria-invalid", String(!fits));
    if (fits) set(value);
  });
  field.addEventListener("change", () => {
    field.removeAttribute("aria-invalid");
    finish(parseNumber(field.value));
  });
}

function buildTicks(ui, commit) {
  for (const T of [0.1, 1, 10, 100]) {
    // A shortcut for the pointer; the slider and the number field serve the keyboard.
    const tick = make("button", "", ui.q(".ticks"), { type: "button", tabindex: -1 });
    tick.textContent = String(T);
    tick.style.left = `${((Math.log10(T) + 1) / 3) * 100}%`;
    tick.addEventListener("click", () => {
      moveTemperature(ui, T);
      commit();
    });
  }
}

/** What a chart over T does while a finger moves over it, and when it lets go. */
export const pickingTemperature = (ui) => ({
  pick: (T) => moveTemperature(ui, 10 ** catchDecade(Math.log10(T))),
  release: () => ui.commit("T", ui.T),
});

/** Call `hear` when another picture of the group has moved the temperature, which is `ui.T` then. */
export function followTemperature(ui, hear) {
  listen(ui, "temperature", ({ T, group, source }) => {
    if (source === ui || group !== ui.group || T === ui.T) return;
    ui.T = T;
    hear();
  });
}

export function buildTemperature(ui, commit = () => ui.commit("T", ui.T)) {
  const range = ui.q(".t-range");
  const number = ui.q(".t-number");
  ui.controls = { range, number, text: ui.q(".t-text") };
  const follow = (byKey) => {
    const exponent = Number(range.value);
    ui.dragging = true;
    moveTemperature(ui, 10 ** (byKey ? exponent : catchDecade(exponent)));
    ui.dragging = false;
  };
  onRelease(ui, range, follow, commit);
  onNumber(number, (T) => T >= T_MIN && T <= T_MAX, (T) => moveTemperature(ui, T), (T) => {
    if (T !== null && T > 0) moveTemperature(ui, T);
    number.value = formatT(ui.T);
    commit();
  });
  buildTicks(ui, commit);
  followTemperature(ui, () => {
    showTemperature(ui);
    ui.draw();
  });
}
