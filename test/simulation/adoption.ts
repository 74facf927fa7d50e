/**
 * ReplicaSets that adopt, users that delete and make them again at once, and a garbage collector between them, all behind
 * bad networks of their own: nothing that belongs to nobody is left, and nothing is missing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pod } from '../../src/api/kinds/pod.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { ServiceAccount } from '../../src/api/kinds/service_account.ts'
import { isReason } from '../../src/api/status.ts'
import { createClient } from '../../src/client/api_client.ts'
import { createCaches } from '../../src/client/caches.ts'
import type { Draft } from '../../src/client/client.ts'
import { createEventRecorder } from '../../src/client/events.ts'
import { controllerManagerUser } from '../../src/cluster/identities.ts'
import { startReplicaSetController } from '../../src/controllers/replica_set/replica_set.ts'
import { createOwnedObjects } from '../../src/controllers/workload/owned_objects.ts'
import { createLink } from '../../src/sim/link.ts'
import { sleep } from '../../src/base/clock.ts'
import { beginOwnership, FAULTS, type OwnershipSite } from './ownership.ts'

const namespace = 'default'
const CALM_MS = 150_000

export function testAdoption(seeds: readonly number[]): void {
  for (const seed of seeds)
    test(`seed ${seed}: ReplicaSets are deleted and made again while their Pods are collected, orphaned and adopted`, async () => {
      const site = await beginAdoption(seed)
      const { world, random } = site
      const plans = Array.from({ length: 6 }, (_, index) => ({
        name: `set-${index}`,
        replicas: 1 + random.below(5),
        policy: (['Background', 'Foreground', 'Orphan'] as const)[random.below(3)],
        isMadeAgain: random.below(2) === 0,
      }))
      site.setFaults(FAULTS)
      for (const { name, replicas } of plans) await world.finish(site.create(name, replicas))
      await world.advance(20_000)
      site.setFaults({})
      await world.advance(CALM_MS)
      for (const { name, replicas } of plans) assert.deepEqual(await site.pods(name), { mine: replicas, orphans: 0, strangers: 0 }, `${name} at first`)

      site.setFaults(FAULTS)
      for (const { name, policy, isMadeAgain, replicas } of plans) {
        const begin = async () => {
          await site.client.delete(ReplicaSet, { namespace, name }, { propagationPolicy: policy })
          if (isMadeAgain) await site.create(name, replicas)
        }
        world.schedule(random.below(3_000), () => void begin(), `user deletes ${name}`)
      }
      await world.advance(20_000)
      site.setFaults({})
      await world.advance(CALM_MS)
      for (const { name, replicas, policy, isMadeAgain } of plans) {
        const left = isMadeAgain ? { mine: replicas, orphans: 0 } : { mine: 0, orphans: policy === 'Orphan' ? replicas : 0 }
        assert.deepEqual(await site.pods(name), { ...left, strangers: 0 }, `${name} ${policy} ${isMadeAgain ? 'made again' : 'gone'}`)
      }
      await site.stop()
    })
}

async function beginAdoption(seed: number) {
  const site = await beginOwnership(seed)
  const { world, client } = site
  const host = world.host('replica-sets')
  const link = createLink({ caller: host, handle: site.handle })
  const own = createClient(link.transport, { user: controllerManagerUser })
  const caches = createCaches(host, own)
  const pods = caches.of(Pod)
  const controller = startReplicaSetController(host, own, {
    replicaSets: caches.of(ReplicaSet),
    pods,
    ownedPods: createOwnedObjects(pods),
    events: createEventRecorder(host, own, { component: 'replicaset-controller' }),
  })
  await world.finish(client.create(ServiceAccount, { metadata: { name: 'default', namespace } }))
  await world.finish(caches.synced())
  return {
    ...site,
    setFaults(faults: Parameters<OwnershipSite['link']['setFaults']>[0]) {
      site.link.setFaults(faults)
      link.setFaults(faults)
    },
    /** As soon as the name is free. */
    async create(name: string, replicas: number): Promise<void> {
      const labels = { app: name }
      const spec = { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'nginx' }] } } }
      for (;;) {
        try {
          return void (await client.create(ReplicaSet, { metadata: { name, namespace }, spec } as unknown as Draft<ReplicaSet>))
        } catch (error) {
          if (!isReason(error, 'AlreadyExists')) throw error
          await sleep(host.clock, 100)
        }
      }
    },
    /** Of the Pods with the label of a ReplicaSet: its own, those of nobody, and those of an owner that is not there. */
    async pods(name: string) {
      const { items } = await world.finish(client.list(Pod, { namespace, labelSelector: `app=${name}` }))
      const owner = await world.finish(client.get(ReplicaSet, { namespace, name }).catch(() => undefined))
      const owners = items.map(({ metadata }) => metadata.ownerReferences?.[0]?.uid)
      return {
        mine: owners.filter(uid => uid !== undefined && uid === owner?.metadata.uid).length,
        orphans: owners.filter(uid => uid === undefined).length,
        strangers: owners.filter(uid => uid !== undefined && uid !== owner?.metadata.uid).length,
      }
    },
    async stop() {
      await world.finish(controller.stop())
      caches.stop()
      await site.stop()
    },
  }
}
