// The students that a class has trained, as points of the plane of T and alpha.

/** @typedef {import("../kdviz.shared/class_posts.js").TrainedPoint} TrainedPoint */
/** @typedef {import("../kdviz.shared/class_posts.js").Points} Points */

/** Ends of the axes: those of the seats' sliders, with room for a dot. */
export const AXES = { T: [0.4, 63], alpha: [-0.06, 1.05] };

/** From 0 to 1 along the logarithmic axis. @param {number} T */
export const placeOfT = (T) => Math.log(T / AXES.T[0]) / Math.log(AXES.T[1] / AXES.T[0]);

/** From 0 to 1 along the axis. @param {number} alpha */
export const placeOfAlpha = (alpha) => (alpha - AXES.alpha[0]) / (AXES.alpha[1] - AXES.alpha[0]);

/** The other way round. @param {number} place from 0 to 1 along the axis */
export const tAt = (place) => AXES.T[0] * (AXES.T[1] / AXES.T[0]) ** place;

/** @param {number} place from 0 to 1 along the axis */
export const alphaAt = (place) => AXES.alpha[0] + place * (AXES.alpha[1] - AXES.alpha[0]);

/**
 * All points, the best last: it lies above the others. Two of the same T and alpha are one, as the same settings give the
 * same student.
 * @param {Points[]} seats @returns {TrainedPoint[]}
 */
export function pointsOf(seats) {
  const places = new Map(seats.flatMap(({ points }) => points).map((point) => [`${point.T} ${point.alpha}`, point]));
  return [...places.values()].sort((one, other) => one.accuracy - other.accuracy);
}
