/** What to change, for each cause. A patch where the manifest can help; a sentence where only the program or the client can. */
import type { Cause } from '../causes.ts'
import type { Advice } from '../report.ts'
import { drainConnections, execProgram, finishWork, giveMoreGrace, hookWithinGrace, waitBeforeTerm } from './advice_end.ts'
import { addSurge, keepOneMore } from './advice_rollout.ts'
import { askReadiness, gentlerLiveness, warmUp } from './advice_start.ts'
import type { Group } from './group.ts'

const ADVICE: Readonly<Record<Cause, (group: Group) => Advice[]>> = {
  'ready-before-listening': askReadiness,
  'refused-after-exit': waitBeforeTerm,
  'reset-at-term': finishWork,
  'killed-at-grace-end': giveMoreGrace,
  'idle-connection-closed': drainConnections,
  'term-not-delivered': execProgram,
  'prestop-exceeds-grace': hookWithinGrace,
  'liveness-restart': gentlerLiveness,
  'no-surge': addSurge,
  'slow-start': warmUp,
  'single-replica': keepOneMore,
  'bypassed-service': () => [
    {
      text: 'Let the client ask the Service (its cluster IP or name with a cluster IP) and not the Pods. A client that must choose Pods itself has to ask DNS again for each connection, and to try the next address when one is refused.',
    },
  ],
  unknown: () => [{ text: 'Open the timeline of these Pods beside the requests (poise check -o html, or poise timeline) and their logs.' }],
}

export const adviceFor = (group: Group): Advice[] => ADVICE[group.cause](group)
