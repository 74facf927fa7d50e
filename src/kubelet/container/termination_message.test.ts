import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWorld } from '../../sim/world.ts'
import { readTerminationMessage } from './termination_message.ts'

const [FILE, LOG] = ['/container/message', '/logs/web/0.log']
const line = (text: string, tag = 'F') => `2026-01-01T00:00:00.000000000Z stdout ${tag} ${text}\n`

const CASES: readonly [string, { file?: string; log?: string; policy?: string; exitCode?: number }, string][] = [
  ['is what is in the file', { file: 'said', log: line('logged') }, 'said'],
  ['is cut after 4096 bytes', { file: 'x'.repeat(5000) }, 'x'.repeat(4096)],
  ['is empty without a file', { log: line('logged'), policy: 'File' }, ''],
  ['is the log of one that failed and said nothing', { log: line('one') + line('two') }, 'one\ntwo\n'],
  ['is not the log of one that succeeded', { log: line('one'), exitCode: 0 }, ''],
  ['is the last 80 lines', { log: Array.from({ length: 100 }, (_, i) => line(`${i}`)).join('') }, Array.from({ length: 80 }, (_, i) => `${i + 20}\n`).join('')],
  ['is the last 2048 bytes', { log: Array.from({ length: 60 }, () => line('x'.repeat(99))).join('') }, `${'x'.repeat(99)}\n`.repeat(21).slice(-2048)],
  ['is the end of one line that is longer', { log: line('y'.repeat(10_000)) }, `${'y'.repeat(2047)}\n`],
  [
    'is the end of one line that the runtime has cut',
    { log: line('y'.repeat(16_384), 'P') + line('z'.repeat(16_384), 'P') + line('end') },
    `${'z'.repeat(2044)}end\n`,
  ],
  ['counts bytes and not letters', { log: line('é'.repeat(2000)) }, `\ufffd${'é'.repeat(1023)}\n`],
]

for (const [sentence, { file, log, policy = 'FallbackToLogsOnError', exitCode = 1 }, message] of CASES)
  test(`termination message: ${sentence}`, async () => {
    const world = createWorld({ seed: 1 })
    const { disk } = world.host('node-a')
    const read = async () => {
      for (const [path, text] of [
        [FILE, file],
        [LOG, log],
      ] as const) {
        await disk.makeDirectory(path.replace(/\/[^/]*$/, ''))
        if (text !== undefined) await disk.writeFile(path, text)
      }
      return readTerminationMessage(disk, { file: FILE, log: LOG, policy, exitCode })
    }
    assert.equal(await world.finish(read()), message)
  })
