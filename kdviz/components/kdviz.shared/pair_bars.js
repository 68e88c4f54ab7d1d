// Two softmaxes beside each other: for each class a bar of the teacher and one of the student.
import { setAttribute, svgNode } from "./dom.js";

/** @typedef {{ width: number, base: number, tall: number, most: number }} Sizes `most` of `tall` is drawn at most */

/** @param {Element} svg @param {string[]} names @param {Sizes} sizes */
export function buildPairs(svg, names, sizes) {
  const { width, base, tall } = sizes;
  svgNode("line", svg, { class: "pair-base", x1: 0, x2: width, y1: base, y2: base });
  svgNode("line", svg, { class: "pair-top", x1: 0, x2: width, y1: base - tall, y2: base - tall });
  const top = svgNode("text", svg, { class: "pair-most", x: width, y: base - tall - 2.5 });
  const slot = width / names.length;
  const bars = names.map((name, i) => {
    const teacher = svgNode("rect", svg, { class: "teacher", x: i * slot + 2, width: slot / 2 - 2 });
    const student = svgNode("rect", svg, { class: "student", x: (i + 0.5) * slot, width: slot / 2 - 2 });
    const text = svgNode("text", svg, { class: "pair-name", x: (i + 0.5) * slot, y: base + 11.5 });
    text.textContent = name.length > 1 ? name.slice(0, 3) : name;
    return { teacher, student, text };
  });
  return { svg, bars, top, sizes };
}

/**
 * The teacher's highest bar leaves some room above it; the scale is its alone, and stays as the student moves. What goes
 * beyond is cut off. Gives the probability that fills the height.
 * @param {ReturnType<typeof buildPairs>} pairs @param {ArrayLike<number>} teacher @param {ArrayLike<number> | null} student
 * @param {number} label
 */
export function drawPairs({ bars, sizes: { base, tall, most } }, teacher, student, label) {
  const whole = Math.min(1, 1.4 * Math.max(...Array.from(teacher)));
  bars.forEach((bar, i) => {
    bar.text.classList.toggle("truth", i === label);
    for (const who of /** @type {const} */ (["teacher", "student"])) {
      const height = tall * Math.min(most, (who === "teacher" ? teacher[i] : student?.[i] ?? 0) / whole);
      setAttribute(bar[who], "y", (base - height).toFixed(2));
      setAttribute(bar[who], "height", height.toFixed(2));
    }
  });
  return whole;
}
