// Whether the page is on the stage: its picture fills the screen. The address says so, as `stage=1`.

import { tell } from "./signals.js";

let on = false;

export const onStage = () => on;

/** Show the page on the stage, or as it is otherwise. @param {boolean} shown */
export function showStage(shown) {
  if (shown === on) return;
  on = shown;
  document.documentElement.toggleAttribute("data-stage", on);
  tell("stage", { on });
}

/** How high a picture of the stage may be, in pixels of its own; infinite off the stage. */
export const stageRoom = () =>
  (on && parseFloat(document.documentElement.style.getPropertyValue("--stage-room"))) || Infinity;

const TEMPERATURES = [0.1, 0.2, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 50, 100];

/**
 * The next temperature that one talks about, below or above this one.
 * @param {number} T @param {1 | -1} way
 */
export function nextTemperature(T, way) {
  const beyond = TEMPERATURES.filter((other) => (way > 0 ? other > T * 1.02 : other < T / 1.02));
  return (way > 0 ? beyond.at(0) : beyond.at(-1)) ?? T;
}

const TYPED_IN = "input:not([type=range], [type=radio], [type=checkbox], [type=button]), textarea, select, [contenteditable]";
const MOVED_BY_ARROWS = "input, [role=slider], [role=radio], [role=spinbutton], [role=tab], [role=option], [role=gridcell]";
const ARROWS = ["ArrowLeft", "ArrowRight"];

/**
 * What a key means on the stage, "" where it means nothing: never while something is typed in, nor where a control has
 * the arrow keys. Off the stage only the way onto it is a key. What presses the keys may be a presenter's remote.
 * @param {{ key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, defaultPrevented: boolean }} event
 * @param {boolean} staged @param {(selector: string) => boolean} focused whether what has the focus is one of these
 */
export function meaningOf(event, staged, focused) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || focused(TYPED_IN)) return "";
  if (event.key === "s") return "stage";
  if (!staged || (ARROWS.includes(event.key) && focused(MOVED_BY_ARROWS))) return "";
  return MEANINGS[event.key] ?? "";
}

const MEANINGS = /** @type {Record<string, string>} */ ({
  q: "class", p: "poll", a: "answer", f: "full", ".": "blank", b: "blank", "?": "help", t: "cooler", T: "warmer", Escape: "leave",
  ArrowRight: "next", PageDown: "next", ArrowLeft: "previous", PageUp: "previous",
});
