// Numbers as text.

export const PERCENT = "\u00a0%"; // a number and its unit stay on one line

/** A share in per cent. @param {number} share */
export const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}${PERCENT}`;

const APART = new Intl.NumberFormat("en"); // made once: making one takes longer than all that is written with it

/** A whole number, its thousands apart. @param {number} value */
export const whole = (value) => APART.format(Math.round(value));

/** A probability in per cent without the sign, short enough to stand on a narrow bar. @param {number} p */
export function barPercent(p) {
  const v = 100 * p;
  if (v >= 99.95) return "100";
  if (v >= 99) return v.toFixed(1);
  if (v >= 9.95) return v.toFixed(0);
  if (v >= 0.095) return v.toFixed(1);
  return v >= 0.0095 ? v.toFixed(2) : "<.01";
}

/** The same for the logarithmic axis, which shows what is too small for the linear one. @param {number} p */
export function tinyPercent(p) {
  const v = 100 * p;
  return v >= 0.0095 || v === 0 ? barPercent(p) : v.toExponential(0).replace("-", "−");
}

/** A probability for a list or a table, in per cent, exact enough to compare. @param {number} p */
export function listPercent(p) {
  const v = 100 * p;
  if (v >= 1) return `${v.toFixed(1)}${PERCENT}`;
  if (v >= 0.01) return `${v.toFixed(2)}${PERCENT}`;
  return v >= 0.0001 ? `${v.toFixed(4)}${PERCENT}` : `<0.0001${PERCENT}`;
}

/** A probability inside a sentence. @param {number} p */
export function sharePercent(p) {
  const v = 100 * p;
  if (v >= 99.95) return `over 99.9${PERCENT}`;
  return v < 0.0095 ? `under 0.01${PERCENT}` : `${barPercent(p)}${PERCENT}`;
}

/** "wolf 12 %" for each class. @param {string[]} names @param {ArrayLike<number>} p */
export const namedShares = (names, p) => Array.from(p, (share, i) => `${names[i]} ${sharePercent(share)}`);

/** A number with a true minus sign; what rounds to zero has none. @param {number} value */
export function signed(value, digits = 1) {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** @typedef {(key: string, values?: Record<string, string | number>) => string} Tell */

/**
 * "{{name}}" in a text becomes its value; raises where there is none.
 * @param {string} text @param {Record<string, string | number>} values
 */
export function filled(text, values) {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (place, name) => {
    if (values[name] === undefined) throw new Error(`Nothing fills ${place} in “${text}”`);
    return String(values[name]);
  });
}

/** A value of T or alpha as it is written; sums of steps have long tails. @param {number} value */
export const short = (value) => Number(value.toPrecision(6));

const THOUSANDS = /^\s*[+-]?[1-9]\d{0,2},\d{3}\s*$/; // or one and a decimal comma: nobody can tell

/** The number that a visitor typed, 2.5 or 2,5; null if it is none, as 1,000. @param {string} text */
export function parseNumber(text) {
  if (THOUSANDS.test(text)) return null;
  const value = Number(text.trim().replace(",", ".").replace("−", "-"));
  return text.trim() && Number.isFinite(value) ? value : null;
}
