/** Why requests are lost when Pods start and stop: the names, in the order in which they are told. */

export const CAUSES = [
  /** The Pod was in the rules before its port was open: no readiness probe, or one that asks something else. */
  'ready-before-listening',
  /** Its process had ended, and the node still sent requests there. */
  'refused-after-exit',
  /** The process ended at once at TERM, with the request under way. */
  'reset-at-term',
  /** Still under way when the grace was over. */
  'killed-at-grace-end',
  /** Written to a kept connection that the server was just closing. */
  'idle-connection-closed',
  /** The program never heard TERM: a shell as first process, or another signal than it expects. */
  'term-not-delivered',
  /** The hook took the whole grace, and nothing was left for the program to end. */
  'prestop-exceeds-grace',
  /** A liveness probe restarted the container while it served. */
  'liveness-restart',
  /** The rollout took more Pods away than it could: no surge, or no budget for a drain. */
  'no-surge',
  /** It was Ready, and not yet able: slow or failing in its first seconds, and the rollout went on. */
  'slow-start',
  /** The only replica was replaced, and for a while there was none that was Ready. */
  'single-replica',
  /** The client keeps addresses of Pods, so that no Service can lead it elsewhere. */
  'bypassed-service',
  'unknown',
] as const

export type Cause = (typeof CAUSES)[number]

/** As headings say them. */
export const CAUSE_TITLES: Readonly<Record<Cause, string>> = {
  'ready-before-listening': 'Ready before the port was open',
  'refused-after-exit': 'Sent to a Pod that had already ended',
  'reset-at-term': 'Cut off at TERM',
  'killed-at-grace-end': 'Killed at the end of the grace period',
  'idle-connection-closed': 'Idle connection closed under a request',
  'term-not-delivered': 'TERM never reached the program',
  'prestop-exceeds-grace': 'preStop took the whole grace period',
  'liveness-restart': 'Restarted by the liveness probe',
  'no-surge': 'More Pods taken away than could be spared',
  'slow-start': 'Ready, and not yet able to serve',
  'single-replica': 'The only replica was replaced',
  'bypassed-service': 'Clients that keep addresses of Pods',
  unknown: 'Cause not known',
}
