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
