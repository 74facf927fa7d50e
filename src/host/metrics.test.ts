import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from './metrics.ts'

test('counters, gauges and histograms read as Prometheus expects them', async () => {
  const metrics = createMetrics()
  const requests = metrics.counter('requests_total', 'Requests.', ['verb', 'code'])
  requests.inc({ verb: 'GET', code: '200' })
  requests.inc({ verb: 'GET', code: '200' }, 2)
  requests.inc({ verb: 'say "hi"\\', code: '400' })
  const took = metrics.histogram('took_seconds', 'Time.', ['verb'], [0.1, 1])
  for (const seconds of [0.05, 0.1, 0.5, 3]) took.observe({ verb: 'GET' }, seconds)
  metrics.gauge('open', 'Open ones.', [], () => [{ labels: {}, value: 7 }])

  const { text, contentType } = await metrics.text()
  assert.match(contentType, /^text\/plain; version=0\.0\.4/)
  const own = text.split('\n').filter(line => !line.includes('process_'))
  assert.deepEqual(own, [
    '# HELP requests_total Requests.',
    '# TYPE requests_total counter',
    'requests_total{verb="GET",code="200"} 3',
    'requests_total{verb="say \\"hi\\"\\\\",code="400"} 1',
    '# HELP took_seconds Time.',
    '# TYPE took_seconds histogram',
    'took_seconds_bucket{verb="GET",le="0.1"} 2',
    'took_seconds_bucket{verb="GET",le="1"} 3',
    'took_seconds_bucket{verb="GET",le="+Inf"} 4',
    'took_seconds_sum{verb="GET"} 3.65',
    'took_seconds_count{verb="GET"} 4',
    '# HELP open Open ones.',
    '# TYPE open gauge',
    'open 7',
    '',
  ])
})
