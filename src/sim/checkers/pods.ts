import type { Pod } from '../../api/kinds/pod.ts'
import { isActive, isTerminal } from '../../api/pod.ts'
import type { ContainerStatus } from '../../api/types/container_status.ts'
import type { Stored } from '../../store/store.ts'
import type { Checker } from './checker.ts'

const PODS = '/pods/'

/** What the Pod lifecycle promises of every Pod, whatever fails around it. */
export const podCheckers = (): Checker[] => [phasesInOrder(), terminalPodsStay(), restartCountsNeverFall(), oneAddressPerPod()]

/** A Pod begins as Pending. From Running it falls back only where its init containers must run again, in another sandbox. */
export function phasesInOrder(): Checker {
  return {
    name: 'phases come in order',
    prefix: PODS,
    see({ key, stored, previous }) {
      const [pod, before] = [podOf(stored), podOf(previous)]
      if (!pod) return undefined
      const { phase } = pod.status
      if (!['Pending', 'Running', 'Succeeded', 'Failed'].includes(phase)) return `${key} is ${phase}`
      if (!before || before.metadata.uid !== pod.metadata.uid) return undefined
      const mayFallBack = (pod.spec.initContainers?.length ?? 0) > 0
      return before.status.phase === 'Running' && phase === 'Pending' && !mayFallBack ? `${key} went from Running to Pending` : undefined
    },
  }
}

/** Where nobody forces a deletion: the object of a Pod that had begun goes only once its end stands in it. */
export function endsAreWritten(): Checker {
  return {
    name: 'the last status of a Pod is final',
    prefix: PODS,
    see({ key, stored, previous }) {
      const before = podOf(previous)
      if (stored || !before?.status.startTime) return undefined
      if (!isTerminal(before)) return `${key} is gone and was last seen ${before.status.phase}`
      const open = statusesOf(before).find(({ state }) => state?.running)
      return open && `${key} is gone and its container ${open.name} was last seen running`
    },
  }
}

/** Succeeded and Failed are for good: such a Pod never runs again. */
export function terminalPodsStay(): Checker {
  return {
    name: 'a terminal Pod never runs again',
    prefix: PODS,
    see({ key, stored, previous }) {
      const [pod, before] = [podOf(stored), podOf(previous)]
      if (!pod || !before || before.metadata.uid !== pod.metadata.uid || !isTerminal(before)) return undefined
      if (pod.status.phase !== before.status.phase) return `${key} went from ${before.status.phase} to ${pod.status.phase}`
      const running = statusesOf(pod).find(({ state }) => state?.running)
      return running ? `${key} is ${pod.status.phase} and its container ${running.name} runs` : undefined
    },
  }
}

export function restartCountsNeverFall(): Checker {
  return {
    name: 'restart counts never fall',
    prefix: PODS,
    see({ key, stored, previous }) {
      const [pod, before] = [podOf(stored), podOf(previous)]
      if (!pod || !before || before.metadata.uid !== pod.metadata.uid) return undefined
      for (const { name, restartCount } of statusesOf(pod)) {
        const earlier = statusesOf(before).find(other => other.name === name)
        if (earlier && restartCount < earlier.restartCount) return `${key}: ${name} went from ${earlier.restartCount} restarts to ${restartCount}`
      }
      return undefined
    },
  }
}

/** No two Pods that are alive have the same address; Pods on the host's network share their node's. */
export function oneAddressPerPod(): Checker {
  const holders = new Map<string, string>()
  const addresses = new Map<string, string>()
  return {
    name: 'one address per Pod',
    prefix: PODS,
    see({ key, stored }) {
      const pod = podOf(stored)
      const address = pod && isActive(pod) && !pod.spec.hostNetwork ? pod.status.podIP : undefined
      const old = addresses.get(key)
      if (old === address) return undefined
      if (old !== undefined) holders.delete(old)
      addresses.delete(key)
      if (address === undefined) return undefined
      const holder = holders.get(address)
      if (holder !== undefined) return `${key} has the address ${address} of ${holder}`
      holders.set(address, key)
      addresses.set(key, address)
      return undefined
    },
  }
}

const podOf = (stored: Stored | undefined): Pod | undefined => stored?.value as Pod | undefined

const statusesOf = ({ status }: Pod): readonly ContainerStatus[] => [
  ...(status.initContainerStatuses ?? []),
  ...(status.containerStatuses ?? []),
  ...(status.ephemeralContainerStatuses ?? []),
]
