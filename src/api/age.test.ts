import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatAge, formatDuration } from './age.ts'

const S = 1000
const M = 60 * S
const H = 60 * M
const D = 24 * H
const Y = 365 * D

test('an age has two units at most, and the smaller one only while it says something', () => {
  const cases: [number, string][] = [
    [0, '0s'],
    [119 * S, '119s'],
    [2 * M, '2m'],
    [2 * M + 5 * S, '2m5s'],
    [10 * M - S, '9m59s'],
    [10 * M + 5 * S, '10m'],
    [3 * H - S, '179m'],
    [3 * H, '3h'],
    [3 * H + 20 * M, '3h20m'],
    [8 * H + 20 * M, '8h'],
    [48 * H - S, '47h'],
    [48 * H, '2d'],
    [50 * H, '2d2h'],
    [8 * D + H, '8d'],
    [2 * Y - S, '729d'],
    [2 * Y, '2y'],
    [2 * Y + 3 * D, '2y3d'],
    [8 * Y + 3 * D, '8y'],
    [-500, '0s'],
    [-1 * S, '0s'],
    [-2 * S, '<invalid>'],
  ]
  for (const [ms, expected] of cases) assert.equal(formatDuration(ms), expected, `${ms} ms`)
})

test('the age of nothing is unknown', () => {
  assert.equal(formatAge(undefined, 0), '<unknown>')
  assert.equal(formatAge('2024-01-01T00:00:00Z', Date.parse('2024-01-01T00:00:12.9Z')), '12s')
})
