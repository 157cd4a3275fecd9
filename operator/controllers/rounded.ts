/**
 * Two digits of a number, so that a large fleet in which always some devices are away does not change its status all the
 * time; below a hundred, and when nobody is missing, the number itself.
 */
export function rounded(value: number, total = -1): number {
  if (value < 100 || value === total) return value;
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Math.floor(value / unit) * unit;
}
