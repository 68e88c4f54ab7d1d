// The drawing pad: strokes are kept as points, so that the last one can be taken back.

import { ARROWS, make, setText, showGrey } from "./dom.js";
import { toImage } from "./preprocess.js";

// Of 280 units: about two pixels of the 20 x 20 box, like the pens MNIST was written with. The strokes of
// scikit-learn's digits are about one of eight cells wide, so theirs is thicker.
const PEN = { mnist: 22, "8x8": 34 };

/** @typedef {[number, number]} Point of the canvas */
/** @typedef {"mnist" | "8x8"} Frame how a drawing is brought to 28 x 28 */
/**
 * @typedef {{ canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, strokes: Point[][], frame: Frame }} Pad
 */

/** @param {CanvasRenderingContext2D} context @param {Point[]} points */
function strokeOnto(context, points) {
  context.beginPath();
  context.moveTo(points[0][0], points[0][1]);
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}

/** The drawing's grey levels: white ink on a transparent canvas, so its opacity. @param {Pad} pad */
function padGrey({ context, canvas }) {
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const grey = new Uint8Array(canvas.width * canvas.height);
  for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i + 3];
  return grey;
}

/** @param {Pad} pad @param {PointerEvent} event @returns {Point} */
function padPoint(pad, event) {
  const box = pad.canvas.getBoundingClientRect();
  const scale = pad.canvas.width / box.width;
  return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
}

/** Add what the pen did since the last event: a fast pen sends several points at once. @param {Pad} pad @param {PointerEvent} event */
function extendStroke(pad, event) {
  const stroke = pad.strokes[pad.strokes.length - 1];
  const events = event.getCoalescedEvents?.() ?? [];
  const from = stroke.length - 1;
  for (const part of events.length ? events : [event]) stroke.push(padPoint(pad, part));
  strokeOnto(pad.context, stroke.slice(from));
}

/** @param {Pad} pad @param {() => void} changed */
function listenToPen(pad, changed) {
  let pen = /** @type {number | null} */ (null);
  pad.canvas.addEventListener("pointerdown", (event) => {
    if (pen !== null || event.button !== 0) return;
    pen = event.pointerId;
    pad.canvas.setPointerCapture(pen);
    pad.strokes.push([padPoint(pad, event)]);
    strokeOnto(pad.context, pad.strokes[pad.strokes.length - 1]);
    changed();
  });
  pad.canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen) return;
    extendStroke(pad, event);
    changed();
  });
  for (const type of /** @type {const} */ (["pointerup", "pointercancel", "lostpointercapture"])) {
    pad.canvas.addEventListener(type, (event) => {
      if (event.pointerId === pen) pen = null;
    });
  }
}

const STEP = 10; // of 280 units, for which an arrow key moves the pen; with Shift a tenth of it

/**
 * A pen that arrow keys move: Space puts it down and lifts it, Backspace takes the last stroke back. It is seen while
 * the pad has the focus. Whoever has just drawn by hand has the keys as ever, until an arrow key.
 * @param {Pad} pad @param {() => void} changed @param {() => void} takeBack
 */
function listenToKeys({ canvas, context, strokes }, changed, takeBack) {
  const pen = make("span", "pen", canvas.parentElement ?? undefined, { "aria-hidden": "true" });
  const at = /** @type {Point} */ ([canvas.width / 2, canvas.height / 4]);
  let [down, byHand] = [false, false];
  const show = () => {
    pen.style.left = `${(100 * at[0]) / canvas.width}%`;
    pen.style.top = `${(100 * at[1]) / canvas.height}%`;
    pen.classList.toggle("down", down);
  };
  const lift = () => {
    down = false;
    show();
  };
  const press = () => {
    down = true;
    strokes.push([[...at]]);
    strokeOnto(context, strokes[strokes.length - 1]);
    changed();
  };
  const move = (/** @type {[number, number]} */ way, /** @type {number} */ step) => {
    at.forEach((place, i) => { at[i] = Math.min(canvas.width, Math.max(0, place + step * way[i])); });
    if (!down) return;
    const stroke = strokes[strokes.length - 1];
    stroke.push([...at]);
    strokeOnto(context, stroke.slice(-2));
    changed();
  };
  canvas.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (byHand && !way) return;
    byHand = false;
    if (way) move(way, event.shiftKey ? STEP / 10 : STEP);
    else if (event.key === " " && down) lift();
    else if (event.key === " ") press();
    else if (event.key === "Backspace" || event.key === "Delete") {
      lift();
      takeBack();
    } else return;
    show();
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener("pointerdown", () => {
    byHand = true;
    lift();
  });
  canvas.addEventListener("blur", () => {
    byHand = false;
    lift();
  });
  show();
}

/** @param {Pad} pad @param {Frame} frame */
export function setFrame(pad, frame) {
  pad.frame = frame;
  pad.context.lineWidth = PEN[frame];
}

/**
 * `onImage(pixels or null)` is called on every change of the drawing, within the pen's own event.
 * @param {import("./component.js").Ui} ui @param {(pixels: Uint8Array | null) => void} onImage @returns {Pad}
 */
export function buildPad({ q, tell }, onImage) {
  // Every stroke is read back, so the canvas stays in main memory.
  const canvas = q(".pad");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  Object.assign(context, { lineWidth: PEN.mnist, lineCap: "round", lineJoin: "round", strokeStyle: "#fff" });
  const pad = /** @type {Pad} */ ({ canvas, context, strokes: [], frame: "mnist" });
  const changed = () => {
    const pixels = pad.strokes.length ? toImage(padGrey(pad), canvas.width, canvas.height, pad.frame) : null;
    q(".invite").hidden = pad.strokes.length > 0;
    q(".undo").disabled = q(".clear").disabled = pad.strokes.length === 0;
    const told = ["no-strokes", "one-stroke"][pad.strokes.length] ?? "strokes";
    canvas.setAttribute("aria-label", tell(told, { strokes: pad.strokes.length }));
    showGrey(q(".seen"), pixels);
    onImage(pixels);
  };
  const undoTo = (/** @type {number} */ count) => {
    pad.strokes.length = Math.max(0, count);
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (const points of pad.strokes) strokeOnto(context, points);
    changed();
  };
  listenToPen(pad, changed);
  listenToKeys(pad, changed, () => undoTo(pad.strokes.length - 1));
  const keys = make("span", "pen-keys", canvas.parentElement ?? undefined, { "aria-hidden": "true" });
  setText(keys, tell("pad-keys"));
  canvas.setAttribute("aria-description", tell("pad-keys"));
  q(".undo").addEventListener("click", () => undoTo(pad.strokes.length - 1));
  q(".clear").addEventListener("click", () => undoTo(0));
  showGrey(q(".seen"), null);
  return pad;
}
