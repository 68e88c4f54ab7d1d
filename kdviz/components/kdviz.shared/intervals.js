// Intervals of what is counted.

const Z = 1.959964; // of a 95 % interval

/** Wilson's interval of a share, 95 % (Wilson 1927). @param {number} right @param {number} n @returns {[number, number]} */
export function wilson(right, n) {
  const share = right / n;
  const middle = share + Z ** 2 / (2 * n);
  const reach = Z * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  return [Math.max(0, (middle - reach) / (1 + Z ** 2 / n)), Math.min(1, (middle + reach) / (1 + Z ** 2 / n))];
}
