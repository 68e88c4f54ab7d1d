// Plays a finished training again, from what is stored of it, at its own speed or faster; drawn in the browser alone.

import { make, makeRadio, setText } from "./dom.js";
import { wordsOf } from "./words.js";

export const SPEEDS = [1, 5, 20];
const STILL = 500; // milliseconds between two pictures where a visitor wants no motion
const USUAL = 5;

/** What all players say. @param {string} key */
const word = (key) => wordsOf(import.meta.url)[key];

/** Seconds of the training after some of the clock, at most all of them. @param {number} at @param {number} passed @param {number} speed @param {number} seconds */
export const later = (at, passed, speed, seconds) => Math.min(seconds, at + passed * speed);

/**
 * A play button and speeds. `show` gets the seconds of the training that are shown, or null for its end.
 * @param {{ root: HTMLElement, endings: (() => void)[] }} ui
 * @param {Element} parent @param {() => number} seconds how long the training took @param {(at: number | null) => void} show
 */
export function buildPlayer(ui, parent, seconds, show) {
  const button = make("button", "play-again", parent, { type: "button" });
  const speeds = make("fieldset", "speeds", parent);
  let at = /** @type {number | null} */ (null);
  let [playing, speed, before, frame, timer] = [false, USUAL, 0, 0, 0];
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const name = () => {
    setText(button, playing ? "❚❚" : "▶");
    button.setAttribute("aria-label", word(playing ? "pause" : "play"));
    speeds.setAttribute("aria-label", word("speed"));
  };
  const stop = () => {
    playing = false;
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    name();
  };
  const wait = () => {
    if (still.matches) timer = setTimeout(() => step(performance.now()), STILL);
    else frame = requestAnimationFrame(step);
  };
  const step = (/** @type {number} */ now) => {
    at = later(at ?? 0, (now - before) / 1000, speed, seconds());
    before = now;
    if (at >= seconds()) {
      at = null;
      stop();
    } else wait();
    show(at);
  };
  const start = () => {
    playing = true;
    before = performance.now();
    at ??= 0;
    name();
    wait();
  };
  button.addEventListener("click", () => (playing ? stop() : start()));
  for (const each of SPEEDS) {
    const { label } = makeRadio(speeds, "replay-speed", each === speed, () => { speed = each; });
    make("span", "", label).textContent = `${each}×`;
  }
  ui.endings.push(stop);
  return {
    name,
    stop,
    /** From the beginning. */
    start() {
      stop();
      at = 0;
      start();
    },
    /** A hand has moved to some second, null for the end: it goes on from there. @param {number | null} second */
    moveTo(second) {
      at = second;
      if (second === null) stop();
    },
  };
}

const MARKS = "svg g.role-mark";

/**
 * Let Vega-Lite's charts over the updates show no more than a share of them; null for all.
 * @param {string} charts selector of their holders @param {number | null} share
 */
export function showShareOf(charts, share) {
  for (const holder of document.querySelectorAll(charts)) {
    const plot = /** @type {SVGGraphicsElement | null} */ (holder.querySelector("svg g.role-frame path.background"));
    for (const marks of /** @type {NodeListOf<SVGGraphicsElement>} */ (holder.querySelectorAll(MARKS))) {
      const svg = marks.ownerSVGElement;
      if (share === null || !plot || !svg) {
        marks.style.clipPath = "";
        continue;
      }
      const [box, matrix, whole] = [plot.getBBox(), plot.getCTM(), svg.viewBox.baseVal];
      const x = (box.x + share * box.width) * (matrix?.a ?? 1) + (matrix?.e ?? 0);
      marks.style.clipPath = `inset(0 ${Math.max(0, (whole.width || svg.clientWidth) - x)}px 0 0) view-box`;
    }
  }
}
