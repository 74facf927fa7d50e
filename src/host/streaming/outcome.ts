/** How a remote command ended, as it goes over the error channel (behaviour of the remotecommand protocols v1 to v5). */
import type { RemoteCommandResult } from '../../base/transport.ts'

/** v4 and later: a Status as JSON, always. Before: a text, and only for a failure. */
export function printOutcome(result: RemoteCommandResult, asStatus: boolean): string {
  if (result.is === 'exited' && result.exitCode === 0) return asStatus ? JSON.stringify({ metadata: {}, status: 'Success' }) : ''
  if (result.is === 'failed') {
    return asStatus
      ? JSON.stringify({
          metadata: {},
          status: 'Failure',
          message: result.message,
          reason: 'InternalError',
          details: { causes: [{ message: result.message }] },
          code: 500,
        })
      : result.message
  }
  const message = `command terminated with non-zero exit code: exit status ${result.exitCode}`
  if (!asStatus) return message
  return JSON.stringify({
    metadata: {},
    status: 'Failure',
    message,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(result.exitCode) }] },
  })
}

export function parseOutcome(text: string): RemoteCommandResult {
  try {
    const status = JSON.parse(text) as { status?: string; message?: string; reason?: string; details?: { causes?: { reason?: string; message?: string }[] } }
    if (status.status === 'Success') return { is: 'exited', exitCode: 0 }
    const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')
    if (status.reason === 'NonZeroExitCode' && cause) return { is: 'exited', exitCode: Number(cause.message) }
    return { is: 'failed', message: status.message ?? text }
  } catch {
    return { is: 'failed', message: text.trim() || 'the connection was closed before the command had ended' }
  }
}

/** `{"Width":80,"Height":24}`; undefined for anything else, which is then not acted on. */
export function parseResize(text: string): { width: number; height: number } | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(text) as { Width?: unknown; Height?: unknown }
    return typeof width === 'number' && typeof height === 'number' ? { width, height } : undefined
  } catch {
    return undefined
  }
}

export const printResize = ({ width, height }: { width: number; height: number }): string => JSON.stringify({ Width: width, Height: height })
