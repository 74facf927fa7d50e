import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeText } from '../../base/bytes.ts'
import type { Host } from '../../base/host.ts'
import { createWorld } from '../../sim/world.ts'
import { joinBytes, parseLogLine, splitLines } from './log_line.ts'
import { readLog, type LogOptions } from './log_reader.ts'

const PATH = '/logs/web/0.log'
const ALL: LogOptions = { follow: false, timestamps: false, tailLines: undefined, limitBytes: undefined, since: undefined, isOver: () => true }
const line = (text: string, second = 0, tag = 'F', stream = 'stdout') => `2026-01-01T00:00:0${second}.000000001Z ${stream} ${tag} ${text}\n`

test('log line: time, stream, whether it goes on, and the rest as it is', () => {
  const parsed = parseLogLine(encodeText(line('  two  words', 3, 'P', 'stderr').trimEnd()))!
  assert.deepEqual([parsed.time, parsed.stream, parsed.isPartial], ['2026-01-01T00:00:03.000000001Z', 'stderr', true])
  assert.deepEqual(parsed.text, encodeText('  two  words'))
  assert.equal(parseLogLine(encodeText(line('', 1).trimEnd()))!.text.length, 0, 'an empty line, with the space behind the tag or without')
  assert.equal(parseLogLine(encodeText('2026-01-01T00:00:00Z stdout F:tag text'))!.isPartial, false)
  for (const torn of ['', 'text', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z stdout', '2026-01-01T00:00:00Z stdlog F x', ' stdout F x'])
    assert.equal(parseLogLine(encodeText(torn)), undefined, torn)
})

test('log line: what is split and joined again is the same', () => {
  const bytes = encodeText('one\n\ntwo\nrest')
  const { lines, rest } = splitLines(bytes)
  assert.deepEqual(joinBytes([...lines.flatMap(one => [one, encodeText('\n')]), rest]), bytes)
})

const CASES: readonly [string, string, Partial<LogOptions>, string][] = [
  ['pieces of a line are one again', line('be', 0, 'P') + line('gin', 1, 'P') + line('', 1) + line('next', 2), {}, 'begin\nnext\n'],
  [
    'a line in pieces has one time, that of its first',
    line('be', 0, 'P') + line('gin', 1) + line('next', 2),
    { timestamps: true },
    '2026-01-01T00:00:00.000000001Z begin\n2026-01-01T00:00:02.000000001Z next\n',
  ],
  ['a last piece without an end has none', line('one') + line('prompt> ', 1, 'P'), {}, 'one\nprompt> '],
  ['a torn line is left out', `${line('one')}2026-01-0\n${line('two')}`, {}, 'one\ntwo\n'],
  ['a line that is being written is not shown yet', line('one') + line('two').slice(0, -1), {}, 'one\n'],
  ['both outputs come as they were written', line('out') + line('err', 1, 'F', 'stderr') + line('out', 2), {}, 'out\nerr\nout\n'],
  ['since leaves out what is older', line('a', 1) + line('b', 2) + line('c', 3), { since: '2026-01-01T00:00:02Z' }, 'b\nc\n'],
  ['since is a time in any zone', line('a', 1) + line('b', 2), { since: '2026-01-01T02:00:02+02:00' }, 'b\n'],
  [
    'tail counts lines of the file, and since comes after it',
    line('a', 1) + line('b', 2) + line('c', 3),
    { tailLines: 2, since: '2026-01-01T00:00:03Z' },
    'c\n',
  ],
  ['a longer tail than there are lines is everything', line('a') + line('b'), { tailLines: 9 }, 'a\nb\n'],
  ['limitBytes cuts in the middle, times included', line('abc'), { timestamps: true, limitBytes: 33 }, '2026-01-01T00:00:00.000000001Z ab'],
  ['of an empty file nothing', '', { tailLines: 3 }, ''],
]

for (const [sentence, content, options, shown] of CASES) test(`logs: ${sentence}`, async () => assert.equal((await read(content, options)).toString(), shown))

test('logs: what is no text, and a letter that was cut in two, come through byte for byte', async () => {
  const letters = Buffer.from('äöü€😀'.repeat(50))
  const noise = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 37 + 11) % 256).filter(byte => byte !== 10))
  for (const written of [letters, noise]) {
    const pieces = Array.from({ length: Math.ceil(written.length / 7) }, (_, i) => written.subarray(i * 7, i * 7 + 7))
    const content = joinBytes(
      pieces.flatMap((piece, i) => [encodeText(`2026-01-01T00:00:00Z stdout ${i < pieces.length - 1 ? 'P' : 'F'} `), piece, encodeText('\n')]),
    )
    assert.deepEqual(await read(content), Buffer.concat([written, Buffer.from('\n')]))
  }
})

test('logs: the tail of a file of many blocks is found from its end', async () => {
  const content = Array.from({ length: 3000 }, (_, i) => line(`${i} ${'x'.repeat(80)}`)).join('')
  const shown = (await read(content, { tailLines: 2000 })).toString().trimEnd().split('\n')
  assert.equal(shown.length, 2000)
  assert.equal(shown[0], `1000 ${'x'.repeat(80)}`)
})

test('logs: of a file that is not there nothing comes, and no error', async () => {
  assert.equal((await read(undefined, { tailLines: 5 })).toString(), '')
})

async function read(content: string | Uint8Array | undefined, options: Partial<LogOptions> = {}): Promise<Buffer> {
  const world = createWorld({ seed: 1 })
  const host: Host = world.host('node-a')
  return world.finish(
    (async () => {
      await host.disk.makeDirectory('/logs/web')
      if (content !== undefined) await host.disk.writeFile(PATH, content)
      const parts: Uint8Array[] = []
      for await (const bytes of readLog(host, PATH, { ...ALL, ...options }, new AbortController().signal)) parts.push(bytes)
      return Buffer.concat(parts)
    })(),
  )
}
