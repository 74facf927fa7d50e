import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from './metrics.ts'

test('metrics come out as Prometheus reads them', async () => {
  const metrics = createMetrics()
  const requests = metrics.counter('apiserver_request_total', 'Requests.', ['verb', 'code'])
  requests.inc({ verb: 'GET', code: '200' })
  requests.inc({ verb: 'GET', code: '200' }, 2)
  metrics.histogram('request_seconds', 'Durations.', ['verb'], [0.1, 1]).observe({ verb: 'GET' }, 0.5)
  let watchers = [{ labels: { kind: 'pods' }, value: 3 }]
  metrics.gauge('watchers', 'Watchers.', ['kind'], () => watchers)
  const { contentType, text } = await metrics.text()
  assert.match(contentType, /^text\/plain; version=0\.0\.4/)
  const lines = text.split('\n')
  for (const line of [
    '# TYPE apiserver_request_total counter', 'apiserver_request_total{verb="GET",code="200"} 3', 'request_seconds_bucket{le="0.1",verb="GET"} 0',
    'request_seconds_bucket{le="1",verb="GET"} 1', 'request_seconds_count{verb="GET"} 1', 'watchers{kind="pods"} 3',
  ]) assert.ok(lines.includes(line), line)
  assert.match(text, /^process_resident_memory_bytes [1-9]\d+$/m)
  assert.match(text, /^process_cpu_seconds_total [\d.]+$/m)

  watchers = []
  assert.doesNotMatch((await metrics.text()).text, /^watchers\{/m)
})

test('CPU time does not add up with every look', async () => {
  const metrics = createMetrics()
  const read = async () => Number(/^process_cpu_seconds_total (\S+)$/m.exec((await metrics.text()).text)![1])
  const first = await read()
  const second = await read()
  assert.ok(second < first * 1.9 + 0.05, `${first} then ${second}`)
})
