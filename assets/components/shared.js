// What every component shares. Streamlit loads each component's script as a module of its own, so these files
// are put in front of each script, and what components tell each other goes through `globalThis.kdviz` and
// through events on the document.
const kdviz = (globalThis.kdviz ??= {});
kdviz.networks ??= {};
kdviz.temperature ??= {};

const PERCENT = "\u00a0%"; // a number and its unit stay on one line
const T_MIN = 0.1;
const T_MAX = 100;

/** softmax(z / T) into `out`; subtracting the maximum keeps every exponent at or below zero. */
function softmax(z, T, out = new Float64Array(z.length)) {
  let top = -Infinity;
  for (let i = 0; i < z.length; i++) if (z[i] > top) top = z[i];
  let sum = 0;
  for (let i = 0; i < z.length; i++) sum += out[i] = Math.exp((z[i] - top) / T);
  for (let i = 0; i < z.length; i++) out[i] /= sum;
  return out;
}

/** Entropy in bits; a class that underflowed to zero adds nothing. */
function entropyBits(p) {
  let bits = 0;
  for (const value of p) if (value > 0) bits -= value * Math.log2(value);
  return Math.max(0, bits);
}

/** Class indices from the largest to the smallest logit. Logits, not probabilities: those can underflow. */
function ranked(z) {
  return Array.from(z, (_, i) => i).sort((a, b) => z[b] - z[a] || a - b);
}

/** Three significant digits inside the axis, so that what is seen is exactly what is committed. */
function roundT(T) {
  return Math.min(T_MAX, Math.max(T_MIN, Number(T.toPrecision(3))));
}

function formatT(T) {
  return T < 10 ? T.toFixed(2) : T < 99.95 ? T.toFixed(1) : T.toFixed(0);
}

/** A probability in per cent without the sign, short enough to stand on a narrow bar. */
function barPercent(p) {
  const v = 100 * p;
  if (v >= 99.95) return "100";
  if (v >= 99) return v.toFixed(1);
  if (v >= 9.95) return v.toFixed(0);
  if (v >= 0.095) return v.toFixed(1);
  return v >= 0.0095 ? v.toFixed(2) : "<.01";
}

/** The same for the logarithmic axis, which shows what is too small for the linear one. */
function tinyPercent(p) {
  const v = 100 * p;
  return v >= 0.0095 || v === 0 ? barPercent(p) : v.toExponential(0).replace("-", "−");
}

/** A probability for a list or a table, in per cent, exact enough to compare. */
function listPercent(p) {
  const v = 100 * p;
  if (v >= 1) return `${v.toFixed(1)}${PERCENT}`;
  if (v >= 0.01) return `${v.toFixed(2)}${PERCENT}`;
  return v >= 0.0001 ? `${v.toFixed(4)}${PERCENT}` : `<0.0001${PERCENT}`;
}

/** A probability inside a sentence. */
function sharePercent(p) {
  const v = 100 * p;
  if (v >= 99.95) return `over 99.9${PERCENT}`;
  if (v >= 99) return `${v.toFixed(1)}${PERCENT}`;
  if (v >= 9.95) return `${v.toFixed(0)}${PERCENT}`;
  if (v >= 0.095) return `${v.toFixed(1)}${PERCENT}`;
  return v >= 0.0095 ? `${v.toFixed(2)}${PERCENT}` : `under 0.01${PERCENT}`;
}

function signed(value, digits = 1) {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Write text only where it changed: a redraw touches nothing else. */
function setText(node, text) {
  if (node.kdText === text) return;
  node.kdText = text;
  node.textContent = text;
}

function make(tag, className, parent) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  parent?.append(node);
  return node;
}

/**
 * The colours of teacher, student, hard label and "without a teacher" come from the app's theme, where they
 * stand once, in this order, as chartCategoricalColors.
 */
function applyPalette(root) {
  const colours = getComputedStyle(root).getPropertyValue("--st-chart-categorical-colors").split(/,(?![^(]*\))/);
  ["teacher", "student", "label", "plain"].forEach((role, i) => {
    if (colours[i]?.trim()) root.style.setProperty(`--kd-${role}`, colours[i].trim());
  });
}

function decodeBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Grey levels 0..255, row by row, on a canvas of that many pixels; black without any. */
function showGrey(canvas, pixels) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < canvas.width * canvas.height; i++) {
    const v = pixels ? pixels[i] : 0;
    image.data.set([v, v, v, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

/** Little-endian half-precision numbers to single precision: subnormals, infinities and NaN included. */
function decodeHalf(bytes) {
  const out = new Float32Array(bytes.length >> 1);
  for (let i = 0; i < out.length; i++) {
    const half = bytes[2 * i] | (bytes[2 * i + 1] << 8);
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    let value;
    if (exponent === 0) value = fraction * 2 ** -24;
    else if (exponent === 31) value = fraction ? NaN : Infinity;
    else value = (1 + fraction / 1024) * 2 ** (exponent - 15);
    out[i] = half & 0x8000 ? -value : value;
  }
  return out;
}

/** Tell every component of a group the temperature, in the same task as the event that set it. */
function publishTemperature(T, group, source) {
  kdviz.temperature[group] = T;
  document.dispatchEvent(new CustomEvent("kdviz:temperature", { detail: { T, group, source } }));
}

/** Tell every component of a group the logits that its picture shows, null where nothing is drawn yet. */
function publishLogits(logits, group) {
  (kdviz.logits ??= {})[group] = logits && Float64Array.from(logits);
  document.dispatchEvent(new CustomEvent("kdviz:logits", { detail: { logits: kdviz.logits[group], group } }));
}

/**
 * Knows which values from Python are only the echo of what the browser sent. Without it, a rerun that began
 * before the last release would pull the thumb back from under the finger.
 */
function makeEcho() {
  let last;
  let sent = [];
  return {
    sent(value) {
      sent.push(JSON.stringify(value));
    },
    overrides(value) {
      const text = JSON.stringify(value);
      if (text === last) return false;
      last = text;
      const at = sent.indexOf(text);
      sent = at < 0 ? [] : sent.slice(at + 1);
      return at < 0;
    },
  };
}

Object.assign(kdviz, { softmax, entropyBits, decodeBase64, decodeHalf });
