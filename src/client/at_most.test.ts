import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Request, Response, Transport } from '../base/transport.ts'
import { atMost } from './at_most.ts'

test('atMost lets so many pass at once, in their order, also after a failure', async () => {
  const begun: string[] = []
  const ends = new Map<string, { resolve(response: Response): void; reject(error: Error): void }>()
  const transport: Transport = ({ path }) => {
    begun.push(path)
    return new Promise((resolve, reject) => ends.set(path, { resolve, reject }))
  }
  const bounded = atMost(2, transport)
  const answers = ['a', 'b', 'c', 'd'].map(path =>
    bounded({ path } as Request).then(
      ({ status }) => status,
      (error: Error) => error.message,
    ),
  )
  await Promise.resolve()
  assert.deepEqual(begun, ['a', 'b'])
  ends.get('b')!.reject(new Error('lost'))
  await answers[1]
  await Promise.resolve()
  assert.deepEqual(begun, ['a', 'b', 'c'])
  ends.get('a')!.resolve({ status: 200 } as Response)
  await answers[0]
  await Promise.resolve()
  assert.deepEqual(begun, ['a', 'b', 'c', 'd'])
  for (const path of ['c', 'd']) ends.get(path)!.resolve({ status: 201 } as Response)
  assert.deepEqual(await Promise.all(answers), [200, 'lost', 201, 201])
})
