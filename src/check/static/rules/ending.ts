/** Whether a container is told to end, hears it, and has the time. */
import type { Container } from '../../../api/types/container.ts'
import type { Rule } from '../rule.ts'
import { shellScriptOf, sleepSecondsOf, staysFirst, trapsTerm } from '../shell_script.ts'
import type { Path } from '../source.ts'
import { hasPort, lastingContainers, servedContainers, type Workload } from '../workload.ts'

export const endingRules: readonly Rule[] = [
  {
    id: 'no-prestop',
    severity: 'warning',
    title: 'A container behind a Service waits before it ends, until every node knows.',
    *look(workload, surroundings) {
      const seen = new Set<Container>()
      for (const { container, path, service } of servedContainers(workload, surroundings)) {
        if (container.lifecycle?.preStop || seen.has(container)) continue
        seen.add(container)
        yield {
          path,
          text: `container ${container.name} is told to end at the same time as the nodes are told to send it nothing more: requests that Service ${service.metadata.name} still sends meanwhile are refused unless the program goes on serving after TERM`,
          fix: 'add lifecycle.preStop.sleep.seconds: 5, or suppress this rule if the program itself waits after TERM',
        }
      }
    },
  },
  {
    id: 'prestop-exceeds-grace',
    severity: 'error',
    title: 'A preStop hook ends well before the grace does.',
    *look(workload) {
      for (const { path, hookSeconds, graceSeconds } of waitingHooks(workload)) {
        if (hookSeconds < graceSeconds) continue
        yield {
          path,
          text: `the hook takes ${hookSeconds} s and the Pod has ${graceSeconds} s for everything: TERM comes when the time is over, and two seconds later the kill`,
          fix: `set terminationGracePeriodSeconds to the time of the hook plus what the program needs, at least ${hookSeconds + ENDING_SECONDS}`,
        }
      }
    },
  },
  {
    id: 'prestop-leaves-little',
    severity: 'warning',
    title: 'After its preStop hook a program has time to finish what it has begun.',
    *look(workload) {
      for (const { path, hookSeconds, graceSeconds } of waitingHooks(workload)) {
        const left = graceSeconds - hookSeconds
        if (left <= 0 || left >= ENDING_SECONDS) continue
        yield {
          path,
          text: `of ${graceSeconds} s of grace the hook takes ${hookSeconds}: ${left} s are left to finish requests`,
          fix: `set terminationGracePeriodSeconds to at least ${hookSeconds + ENDING_SECONDS}`,
        }
      }
    },
  },
  {
    id: 'short-grace',
    severity: 'warning',
    title: 'The grace is long enough to finish a request.',
    *look(workload, surroundings) {
      const grace = graceOf(workload.spec)
      if (grace >= ENDING_SECONDS || servedContainers(workload, surroundings).length === 0) return
      yield {
        path: [...workload.specPath, 'terminationGracePeriodSeconds'],
        text: `${grace} s after it was told to end, the Pod is killed with whatever it works on`,
        fix: 'give it the time of its longest request and some more; the default is 30',
      }
    },
  },
  {
    id: 'shell-is-first-process',
    severity: 'warning',
    title: 'The first process of a container hears TERM.',
    *look(workload) {
      if (!workload.isService) return
      for (const { container, path } of lastingContainers(workload)) {
        const script = shellScriptOf(container)
        if (!script || !staysFirst(script) || trapsTerm(script)) continue
        yield {
          path: [...path, ...script.place],
          text: `${script.shell} stays the first process of container ${container.name}; it ignores TERM and does not pass it on, so that the program is killed at the end of the grace without having been told`,
          fix: 'put `exec` before the last command, or make that command the container’s own and move the rest into an init container',
        }
      }
    },
  },
  {
    id: 'prestop-sleep-needs-program',
    severity: 'note',
    title: 'A hook that only waits needs no program of the image.',
    *look(workload) {
      for (const { container, path } of lastingContainers(workload)) {
        const command = container.lifecycle?.preStop?.exec?.command ?? []
        const isOnlySleep = /^sleep \d+$/.test(command.join(' ')) || /^sleep \d+$/.test(shellScriptOf({ command, args: [] })?.text.trim() ?? '')
        if (!isOnlySleep) continue
        yield {
          path: [...path, 'lifecycle', 'preStop', 'exec'],
          text: `the hook runs ${command.join(' ')} in the container: in an image without sleep it fails, and TERM follows at once`,
          fix: `write preStop.sleep.seconds: ${sleepSecondsOf(command)} (Kubernetes 1.30 and later)`,
        }
      }
    },
  },
  {
    id: 'hook-port-unknown',
    severity: 'error',
    title: 'A hook asks a port that the container has.',
    *look(workload) {
      for (const { container, path } of lastingContainers(workload))
        for (const hook of ['postStart', 'preStop'] as const) {
          const port = container.lifecycle?.[hook]?.httpGet?.port
          if (typeof port !== 'string' || /^\d+$/.test(port) || hasPort(container, port)) continue
          yield {
            path: [...path, 'lifecycle', hook],
            text: `the ${hook} hook asks the port named ${JSON.stringify(port)}, and container ${container.name} has none of that name`,
            fix: `name one of its ports ${JSON.stringify(port)}, or give the number`,
          }
        }
    },
  },
]

/** What a program should have after its hook, if nobody has measured it. */
const ENDING_SECONDS = 5

const graceOf = ({ terminationGracePeriodSeconds = 30 }: { terminationGracePeriodSeconds?: number }): number => terminationGracePeriodSeconds

/** The preStop hooks that say how long they take, beside the time there is. */
function waitingHooks(workload: Workload): { readonly path: Path; readonly hookSeconds: number; readonly graceSeconds: number }[] {
  return lastingContainers(workload).flatMap(({ container, path }) => {
    const hook = container.lifecycle?.preStop
    const hookSeconds = hook?.sleep?.seconds ?? (hook?.exec ? sleepSecondsOf(hook.exec.command ?? []) : undefined)
    return hookSeconds === undefined ? [] : [{ path: [...path, 'lifecycle', 'preStop'], hookSeconds, graceSeconds: graceOf(workload.spec) }]
  })
}
