/** How findings say numbers, Pods and troubles. */
import { latencyMs } from '../outcome.ts'
import type { LoadRequest } from '../observation.ts'
import { milliseconds } from '../words.ts'
import type { Life } from './life.ts'
import type { Trouble } from './question.ts'

/** `web-1`, `web-1 and web-2`, `web-1 and 3 other Pods` */
export function podsText(lives: readonly Life[]): string {
  const [first, second] = lives.map(({ name }) => name)
  if (first === undefined) return 'a Pod that is not known'
  if (second === undefined) return first
  return lives.length === 2 ? `${first} and ${second}` : `${first} and ${lives.length - 1} other Pods`
}

/** What the client saw: `refused`, `answered 503`, `answered after 1.2 s`. */
export function troubleText(request: LoadRequest, trouble: Trouble): string {
  if (request.outcome.is === 'answered' && trouble !== 'slow') return `answered ${request.outcome.status}`
  switch (trouble) {
    case 'refused':
      return 'refused'
    case 'reset':
      return 'connection reset'
    case 'closed':
      return 'connection closed without an answer'
    case 'timeout':
      return `no answer within ${milliseconds(request.endedMs - request.sentMs)}`
    case 'unreachable':
      return 'address unreachable'
    case 'name':
      return 'no address from DNS'
    case 'slow':
      return `answered after ${milliseconds(latencyMs(request))}`
    case 'other':
    case 'error':
      return 'connection broken'
  }
}

export const connectionText = ({ client, idleMs }: LoadRequest): string =>
  idleMs !== undefined
    ? `on a connection kept open, idle for ${milliseconds(idleMs)}`
    : client === 'direct'
      ? 'on a new connection to the Pod itself'
      : client === 'keep-alive'
        ? 'on a connection opened to be kept'
        : 'on a new connection'
