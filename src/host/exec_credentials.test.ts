/** Credential programs that do not behave. What well-behaved ones give is held beside the connection that they are for. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { PROGRAM_LIMITS, type ProgramLimits } from './credential_program.ts'
import { createExecCredentials, type ExecCredential } from './exec_credentials.ts'
import { KubeconfigError } from './kubeconfig_context.ts'
import { temporaryDirectory } from './temporary_directory.ts'

const apiVersion = 'client.authentication.k8s.io/v1'
const ANSWER = JSON.stringify({ apiVersion, kind: 'ExecCredential', status: { token: 'mine' } })
/** Far below what the programs here would take. */
const TEST_TIMEOUT_MS = 60_000

function ask(script: string, limits: Partial<ProgramLimits> = {}): Promise<ExecCredential> {
  const plugin = { apiVersion, command: '/bin/sh', args: ['-c', script], interactiveMode: 'Never' as const }
  return createExecCredentials(plugin, { server: 'https://127.0.0.1:9' }, process.env, { ...PROGRAM_LIMITS, ...limits }).get()
}

const complaint = (message: RegExp) => (error: unknown) => error instanceof KubeconfigError && message.test(error.message)

test('one that does not hear TERM is killed after its grace', { timeout: TEST_TIMEOUT_MS }, async () => {
  const directory = await temporaryDirectory('poise-credentials-')
  try {
    const file = join(directory.path, 'pid')
    const script = `trap '' TERM; echo $$ > ${file}; while :; do sleep 0.1; done`
    await assert.rejects(ask(script, { patienceMs: 1_000, graceMs: 500 }), complaint(/gave no answer within 1 s\. Next: run it by hand: \/bin\/sh -c /))
    // On a machine too busy to have begun it by then, there is nothing to look at.
    const pid = Number(await readFile(file, 'utf8').catch(() => ''))
    if (pid > 0) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
  } finally {
    await directory.remove()
  }
})

test('one that leaves a child with its output has answered all the same', { timeout: TEST_TIMEOUT_MS }, async () => {
  const directory = await temporaryDirectory('poise-credentials-')
  try {
    const file = join(directory.path, 'pid')
    const { token } = await ask(`sleep 600 & echo $! > ${file}; echo '${ANSWER}'`, { graceMs: 500 })
    assert.equal(token, 'mine')
    process.kill(Number(await readFile(file, 'utf8')), 'SIGKILL')
  } finally {
    await directory.remove()
  }
})

test('one that prints without end is stopped', { timeout: TEST_TIMEOUT_MS }, () =>
  assert.rejects(ask('while :; do echo 0123456789012345678901234567890123456789; done'), complaint(/printed more than 1048576 bytes/)),
)

test('one that was killed is not told as a late one', { timeout: TEST_TIMEOUT_MS }, () =>
  assert.rejects(ask('kill -KILL $$'), complaint(/was ended by SIGKILL\. Next: /)),
)
