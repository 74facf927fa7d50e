/**
 * Credentials from a program, as client.authentication.k8s.io describes it: cloud providers' kubeconfigs name one instead of a
 * token. What it gives is kept until it expires, or until the server does not take it any more.
 */
import { PROGRAM_LIMITS, runCredentialProgram, type ProgramEnd, type ProgramLimits } from './credential_program.ts'
import { KubeconfigError, type ContextCluster, type ExecPlugin } from './kubeconfig_context.ts'

export interface ExecCredential {
  readonly token?: string
  /** PEM. */
  readonly certificate?: string
  readonly key?: string
  readonly expiresWallMs: number
}

export interface ExecCredentials {
  /** Runs the program if nothing is kept, or it has expired. Throws KubeconfigError. */
  get(): Promise<ExecCredential>
  /** The server did not take it: the next `get` asks the program again. */
  refuse(): void
}

const API = 'client.authentication.k8s.io/'

type Env = Readonly<Record<string, string | undefined>>

export function createExecCredentials(plugin: ExecPlugin, cluster: ContextCluster, env: Env, limits: ProgramLimits = PROGRAM_LIMITS): ExecCredentials {
  let kept: Promise<ExecCredential> | undefined
  return {
    async get() {
      const asked = (kept ??= runPlugin(plugin, cluster, env, limits))
      try {
        const credential = await asked
        if (credential.expiresWallMs > Date.now()) return credential
      } catch (error) {
        if (kept === asked) kept = undefined
        throw error
      }
      if (kept === asked) kept = undefined
      return (kept ??= runPlugin(plugin, cluster, env, limits))
    },
    refuse: () => void (kept = undefined),
  }
}

async function runPlugin(plugin: ExecPlugin, cluster: ContextCluster, env: Env, limits: ProgramLimits): Promise<ExecCredential> {
  const { command, args, apiVersion = '', installHint } = plugin
  if (!['v1', 'v1beta1'].includes(apiVersion.slice(API.length)) || !apiVersion.startsWith(API)) {
    throw new KubeconfigError(
      `the credential program ${command} speaks ${JSON.stringify(apiVersion)}. Next: update it; ${API}v1 and ${API}v1beta1 are understood`,
    )
  }
  const isInteractive = plugin.interactiveMode !== 'Never' && Boolean(process.stdin.isTTY)
  if (plugin.interactiveMode === 'Always' && !isInteractive) {
    throw new KubeconfigError(`the credential program ${command} wants to ask somebody, and standard input is no terminal. Next: run this in a terminal`)
  }
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: isInteractive, ...(plugin.provideClusterInfo && { cluster: clusterInfo(cluster) }) } }
  const start = {
    command,
    args: args ?? [],
    env: { ...env, ...Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value])), KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    isInteractive,
  }
  const end = await runCredentialProgram(start, limits).catch((error: NodeJS.ErrnoException) => {
    const hint = installHint?.trim().replace(/\s+/g, ' ')
    const what = error.code === 'ENOENT' ? 'is not installed' : `cannot be run: ${error.message}`
    throw new KubeconfigError(`the credential program ${command} ${what}. Next: ${hint || 'install it, or choose another context with --context'}`)
  })
  if (end.is === 'ended' && end.exitCode === 0) return readCredential(command, apiVersion, end.stdout)
  throw new KubeconfigError(`the credential program ${command} ${failureText(end, limits)}. Next: run it by hand: ${[command, ...(args ?? [])].join(' ')}`)
}

function failureText(end: ProgramEnd, { patienceMs, outputBytesMax }: ProgramLimits): string {
  switch (end.is) {
    case 'late':
      return `gave no answer within ${patienceMs / 1000} s`
    case 'too long':
      return `printed more than ${outputBytesMax} bytes, and a credential is short`
    case 'ended':
      return end.signal ? `was ended by ${end.signal}` : `failed with exit code ${end.exitCode}`
  }
}

function readCredential(command: string, apiVersion: string, stdout: string): ExecCredential {
  const wrong = (what: string) => new KubeconfigError(`the credential program ${command} answered ${what}. Next: run it by hand and see what it prints`)
  let answer: { apiVersion?: string; kind?: string; status?: Record<string, string | undefined> | null } | null
  try {
    answer = JSON.parse(stdout) as typeof answer
  } catch {
    throw wrong('something that is not JSON')
  }
  if (answer?.kind !== 'ExecCredential' || answer.apiVersion !== apiVersion)
    throw wrong(`with ${answer?.apiVersion} ${answer?.kind}, not with an ExecCredential of ${apiVersion}`)
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = answer.status ?? {}
  if (!token && !clientCertificateData) throw wrong('without a token or a certificate')
  if (Boolean(clientCertificateData) !== Boolean(clientKeyData)) throw wrong('with half of a key pair')
  return {
    ...(token && { token }),
    ...(clientCertificateData && { certificate: clientCertificateData, key: clientKeyData! }),
    expiresWallMs: expirationTimestamp ? Date.parse(expirationTimestamp) : Infinity,
  }
}

/** What `provideClusterInfo` asks for, by the names of the plugin's API. */
function clusterInfo(cluster: ContextCluster): object {
  const config = cluster.extensions?.find(({ name }) => name === 'client.authentication.k8s.io/exec')?.extension
  return {
    server: cluster.server,
    ...(cluster['certificate-authority-data'] && { 'certificate-authority-data': cluster['certificate-authority-data'] }),
    ...(cluster['insecure-skip-tls-verify'] && { 'insecure-skip-tls-verify': true }),
    ...(cluster['tls-server-name'] && { 'tls-server-name': cluster['tls-server-name'] }),
    ...(config !== undefined && { config }),
  }
}
