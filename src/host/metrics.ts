/** Counters and gauges in Prometheus' text format, by prom-client. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

type Labels = Readonly<Record<string, string>>

export interface Metrics {
  counter(name: string, help: string, labels: readonly string[]): { inc(labels: Labels, by?: number): void }
  histogram(name: string, help: string, labels: readonly string[], bucketsSeconds: readonly number[]): { observe(labels: Labels, value: number): void }
  gauge(name: string, help: string, labels: readonly string[], read: () => readonly { readonly labels: Labels; readonly value: number }[]): void
  text(): Promise<{ readonly contentType: string; readonly text: string }>
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  new Gauge({
    name: 'process_resident_memory_bytes', help: 'Resident memory size in bytes.', registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Counter({
    name: 'process_cpu_seconds_total', help: 'Total user and system CPU time spent in seconds.', registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  const startedAt = Date.now() / 1000 - process.uptime()
  new Gauge({ name: 'process_start_time_seconds', help: 'Start time of the process since unix epoch in seconds.', registers }).set(startedAt)
  return {
    counter(name, help, labelNames) {
      const counter = new Counter({ name, help, labelNames: [...labelNames], registers })
      return { inc: (labels, by = 1) => counter.inc(labels, by) }
    },
    histogram(name, help, labelNames, buckets) {
      const histogram = new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers })
      return { observe: (labels, value) => histogram.observe(labels, value) }
    },
    gauge(name, help, labelNames, read) {
      new Gauge({
        name, help, labelNames: [...labelNames], registers,
        collect() {
          this.reset()
          for (const { labels, value } of read()) this.set(labels, value)
        },
      })
    },
    text: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}
