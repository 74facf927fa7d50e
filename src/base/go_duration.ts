/** As Go prints a duration, which messages and events show: `10s`, `1m20s`, `1.234s`, `350ms`. */
export function goDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms < 1) return `${trim((ms * 1000).toFixed(3))}µs`
  if (ms < 1000) return `${trim(ms.toFixed(3))}ms`
  const totalSeconds = ms / 1000
  const hours = Math.floor(totalSeconds / 3600)
  const minutes = Math.floor((totalSeconds % 3600) / 60)
  const seconds = `${trim((totalSeconds % 60).toFixed(3))}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}

const trim = (number: string): string => (number.includes('.') ? number.replace(/\.?0+$/, '') : number)

const UNITS_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Milliseconds of `1h30m`, `-1.5s` or `0`; undefined for what Go would not take. */
export function parseGoDuration(text: string): number | undefined {
  const [, sign, rest] = /^([+-]?)(.*)$/s.exec(text)!
  if (rest === '0') return 0
  if (!/^((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+$/.test(rest!)) return undefined
  let ms = 0
  for (const [, number, unit] of rest!.matchAll(/([\d.]+)([^\d.]+)/g)) ms += Number(number) * UNITS_MS[unit!]!
  return sign === '-' ? -ms : ms
}
