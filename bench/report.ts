/** What the benches print with, and how they reduce rounds to a figure. */
import { availableParallelism, loadavg } from 'node:os'

/** Every figure depends on the machine and on who else uses it, so both stand beside it. */
export function printMachine(): void {
  console.log(
    `${new Date().toISOString().slice(0, 16)}Z, Node ${process.version}, ${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)} at the start`,
  )
}

export function printTable(title: string, columns: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const lines = [columns, ...rows].map(row => row.map(String))
  const widths = columns.map((_, i) => Math.max(...lines.map(line => (line[i] ?? '').length)))
  console.log(`\n${title}`)
  for (const line of lines) console.log(`  ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('   ')}`)
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** Between the two in the middle, where there are two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return ((sorted[(sorted.length - 1) >> 1] ?? NaN) + (sorted[sorted.length >> 1] ?? NaN)) / 2
}

/** `median (least to most)`: the spread tells how noisy the machine was. */
export function spread(values: readonly number[], digits = 0): string {
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`
}

export const whole = (value: number): string => Math.round(value).toLocaleString('en')

/** A bench that cannot run says what it lacks, and that is no failure. */
export function skip(reason: string): never {
  console.log(`skipped: ${reason}`)
  process.exit(0)
}
