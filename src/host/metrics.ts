/**
 * Counters, gauges and histograms in Prometheus' text format (version 0.0.4).
 *
 * Written here because the usual library costs more than all it does for us: ninety files to load before the API
 * answers, and more time for each request than routing and authorizing it.
 */
type Labels = Readonly<Record<string, string>>

export interface Metrics {
  counter(name: string, help: string, labels: readonly string[]): { inc(labels: Labels, by?: number): void }
  histogram(name: string, help: string, labels: readonly string[], bucketsSeconds: readonly number[]): { observe(labels: Labels, value: number): void }
  gauge(name: string, help: string, labels: readonly string[], read: () => readonly { readonly labels: Labels; readonly value: number }[]): void
  text(): Promise<{ readonly contentType: string; readonly text: string }>
}

export function createMetrics(): Metrics {
  const families: (() => string[])[] = []
  const family = (name: string, help: string, type: string, samples: () => string[]): void => {
    const head = [`# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`, `# TYPE ${name} ${type}`]
    families.push(() => [...head, ...samples()])
  }
  const startedAt = Date.now() / 1000 - process.uptime()
  family('process_resident_memory_bytes', 'Resident memory size in bytes.', 'gauge', () => [`process_resident_memory_bytes ${process.memoryUsage.rss()}`])
  family('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', 'counter', () => {
    const { user, system } = process.cpuUsage()
    return [`process_cpu_seconds_total ${(user + system) / 1e6}`]
  })
  family('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', 'gauge', () => [`process_start_time_seconds ${startedAt}`])

  return {
    counter(name, help, labelNames) {
      const series = createSeries(labelNames, () => ({ count: 0 }))
      family(name, help, 'counter', () => series.all().map(([labels, { count }]) => `${name}${braces(labels)} ${count}`))
      return { inc: (labels, by = 1) => void (series.of(labels).count += by) }
    },
    histogram(name, help, labelNames, buckets) {
      const series = createSeries(labelNames, () => ({ sum: 0, count: 0, inBucket: buckets.map(() => 0) }))
      family(name, help, 'histogram', () =>
        series.all().flatMap(([labels, { sum, count, inBucket }]) => {
          let upTo = 0
          const bucket = (le: string, value: number): string => `${name}_bucket${braces([...labels, `le="${le}"`])} ${value}`
          return [
            ...buckets.map((bound, i) => bucket(String(bound), (upTo += inBucket[i]!))),
            bucket('+Inf', count),
            `${name}_sum${braces(labels)} ${sum}`,
            `${name}_count${braces(labels)} ${count}`,
          ]
        }),
      )
      return {
        observe(labels, value) {
          const one = series.of(labels)
          one.sum += value
          one.count++
          const place = buckets.findIndex(bound => value <= bound)
          if (place >= 0) one.inBucket[place]!++
        },
      }
    },
    gauge(name, help, labelNames, read) {
      family(name, help, 'gauge', () => read().map(({ labels, value }) => `${name}${braces(labelNames.map(label => pair(label, labels[label])))} ${value}`))
    },
    text: async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: `${families.flatMap(lines => lines()).join('\n')}\n` }),
  }
}

interface Series<V> {
  of(labels: Labels): V
  /** With their labels as text, in the order of their first use. */
  all(): (readonly [labels: readonly string[], value: V])[]
}

function createSeries<V>(labelNames: readonly string[], fresh: () => V): Series<V> {
  const values = new Map<string, { readonly labels: readonly string[]; readonly value: V }>()
  return {
    of(labels) {
      let key = ''
      // No value of ours holds a line feed, and one that did would only be counted with another.
      for (const name of labelNames) key += `${labels[name] ?? ''}\n`
      let known = values.get(key)
      if (!known) values.set(key, (known = { labels: labelNames.map(name => pair(name, labels[name])), value: fresh() }))
      return known.value
    },
    all: () => [...values.values()].map(({ labels, value }) => [labels, value] as const),
  }
}

const pair = (name: string, value = ''): string => `${name}="${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`

const braces = (labels: readonly string[]): string => (labels.length === 0 ? '' : `{${labels.join(',')}}`)
