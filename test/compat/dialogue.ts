/**
 * Dialogues with stock kubectl, as golden files: commands as a user types them, and what he must see.
 *
 *   # get shows Pods in every form          the first line is the name of the test
 *   $ kubectl get pod web                   run by sh, in test/golden/kubectl/manifests
 *   NAME   READY   STATUS    RESTARTS   AGE
 *   web    1/1     Running   0          <age>
 *   [exit 1]                                when it is not 0
 *
 * What differs from run to run (ages, uids, addresses) is replaced, and columns are set apart by three spaces. Where one
 * version of kubectl words something in its own way, `get.1.28.txt` stands beside `get.txt`. To record anew, run the tests
 * with POISE_RECORD=1 and read the diff.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KUBECTL_VERSIONS, type KubectlVersion } from './kubectl.ts'

export interface Dialogue {
  /** Of its file, without `.txt`: `get`, `live/logs`. */
  readonly name: string
  readonly sentence: string
  /** Its commands; comments between them are kept when it is recorded. */
  readonly lines: readonly string[]
}

export interface Surroundings {
  readonly version: KubectlVersion
  readonly kubectl: string
  /** The administrator's, as text. */
  readonly kubeconfig: string
  /** Where kubectl may leave things. It remembers there what the server has, so dialogues of one version share it. */
  readonly directory: string
}

const GOLDEN = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'test', 'golden', 'kubectl')
/** The version whose words are the rule. */
const MAIN: KubectlVersion = '1.34'
const COMMAND_TIMEOUT_MS = 40_000

/** Those of a folder below test/golden/kubectl; all others run on any cluster. */
export function dialogues(folder = ''): Dialogue[] {
  return readdirSync(join(GOLDEN, folder))
    .filter(file => /^[a-z-]+\.txt$/.test(file))
    .map(file => {
      const name = join(folder, file.slice(0, -'.txt'.length))
      const lines = readFileSync(join(GOLDEN, `${name}.txt`), 'utf8').split('\n')
      return { name, sentence: lines[0]!.replace(/^# /, ''), lines: lines.slice(1).filter(line => /^[#$] /.test(line)) }
    })
}

interface Shell {
  readonly namespace: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Runs its commands in a namespace of its own and compares; the first difference shows with the command it belongs to. */
export async function hold({ name, sentence, lines }: Dialogue, surroundings: Surroundings): Promise<void> {
  const shell = await openShell(name, surroundings)
  let heard = `# ${sentence}\n`
  try {
    for (const line of lines) heard += line.startsWith('#') ? `${line}\n` : `${line}\n${normalise(await run(line.slice(2), shell), shell)}`
  } finally {
    // What its Pods ask for would keep those of the dialogues after it waiting: they share one node.
    await run(`kubectl delete namespace ${shell.namespace} --wait=false`, shell)
  }
  const own = join(GOLDEN, `${name}.${surroundings.version}.txt`)
  const common = join(GOLDEN, `${name}.txt`)
  if (process.env['POISE_RECORD']) return record(heard, surroundings.version, { own, common })
  assert.equal(heard, readFileSync(existsSync(own) ? own : common, 'utf8'))
}

/** The order of the versions: the one whose words are the rule first, so that others can be compared when recording. */
export const VERSIONS: readonly KubectlVersion[] = [MAIN, ...KUBECTL_VERSIONS.filter(version => version !== MAIN)]

/**
 * Each costs some hundred milliseconds of CPU a command. So the version whose words are the rule holds all of them, the
 * oldest and the newest what everybody types where they word it in their own way, and the rest waits for the long run.
 */
export const isAlwaysHeld = ({ name }: Pick<Dialogue, 'name'>, version: KubectlVersion): boolean =>
  version === MAIN ||
  (TYPED_BY_ALL.includes(name) && [KUBECTL_VERSIONS[0], KUBECTL_VERSIONS.at(-1)].includes(version) && existsSync(join(GOLDEN, `${name}.${version}.txt`)))

const TYPED_BY_ALL = ['apply', 'delete', 'describe', 'discover', 'live/services']

function record(heard: string, version: KubectlVersion, { own, common }: { own: string; common: string }): void {
  rmSync(own, { force: true })
  if (version === MAIN) writeFileSync(common, heard)
  else if (heard !== readFileSync(common, 'utf8')) writeFileSync(own, heard)
}

async function openShell(name: string, { version, kubectl, kubeconfig, directory }: Surroundings): Promise<Shell> {
  const namespace = `${name}-${version}`.replace(/[^a-z0-9]/g, '-')
  const home = join(directory, version)
  const file = join(directory, `${namespace}.config`)
  await mkdir(home, { recursive: true })
  await writeFile(file, kubeconfig.replace(/^( +)user: .*$/m, `$&\n$1namespace: ${namespace}`))
  const env = { PATH: `${dirname(kubectl)}:${process.env['PATH']}`, HOME: home, KUBECONFIG: file, NAMESPACE: namespace, TZ: 'UTC', TERM: 'xterm' }
  const created = await run(`kubectl create namespace ${namespace}`, { namespace, env })
  assert.equal(created, `namespace/${namespace} created\n`)
  return { namespace, env }
}

function run(command: string, { env }: Shell): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', `{ ${command}\n} 2>&1`], {
      cwd: join(GOLDEN, 'manifests'),
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    })
    // The whole group: a kubectl that outlived its shell would hold the pipe open.
    const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), COMMAND_TIMEOUT_MS)
    let output = ''
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (output !== '' && !output.endsWith('\n')) output += '\n'
      resolve(code === 0 ? output : `${output}[exit ${code ?? signal}]\n`)
    })
  })
}

