/** The runtime's contract: commands in containers, attaching to them, ports of sandboxes. */
import assert from 'node:assert/strict'
import { decodeText, encodeText } from '../../src/base/bytes.ts'
import type { ByteSink, ByteSource } from '../../src/base/bytes.ts'
import { RuntimeError } from '../../src/runtime/runtime.ts'
import { failsWith } from './runtime_subject.ts'
import type { Check } from './runtime_subject.ts'

export function commands(check: Check) {
  check('a command runs in a container: output, errors and exit code', async story => {
    const id = await story.running()
    assert.deepEqual(await story.shell(id, 'echo out; echo err >&2; exit 5'), { exitCode: 5, stdout: 'out\n', stderr: 'err\n' })
    assert.deepEqual(await story.shell(id, 'touch /tmp/here'), { exitCode: 0, stdout: '', stderr: '' })
    assert.equal((await story.runtime.execSync(id, ['test', '-e', '/tmp/here'], 1_000)).exitCode, 0)
    assert.equal((await story.runtime.execSync(id, ['test', '-e', '/tmp/there'], 1_000)).exitCode, 1)
  })

  check('a command that takes too long fails with DeadlineExceeded', async story => {
    const id = await story.running()
    await story.takes({ atLeastMs: 950, belowMs: 5_000 }, () =>
      assert.rejects(story.runtime.execSync(id, ['sleep', '30'], 1_000), failsWith('DeadlineExceeded')),
    )
  })

  check('no command runs in a container that does not run, or in none', async story => {
    const ended = await story.ran({ command: ['sh', '-c', 'exit 0'] })
    await assert.rejects(story.runtime.execSync(ended.id, ['true'], 1_000), (error: unknown) => error instanceof RuntimeError)
    await assert.rejects(story.runtime.execSync('no-such-container', ['true'], 1_000), failsWith('NotFound'))
  })

  check('an interactive command streams both ways and passes its exit code on', async story => {
    const id = await story.running()
    const output = collector()
    const result = await story.runtime.exec(
      id,
      ['sh', '-c', 'read name; echo "hello $name"; exit 3'],
      { stdin: true, stdout: true, stderr: true, tty: false },
      {
        stdin: sourceOf('poise\n'),
        stdout: output.sink,
        stderr: collector().sink,
        resize: undefined,
        signal: new AbortController().signal,
      },
    )
    assert.deepEqual(result, { is: 'exited', exitCode: 3 })
    assert.equal(output.text(), 'hello poise\n')
  })

  check('the end of the input reaches an interactive command', async story => {
    const id = await story.running()
    const output = collector()
    const result = await story.runtime.exec(
      id,
      ['cat'],
      { stdin: true, stdout: true, stderr: false, tty: false },
      {
        stdin: sourceOf('one\n', 'two\n'),
        stdout: output.sink,
        stderr: undefined,
        resize: undefined,
        signal: new AbortController().signal,
      },
    )
    assert.deepEqual(result, { is: 'exited', exitCode: 0 })
    assert.equal(output.text(), 'one\ntwo\n')
  })

  check("attaching connects to the container's own input and output until it ends", async story => {
    const id = await story.running({ command: ['sh', '-c', 'read name; echo "hello $name"'], stdin: true, stdinOnce: true })
    const output = collector()
    const result = await story.runtime.attach(
      id,
      { stdin: true, stdout: true, stderr: false, tty: false },
      {
        stdin: sourceOf('poise\n'),
        stdout: output.sink,
        stderr: undefined,
        resize: undefined,
        signal: new AbortController().signal,
      },
    )
    assert.equal(output.text(), 'hello poise\n')
    assert.deepEqual(result, { is: 'exited', exitCode: 0 })
    assert.match(await story.log(await story.exited(id)), / stdout F hello poise\n/)
  })

  check('a port of a sandbox can be reached from outside', async story => {
    const sandbox = await story.sandbox()
    const id = await story.container(sandbox, { command: ['sh', '-c', 'echo it works > /tmp/index.html; exec httpd -f -p 8080 -h /tmp'] })
    await story.until('the server listens', async () => (await story.shell(id, 'wget -q -O - http://127.0.0.1:8080/index.html')).exitCode === 0)
    const output = collector()
    await story.runtime.portForward(sandbox.id, 8080, { incoming: sourceOf('GET /index.html HTTP/1.0\r\n\r\n'), outgoing: output.sink })
    assert.match(output.text(), /^HTTP\/1\.[01] 200 OK\r\n[^]*\r\n\r\nit works\n$/)
  })
}

async function* sourceOf(...texts: string[]): ByteSource {
  for (const text of texts) yield encodeText(text)
}

function collector(): { sink: ByteSink; text(): string } {
  const chunks: Uint8Array[] = []
  return {
    sink: {
      async write(bytes) {
        chunks.push(bytes.slice())
      },
      async end() {},
    },
    text: () => chunks.map(decodeText).join(''),
  }
}
