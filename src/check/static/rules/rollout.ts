/** Whether enough Pods stay while others come and go. */
import { resolveIntOrPercent } from '../../../api/int_or_percent.ts'
import { boundsOf } from '../../../controllers/deployment/bounds.ts'
import type { Rule } from '../rule.ts'
import type { Surroundings, Workload } from '../workload.ts'

const isServed = (workload: Workload, { servicesOf }: Surroundings): boolean => servicesOf(workload).length > 0
/** Those whose number somebody chooses. */
const isReplicated = ({ kind }: Workload): boolean => ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'].includes(kind)

export const rolloutRules: readonly Rule[] = [
  {
    id: 'recreate-strategy',
    severity: 'error',
    title: 'A rollout of what is served does not stop everything first.',
    *look(workload, surroundings) {
      if (workload.deployment?.spec.strategy.type !== 'Recreate' || !isServed(workload, surroundings)) return
      yield {
        path: ['spec', 'strategy', 'type'],
        text: 'Recreate ends all Pods before it makes the first new one: between them nobody answers',
        fix: 'use RollingUpdate, unless two versions must never run at once',
      }
    },
  },
  {
    id: 'all-unavailable',
    severity: 'error',
    title: 'A rollout keeps some of its Pods.',
    *look(workload, surroundings) {
      const { deployment, replicas } = workload
      if (!deployment || deployment.spec.strategy.type === 'Recreate' || replicas === 0 || !isServed(workload, surroundings)) return
      const { maxUnavailable } = boundsOf(deployment.spec)
      if (maxUnavailable < replicas) return
      yield {
        path: ['spec', 'strategy', 'rollingUpdate', 'maxUnavailable'],
        text: `${maxUnavailable} of ${replicas} Pods may be missing at once, which is all of them`,
        fix: 'set maxUnavailable: 0 and maxSurge: 1',
      }
    },
  },
  {
    id: 'no-surge',
    severity: 'warning',
    title: 'A rollout adds a Pod before it takes one away.',
    *look(workload, surroundings) {
      const { deployment, replicas } = workload
      if (!deployment || deployment.spec.strategy.type === 'Recreate' || replicas === 0 || !isServed(workload, surroundings)) return
      const { maxSurge, maxUnavailable } = boundsOf(deployment.spec)
      if (maxSurge > 0 || maxUnavailable >= replicas) return
      yield {
        path: ['spec', 'strategy', 'rollingUpdate', 'maxSurge'],
        text: `without surge the rollout takes ${maxUnavailable} of ${replicas} Pods away before others are there: the rest must carry the whole load`,
        fix: 'set maxSurge: 1 (or 25%) and maxUnavailable: 0',
      }
    },
  },
  {
    id: 'single-replica',
    severity: 'warning',
    title: 'What is served has more than one Pod.',
    *look(workload, surroundings) {
      if (workload.replicas !== 1 || !isReplicated(workload) || !isServed(workload, surroundings)) return
      yield {
        path: ['spec', 'replicas'],
        text: 'there is one Pod: when it fails a probe, is evicted, or its node is drained, nobody answers',
        fix: 'set replicas to at least 2',
      }
    },
  },
  {
    id: 'no-min-ready-seconds',
    severity: 'note',
    title: 'A rollout looks at a new Pod for a while before it goes on.',
    *look(workload, surroundings) {
      const { deployment, replicas } = workload
      if (!deployment || (deployment.spec.minReadySeconds ?? 0) > 0 || replicas === 0 || !isServed(workload, surroundings)) return
      yield {
        path: ['spec'],
        text: 'minReadySeconds is 0: the rollout goes on the moment a Pod is Ready, also when it fails a second later',
        fix: 'set minReadySeconds to the time in which a bad version shows itself, such as 10',
      }
    },
  },
  {
    id: 'no-disruption-budget',
    severity: 'note',
    title: 'A drain may not take all Pods at once.',
    *look(workload, surroundings) {
      if (workload.replicas < 2 || !isReplicated(workload) || !isServed(workload, surroundings) || surroundings.budgetsOf(workload).length > 0) return
      yield {
        path: ['metadata', 'name'],
        text: `no PodDisruptionBudget selects its ${workload.replicas} Pods: a drain may take all of a node at once`,
        fix: 'add a PodDisruptionBudget with maxUnavailable: 1 for the same labels',
      }
    },
  },
  {
    id: 'budget-allows-nothing',
    severity: 'warning',
    title: 'A disruption budget lets a node be drained.',
    *look(workload, surroundings) {
      if (!isReplicated(workload) || workload.replicas === 0) return
      for (const { budget } of surroundings.budgetsOf(workload)) {
        const { minAvailable, maxUnavailable } = budget.spec
        const needed = minAvailable === undefined ? undefined : resolveIntOrPercent(minAvailable, workload.replicas, 'up')
        const missing = maxUnavailable === undefined ? undefined : resolveIntOrPercent(maxUnavailable, workload.replicas, 'up')
        if (!(needed !== undefined && needed >= workload.replicas) && missing !== 0) continue
        yield {
          path: ['spec', 'replicas'],
          text: `PodDisruptionBudget ${budget.metadata.name} allows none of ${workload.replicas} Pods to go: a drain waits for ever`,
          fix: 'set maxUnavailable: 1 there, or have more replicas than minAvailable',
        }
      }
    },
  },
]
