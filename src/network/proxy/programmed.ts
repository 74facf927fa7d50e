/**
 * Which node knew when: the last steps of every node's proxy, and how long they took under kube-proxy's own names.
 *
 * A request can only go where its node was told to send it. So this is where one of the two chains that race when a Pod
 * ends arrives.
 */
import type { Programmed } from './proxy.ts'

export interface ProgrammedSteps {
  /** Of one node, oldest first; at most the last thousand. */
  of(node: string): readonly Programmed[]
  /** Told after each step of the node. */
  record(node: string, step: Programmed): void
}

/** What histograms need to be, wherever they are shown. */
export interface Histograms {
  histogram(
    name: string,
    help: string,
    labels: readonly string[],
    bucketsSeconds: readonly number[],
  ): { observe(labels: Readonly<Record<string, string>>, seconds: number): void }
}

export const STEPS_MAX = 1_000
const SYNC_BUCKETS_SECONDS = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384]
const PROGRAMMING_BUCKETS_SECONDS = [0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300]

export function createProgrammedSteps(metrics: Histograms | undefined): ProgrammedSteps {
  const histories = new Map<string, Programmed[]>()
  const syncs = metrics?.histogram(
    'kubeproxy_sync_proxy_rules_duration_seconds',
    'Time to write the rules of one step, by node.',
    ['node'],
    SYNC_BUCKETS_SECONDS,
  )
  const programming = metrics?.histogram(
    'kubeproxy_network_programming_duration_seconds',
    'Time from the change of a Pod or Service (to the second, as the API has it) until the node follows it.',
    ['node'],
    PROGRAMMING_BUCKETS_SECONDS,
  )
  return {
    of: node => [...(histories.get(node) ?? [])],
    record(node, step) {
      const history = histories.get(node) ?? []
      histories.set(node, history)
      history.push(step)
      if (history.length > STEPS_MAX) history.shift()
      syncs?.observe({ node }, step.tookMs / 1_000)
      for (const { at } of step.triggers) programming?.observe({ node }, Math.max(0, step.wallMs - at) / 1_000)
    },
  }
}
