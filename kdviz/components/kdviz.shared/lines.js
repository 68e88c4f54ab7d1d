// Lines and areas through points, as paths of SVG.

/** @typedef {([number, number] | null)[]} Points null where there is no number */

/** A line through the moments that have a number; a gap where they have none. @param {Points} points */
export function lineThrough(points) {
  let pen = "M";
  let text = "";
  for (const point of points) {
    if (point) text += `${pen}${point[0].toFixed(1)},${point[1].toFixed(1)}`;
    pen = point ? "L" : "M";
  }
  return text;
}

/** The area between two lines, where both have a number. @param {Points} upper @param {Points} lower */
export function areaBetween(upper, lower) {
  const kept = upper.map((point, i) => (point && lower[i] ? i : -1)).filter((i) => i >= 0);
  if (!kept.length) return "";
  const there = lineThrough(kept.map((i) => upper[i]));
  return `${there}${lineThrough(kept.reverse().map((i) => lower[i])).replace("M", "L")}Z`;
}
