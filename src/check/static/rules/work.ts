/** Where work is done that is not serving, and what it may use. */
import type { Rule } from '../rule.ts'
import { commandsOf, shellScriptOf } from '../shell_script.ts'
import { lastingContainers } from '../workload.ts'

export const workRules: readonly Rule[] = [
  {
    id: 'init-work-in-command',
    severity: 'warning',
    title: 'What must be done before serving is done in an init container.',
    *look(workload) {
      if (!workload.isService) return
      for (const { container, path } of lastingContainers(workload)) {
        const script = shellScriptOf(container)
        const before = script ? commandsOf(script.text).slice(0, -1) : []
        const work = before.find(command => PREPARING.test(command))
        if (!script || work === undefined) continue
        yield {
          path: [...path, ...script.place],
          text: `container ${container.name} prepares before it serves (${short(work)}): it counts as running meanwhile, the work cannot be told from the program in logs and restarts, and it is done again at every restart`,
          fix: 'move it into an init container, which runs to its end before any container starts',
        }
      }
    },
  },
  {
    id: 'no-requests',
    severity: 'warning',
    title: 'A container says what it needs.',
    *look(workload) {
      for (const { container, path } of lastingContainers(workload)) {
        const { requests, limits } = container.resources ?? {}
        const missing = ['cpu', 'memory'].filter(resource => requests?.[resource] === undefined && limits?.[resource] === undefined)
        if (missing.length === 0) continue
        yield {
          path: [...path, 'resources'],
          text: `container ${container.name} requests no ${missing.join(' and no ')}: it is put on nodes that have no room, and is among the first to be evicted`,
          fix: 'set resources.requests to what it uses on an ordinary day',
        }
      }
    },
  },
  {
    id: 'no-memory-limit',
    severity: 'warning',
    title: 'A container has a limit of memory.',
    *look(workload) {
      for (const { container, path } of lastingContainers(workload))
        if (container.resources?.limits?.['memory'] === undefined)
          yield {
            path: [...path, 'resources'],
            text: `container ${container.name} may use all memory of its node: when it leaks, its neighbours are killed`,
            fix: 'set resources.limits.memory',
          }
    },
  },
]

/** Waiting for others, and what is done once. */
const PREPARING = /^(?:(?:until|while|for)\b.*|(?:\S*\/)?(?:sleep|mkdir|chown|chmod|wget|curl|tar|git|cp|nslookup|nc|envsubst)\b.*|.*\bmigrat(?:e|ion)\b.*)$/s

const SHORT_MAX = 60
const short = (command: string): string => JSON.stringify(command.length > SHORT_MAX ? `${command.slice(0, SHORT_MAX)}…` : command)
