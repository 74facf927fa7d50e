import assert from 'node:assert/strict'
import { test } from 'node:test'
import { armTripwire } from '../sim/tripwire.ts'
import { parseCronSchedule, timeZoneProblem, zonedTimestamp } from './cron_schedule.ts'

/** The next `count` times after this instant, in UTC. */
function times(text: string, from: string, count: number, timeZone?: string): string[] {
  const parsed = parseCronSchedule(text, timeZone)
  assert.ok('schedule' in parsed, JSON.stringify(parsed))
  const found: string[] = []
  for (let at = parsed.schedule.next(Date.parse(from)); at !== undefined && found.length < count; at = parsed.schedule.next(at))
    found.push(new Date(at).toISOString().replace(':00.000Z', ''))
  return found
}

const problem = (text: string): string | undefined => {
  const parsed = parseCronSchedule(text)
  return 'problem' in parsed ? parsed.problem : undefined
}

for (const [text, from, wanted] of [
  ['* * * * *', '2026-01-01T00:00:00Z', ['2026-01-01T00:01', '2026-01-01T00:02', '2026-01-01T00:03']],
  ['* * * * *', '2026-01-01T00:00:59.999Z', ['2026-01-01T00:01']],
  ['*/20 3,5-6 * * *', '2026-01-01T03:30:00Z', ['2026-01-01T03:40', '2026-01-01T05:00', '2026-01-01T05:20']],
  ['7/25 0 * * ?', '2026-01-01T00:00:00Z', ['2026-01-01T00:07', '2026-01-01T00:32', '2026-01-01T00:57', '2026-01-02T00:07']],
  ['0 0 1 JAN,jul *', '2026-02-01T00:00:00Z', ['2026-07-01T00:00', '2027-01-01T00:00']],
  ['0 0 29 2 *', '2026-01-01T00:00:00Z', ['2028-02-29T00:00']],
  ['0 0 13 * 5', '2026-02-01T00:00:00Z', ['2026-02-06T00:00', '2026-02-13T00:00', '2026-02-20T00:00']],
  ['0 0 13 * *', '2026-02-01T00:00:00Z', ['2026-02-13T00:00', '2026-03-13T00:00']],
  ['0 0 * * 5', '2026-02-01T00:00:00Z', ['2026-02-06T00:00', '2026-02-13T00:00', '2026-02-20T00:00']],
  // A step makes `*` a choice of days like any other, so that either kind of days is enough.
  ['0 0 */10 * 5', '2026-02-01T12:00:00Z', ['2026-02-06T00:00', '2026-02-11T00:00', '2026-02-13T00:00']],
  ['@hourly', '2026-01-01T00:30:00Z', ['2026-01-01T01:00', '2026-01-01T02:00']],
  ['@daily', '2026-01-01T00:30:00Z', ['2026-01-02T00:00']],
  ['@weekly', '2026-01-01T00:30:00Z', ['2026-01-04T00:00']],
  ['@monthly', '2026-01-01T00:30:00Z', ['2026-02-01T00:00']],
  ['@yearly', '2026-01-01T00:30:00Z', ['2027-01-01T00:00']],
  ['@every 1h30m', '2026-01-01T00:30:00.700Z', ['2026-01-01T02:00', '2026-01-01T03:30']],
  ['0 0 31 2 *', '2026-01-01T00:00:00Z', []],
  ['0 0 , * *', '2026-01-01T00:00:00Z', []],
] as const) {
  test(`${text} after ${from} comes at ${wanted.join(', ') || 'no time'}`, () => {
    assert.deepEqual(times(text, from, wanted.length || 1), wanted)
  })
}

test('times are those of the place, also where the clocks are not whole hours from UTC', () => {
  assert.deepEqual(times('30 2 * * *', '2026-01-01T00:00:00Z', 1, 'Asia/Kolkata'), ['2026-01-01T21:00'])
  assert.deepEqual(times('0 0 * * *', '2026-01-01T00:00:00Z', 1, 'America/New_York'), ['2026-01-01T05:00'])
  assert.deepEqual(times('0 12 1 7 *', '2026-01-01T00:00:00Z', 1, 'Europe/Berlin'), ['2026-07-01T10:00'])
})

test('a time that the clocks skip in spring does not come on that day', () => {
  // In New York clocks went from 02:00 to 03:00 on 2026-03-08, at 07:00 UTC.
  assert.deepEqual(times('30 2 * * *', '2026-03-07T00:00:00Z', 3, 'America/New_York'), ['2026-03-07T07:30', '2026-03-09T06:30', '2026-03-10T06:30'])
  assert.deepEqual(times('0 * * * *', '2026-03-08T05:30:00Z', 3, 'America/New_York'), ['2026-03-08T06:00', '2026-03-08T07:00', '2026-03-08T08:00'])
  assert.deepEqual(times('0 3 * * *', '2026-03-08T05:30:00Z', 1, 'America/New_York'), ['2026-03-08T07:00'], 'the first instant of the new time')
})

