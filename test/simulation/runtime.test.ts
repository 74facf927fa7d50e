import { runtimeContract } from '../contracts/runtime.ts'
import { createSimulatedRuntime } from '../../src/sim/runtime.ts'
import { createWorld } from '../../src/sim/world.ts'

runtimeContract('simulated', async () => {
  const world = createWorld({ seed: 2 })
  const host = world.host('node-a')
  const runtime = createSimulatedRuntime(host, { images: ['busybox'] })
  runtime.registry.set('no-such-image:v1', { is: 'missing' })
  await host.machine.disk.makeDirectory('/contract')
  return {
    runtime,
    clock: host.clock,
    disk: host.disk,
    directory: '/contract',
    reconnect: async () => runtime.connect(host),
    finish: promise => world.finish(promise),
    close: async () => {},
  }
})
