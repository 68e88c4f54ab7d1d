// From numbers to places.

const SPARE = 0.05; // of the range, at both ends

/** The numbers among values. @param {(number | null)[]} values @returns {number[]} */
export const finite = (values) => /** @type {number[]} */ (values.filter((value) => Number.isFinite(value)));

/** The ends of an axis that all values lie on, with a little to spare. @param {(number | null)[]} values @returns {[number, number]} */
export function endsOf(values) {
  const known = finite(values);
  if (!known.length) return [0, 1];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const spare = SPARE * (high - low || Math.abs(high) || 1);
  return [low - spare, high + spare];
}

/** Where a value stands between two places. @param {number} value @param {[number, number]} ends @param {number} from @param {number} to */
export const place = (value, [low, high], from, to) => from + ((to - from) * (value - low)) / (high - low);
