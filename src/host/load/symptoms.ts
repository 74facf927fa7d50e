/** What an error of Node.js says about the other side. */
import type { Symptom } from '../../base/load_request.ts'

export function symptomOf(error: unknown): Symptom {
  const { code = '', syscall } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused'
    case 'ECONNRESET':
      // Without a system call that failed it is Node.js' own word for an end that came too early: `socket hang up`, `aborted`.
      return syscall === undefined ? 'closed' : 'reset'
    case 'EPIPE':
    case 'ECONNABORTED':
      return 'reset'
    case 'ETIMEDOUT':
      return 'timeout'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'unreachable'
    // The answer's head or body ended before it was whole.
    case 'HPE_INVALID_EOF_STATE':
      return 'closed'
    default:
      return 'other'
  }
}

/** The port of ours was taken: nothing has been sent, and another one will do. */
export const isPortTaken = (error: unknown): boolean => /^EADDR(INUSE|NOTAVAIL)$/.test((error as NodeJS.ErrnoException | undefined)?.code ?? '')
