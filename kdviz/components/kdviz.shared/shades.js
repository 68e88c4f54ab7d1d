// The colours of a scale from the worst to the best, for maps.

import { readableOn } from "./matrix.js";

export const SHADES = 65;

/**
 * OKLCH to sRGB (Ottosson 2020), cut off where a screen has no such colour.
 * @param {number} lightness @param {number} chroma @param {number} hue in degrees
 */
function fromOklch(lightness, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((v) => {
    const light = v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, light)));
  });
}

/**
 * From worst to best: even steps of lightness, away from the page's colour, so that it needs no eye for hues. `text` can be
 * read on the colour.
 * @param {boolean} dark whether the page is
 */
export function shadesFor(dark) {
  const [low, high] = dark ? [0.25, 0.93] : [0.965, 0.33];
  return Array.from({ length: SHADES }, (_, i) => {
    const t = i / (SHADES - 1);
    const lightness = low + t * (high - low);
    const chroma = 0.17 * Math.min(1, 3.2 * (1 - lightness), 2.6 * lightness - 0.3);
    const colour = fromOklch(lightness, Math.max(0.01, chroma), dark ? 285 + 50 * t : 335 - 45 * t);
    return { colour: `rgb(${colour})`, text: readableOn(colour) };
  });
}

/**
 * The colour of a share between two others.
 * @param {ReturnType<typeof shadesFor>} shades @param {number} value @param {number} worst @param {number} best
 */
export const shadeBetween = (shades, value, worst, best) =>
  shades[Math.round(Math.min(1, Math.max(0, (value - worst) / (best - worst || 1))) * (SHADES - 1))];
