/** What a kubelet asks of its runtime, overheard: when which container was told to stop, and which commands were run in it. */
import type { ContainerRuntime } from '../../src/runtime/runtime.ts'

export interface RuntimeCalls {
  /** `stopContainer`: the signal goes out now, and the kill comes `timeoutMs` later. */
  readonly stops: { readonly at: number; readonly container: string; readonly timeoutMs: number }[]
  readonly execs: { readonly at: number; readonly container: string; readonly command: string }[]
  /** As `createContainer` and `startContainer` were called: `web#0`, with the restart count. */
  readonly starts: { readonly at: number; readonly container: string }[]
}

/** `seconds` tells the time of the story. Several lives of a kubelet may write into the same calls. */
export function overhear(runtime: ContainerRuntime, seconds: () => number, names: Map<string, string>, calls: RuntimeCalls): ContainerRuntime {
  const nameOf = (id: string) => names.get(id)?.replace(/#.*/, '') ?? id
  return {
    ...runtime,
    async createContainer(sandboxId, config, sandboxConfig) {
      const id = await runtime.createContainer(sandboxId, config, sandboxConfig)
      names.set(id, `${config.metadata.name}#${config.metadata.attempt}`)
      return id
    },
    startContainer(id) {
      calls.starts.push({ at: seconds(), container: names.get(id) ?? id })
      return runtime.startContainer(id)
    },
    stopContainer(id, timeoutMs) {
      calls.stops.push({ at: seconds(), container: nameOf(id), timeoutMs })
      return runtime.stopContainer(id, timeoutMs)
    },
    execSync(id, command, timeoutMs) {
      calls.execs.push({ at: seconds(), container: nameOf(id), command: command.join(' ') })
      return runtime.execSync(id, command, timeoutMs)
    },
  }
}
