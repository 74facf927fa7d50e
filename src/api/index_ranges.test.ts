import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commonIndexes, countIndexes, hasIndex, parseIndexRanges, printIndexRanges, withIndexes, withoutIndexes } from './index_ranges.ts'

test('three in a row are joined by a hyphen, two are not', () => {
  assert.equal(printIndexRanges(withIndexes([], [7, 1, 4, 3, 5])), '1,3-5,7')
  assert.equal(printIndexRanges(withIndexes([], [0, 1])), '0,1')
  assert.equal(printIndexRanges([]), '')
})

test('what is written is read again, without what is beyond the number of indexes', () => {
  for (const text of ['', '0', '0,1', '1,3-5,7', '0-99999']) assert.equal(printIndexRanges(parseIndexRanges(text, 100_000)), text)
  assert.equal(printIndexRanges(parseIndexRanges('1,3-5,7', 5)), '1,3,4')
  assert.equal(printIndexRanges(parseIndexRanges('x,2-,3', 5)), '3')
})

test('indexes are added, taken out, counted and found', () => {
  const ranges = parseIndexRanges('0-4,8', 10)
  assert.equal(printIndexRanges(withIndexes(ranges, [5, 6, 7])), '0-8')
  assert.equal(printIndexRanges(withoutIndexes(ranges, new Set([0, 2, 8, 9]))), '1,3,4')
  assert.equal(countIndexes(ranges), 6)
  assert.deepEqual(
    [0, 4, 5, 8, 9].map(index => hasIndex(ranges, index)),
    [true, true, false, true, false],
  )
  assert.equal(printIndexRanges(commonIndexes(ranges, parseIndexRanges('1-2,4-9', 10))), '1,2,4,8')
})