function normalise(text: string, { namespace }: Shell): string {
  const named = text.replaceAll(namespace, 'NAMESPACE')
  const placeless = ownAddresses().reduce((changed, address) => changed.replace(new RegExp(`\\b${address.replaceAll('.', '\\.')}\\b`, 'g'), '<ip>'), named)
  return REPLACEMENTS.reduce((changed, [pattern, by]) => changed.replace(pattern, by), placeless)
}

/** A node has the addresses of the machine it runs on. */
const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)

const REPLACEMENTS: readonly (readonly [RegExp, string])[] = [
  // A race within kubectl: it reads before it knows its own streams, and may meet the empty message that servers begin with.
  [/^E\d{4} [\d:.]+ +\d+ websocket\.go:\d+\] Unknown stream id \d+, discarding message\n/gm, ''],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b[0-9a-f]{64}\b/g, '<id>'],
  [/\b[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000/g, '<date>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000|Z)?/g, '<time>'],
  [/\b10\.\d+\.\d+\.\d+\b/g, '<ip>'],
  [/\/tmp\/(LIVE|MERGED)-\d+/g, '/tmp/$1'],
  [/(kube-api-access-)[a-z0-9]{5}\b/g, '$1<random>'],
  // Pods of Deployments: the hash before it is that of the template, the same every time.
  [/(-[bcdf4-9]{6,10}-)[a-z0-9]{5}\b/g, '$1<random>'],
  [/\.[0-9a-f]{16}\b/g, '.<nanoseconds>'],
  [/kubectl-edit-\d+/g, 'kubectl-edit-<random>'],
  // Older versions colour `cluster-info` wherever it goes.
  [/\u001b\[[0-9;]*m/g, ''],
  [/(resourceVersion: )"\d+"/g, '$1"<version>"'],
  [/\b\d+(\.\d+)?m?s (\(\d+(\.\d+)?m?s including waiting\))/g, '<duration> (<duration> including waiting)'],
  [/(^|\s|\()(\d+m)?\d+s(?=$|\s|\))/gm, '$1<age>'],
  [/(?<=\S) {2,}(?=\S)/g, '   '],
  [/ +$/gm, ''],
]
