// The axis of temperatures.

export const T_MIN = 0.1;
export const T_MAX = 100;

/** Three significant digits inside the axis, so that what is seen is exactly what is committed. @param {number} T */
export const roundT = (T) => Math.min(T_MAX, Math.max(T_MIN, Number(T.toPrecision(3))));

/** @param {number} T */
export const formatT = (T) => (T < 10 ? T.toFixed(2) : T < 99.95 ? T.toFixed(1) : T.toFixed(0));

/** Whole powers of ten are the temperatures one talks about: let the pointer catch them. @param {number} exponent */
export function catchDecade(exponent) {
  const nearest = Math.round(exponent);
  return Math.abs(exponent - nearest) < 0.012 ? nearest : exponent;
}
