import assert from 'node:assert/strict'
import { test } from 'node:test'
import { computeNodeStatus, type NodeStatusInputs } from './node_status.ts'

const inputs = (runtime: object): NodeStatusInputs =>
  ({
    nodeName: 'a',
    machine: { addresses: [], dns: {} },
    runtime: { runtimeReady: true, networkReady: true, message: '', supplementalGroupsPolicy: false, handlers: [], ...runtime },
    images: [],
    runtimeVersion: 'containerd://2.0.0',
    allocatable: { cpuMilli: 1, memoryBytes: 1, ephemeralStorageBytes: 1, podsMax: 1 },
    pressures: [],
    previous: [],
    now: '2026-01-01T00:00:00Z',
  }) as unknown as NodeStatusInputs

test('a Node tells that its runtime can keep the groups of images away; one that cannot says nothing', () => {
  assert.equal(computeNodeStatus(inputs({})).features, undefined)
  assert.deepEqual(computeNodeStatus(inputs({ supplementalGroupsPolicy: true })).features, { supplementalGroupsPolicy: true })
})