test('a time that the clocks show twice in autumn comes twice', () => {
  // On 2026-11-01 at 06:00 UTC they went from 02:00 back to 01:00.
  assert.deepEqual(times('30 1 * * *', '2026-10-31T12:00:00Z', 3, 'America/New_York'), ['2026-11-01T05:30', '2026-11-01T06:30', '2026-11-02T06:30'])
  assert.deepEqual(times('0 1 * * *', '2026-11-01T04:00:00Z', 3, 'America/New_York'), ['2026-11-01T05:00', '2026-11-01T06:00', '2026-11-02T06:00'])
  assert.deepEqual(times('*/30 * * * *', '2026-11-01T05:00:00Z', 4, 'America/New_York'), [
    '2026-11-01T05:30',
    '2026-11-01T06:00',
    '2026-11-01T06:30',
    '2026-11-01T07:00',
  ])
})

test('half an hour of summer time is kept to as well', () => {
  // Lord Howe: on 2026-10-04 from 02:00 to 02:30, at 15:30 UTC of the day before.
  assert.deepEqual(times('15 2 * * *', '2026-10-02T12:00:00Z', 2, 'Australia/Lord_Howe'), ['2026-10-02T15:45', '2026-10-04T15:15'])
  assert.deepEqual(times('0 3 * * *', '2026-10-03T12:00:00Z', 1, 'Australia/Lord_Howe'), ['2026-10-03T16:00'])
})

test('what is no schedule is told in the words of Kubernetes', () => {
  assert.equal(problem('* * * *'), 'expected exactly 5 fields, found 4: [* * * *]')
  assert.equal(problem('0 * * * * *'), 'expected exactly 5 fields, found 6: [0 * * * * *]')
  assert.equal(problem('error'), 'expected exactly 5 fields, found 1: [error]')
  assert.equal(problem(''), 'empty spec string')
  assert.equal(problem('60 * * * *'), 'end of range (60) above maximum (59): 60')
  assert.equal(problem('* * 0 * *'), 'beginning of range (0) below minimum (1): 0')
  assert.equal(problem('* * * * 7'), 'end of range (7) above maximum (6): 7')
  assert.equal(problem('30-10 * * * *'), 'beginning of range (30) beyond end of range (10): 30-10')
  assert.equal(problem('*/0 * * * *'), 'step of range should be a positive number: */0')
  assert.equal(problem('1-2-3 * * * *'), 'too many hyphens: 1-2-3')
  assert.equal(problem('1/2/3 * * * *'), 'too many slashes: 1/2/3')
  assert.equal(problem('* * L * *'), 'failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax')
  assert.equal(problem('@often'), 'unrecognized descriptor: @often')
  assert.equal(problem('@every soon'), 'failed to parse duration @every soon: time: invalid duration "soon"')
})

test('an instant is written as the clocks of the place show it', () => {
  const at = Date.parse('2026-03-07T07:30:00.500Z')
  assert.deepEqual(
    [undefined, 'UTC', 'America/New_York', 'Asia/Kolkata', 'Europe/London'].map(zone => zonedTimestamp(at, zone)),
    ['2026-03-07T07:30:00Z', '2026-03-07T07:30:00Z', '2026-03-07T02:30:00-05:00', '2026-03-07T13:00:00+05:30', '2026-03-07T07:30:00Z'],
  )
})

test('a time zone is a name that IANA knows', () => {
  for (const name of ['Europe/Berlin', 'UTC', 'Etc/UTC', 'America/Argentina/Buenos_Aires']) assert.equal(timeZoneProblem(name), undefined, name)
  for (const name of ['Europe/Nowhere', '+01:00', '+0100', '../etc', 'a b']) assert.equal(timeZoneProblem(name), `unknown time zone ${name}`)
  assert.equal(timeZoneProblem(''), 'timeZone must be nil or non-empty string')
  assert.equal(timeZoneProblem('Local'), 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones')
})

test('nobody reads the clock of the machine', () => {
  const wire = armTripwire()
  try {
    assert.deepEqual(times('30 2 * * *', '2026-03-07T00:00:00Z', 1, 'America/New_York'), ['2026-03-07T07:30'])
    assert.deepEqual(times('0 0 31 2 *', '2026-01-01T00:00:00Z', 1), [])
  } finally {
    wire.disarm()
  }
})
