/** Wilson's score: an interval for a share that is honest for few trials and for shares near 0 and 1. */

/** The normal quantile of 97.5 %: of a two-sided interval of 95 %. */
const Z = 1.959963984540054

/** Where the true share lies with 95 % confidence, when `hits` of `trials` were seen. Without trials: anywhere. */
export function wilsonInterval(hits: number, trials: number): { low: number; high: number } {
  if (trials === 0) return { low: 0, high: 1 }
  const share = hits / trials
  const z2 = Z * Z
  const middle = share + z2 / (2 * trials)
  const reach = Z * Math.sqrt((share * (1 - share) + z2 / (4 * trials)) / trials)
  const whole = 1 + z2 / trials
  return { low: hits === 0 ? 0 : (middle - reach) / whole, high: hits === trials ? 1 : (middle + reach) / whole }
}
