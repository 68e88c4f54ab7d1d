// Seeded random numbers: the same seed gives the same run in every browser.

/** @typedef {() => number} Random the next number, at least 0 and below 1 */

/** @param {string} text FNV-1a of its characters, 32 bits */
function hash(text) {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h | 0;
}

/**
 * Numbers for one purpose: those of another purpose, or of another seed, do not depend on how many were drawn here.
 * The generator is sfc32 (Doty-Humphrey, PractRand); its first numbers, which resemble the seed, are thrown away.
 * @param {number} seed a whole number @param {string} purpose @returns {Random}
 */
export function generator(seed, purpose) {
  let a = hash(purpose), b = seed | 0, c = 0x9e3779b9 | 0, counter = 1;
  function next() {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return (sum >>> 0) / 2 ** 32;
  }
  for (let i = 0; i < 16; i++) next();
  return next;
}

/**
 * Every order of the values as likely as any other (Fisher, Yates), in place.
 * @param {Uint32Array} values @param {Random} random
 */
export function shuffle(values, random) {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const value = values[i];
    values[i] = values[j];
    values[j] = value;
  }
  return values;
}

/** The whole numbers below `count` in a random order. @param {number} count @param {Random} random */
export const permutation = (count, random) => shuffle(Uint32Array.from({ length: count }, (_, i) => i), random);
