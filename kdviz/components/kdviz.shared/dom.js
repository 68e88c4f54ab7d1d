// What the components do to the page's nodes.

const SVG = "http://www.w3.org/2000/svg";
const TEXTS = /** @type {WeakMap<Node, string>} */ (new WeakMap());

/** Write text only where it changed: a redraw touches nothing else. @param {Node} node @param {string} text */
export function setText(node, text) {
  if (TEXTS.get(node) === text) return;
  TEXTS.set(node, text);
  node.textContent = text;
}

/**
 * Write an attribute only where it changed.
 * @param {Element} node @param {string} name @param {string | number} value
 */
export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} className @param {Element} [parent] @param {Record<string, string | number>} attributes
 */
export function make(tag, className, parent, attributes = {}) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  parent?.append(node);
  return node;
}

/** A node without what was in it. @template {Element} Node @param {Node} node */
export function emptied(node) {
  node.replaceChildren();
  return node;
}

/** An empty drawing, a pixel to a unit. @param {Element} svg @param {number} width @param {number} height */
export function clearDrawing(svg, width, height) {
  emptied(svg).setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("height", String(height));
}

/** A radio button in a label of its own. @param {Element} parent @param {string} name @param {boolean} checked @param {() => void} choose */
export function makeRadio(parent, name, checked, choose) {
  const label = make("label", "", parent);
  const input = make("input", "", label, { type: "radio", name });
  input.checked = checked;
  input.addEventListener("change", choose);
  return { label, input };
}

/** Columns and rows that an arrow key goes. */
export const ARROWS = /** @type {Record<string, [number, number]>} */ ({
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
});

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag @param {Element} parent @param {Record<string, string | number>} attributes
 */
export function svgNode(tag, parent, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  parent.append(node);
  return node;
}

/**
 * The colours of teacher, student, hard label and "without a teacher" come from the app's theme, where they
 * stand once, in this order, as chartCategoricalColors.
 * @param {HTMLElement} root
 */
export function applyPalette(root) {
  const colours = getComputedStyle(root).getPropertyValue("--st-chart-categorical-colors").split(/,(?![^(]*\))/);
  ["teacher", "student", "label", "plain"].forEach((role, i) => {
    if (colours[i]?.trim()) root.style.setProperty(`--kd-${role}`, colours[i].trim());
  });
}

/** What `says` holds is announced while the focus is within `place`, and not while something else moves. @param {Element} place @param {Element} says */
export function announcedWithin(place, says) {
  says.setAttribute("aria-live", "off");
  place.addEventListener("focusin", () => says.setAttribute("aria-live", "polite"));
  place.addEventListener("focusout", () => says.setAttribute("aria-live", "off"));
}

/** A small image. @param {Element} parent @param {ArrayLike<number> | null} pixels @param {string} [label] */
export function makeImage(parent, pixels, label) {
  const canvas = make("canvas", "", parent, { width: 28, height: 28, ...(label && { role: "img", "aria-label": label }) });
  showGrey(canvas, pixels);
  return canvas;
}

/**
 * Grey levels 0..255, row by row, on a canvas of that many pixels; black without any.
 * @param {HTMLCanvasElement} canvas @param {ArrayLike<number> | null} pixels
 */
export function showGrey(canvas, pixels) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < canvas.width * canvas.height; i++) {
    const v = pixels ? pixels[i] : 0;
    image.data.set([v, v, v, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

/** Red, green and blue of a colour of the theme. @param {HTMLElement} node @param {string} name */
export function rgb(node, name) {
  const text = getComputedStyle(node).getPropertyValue(name).trim();
  const parts = text.startsWith("#") ? text.slice(1).match(/../g) : null;
  return parts ? parts.map((part) => parseInt(part, 16)) : [128, 128, 128];
}
