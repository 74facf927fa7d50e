/** Many at once against one quota, and against one disruption budget: what must hold whoever is faster. */
import assert from 'node:assert/strict'
import type { Kind } from '../../src/api/kind.ts'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { Pod } from '../../src/api/kinds/pod.ts'
import { PodDisruptionBudget } from '../../src/api/kinds/pod_disruption_budget.ts'
import { ReplicaSet } from '../../src/api/kinds/replica_set.ts'
import { ResourceQuota } from '../../src/api/kinds/resource_quota.ts'
import { isActive, isReady } from '../../src/api/pod.ts'
import { isReason } from '../../src/api/status.ts'
import { beginSets, namespace, template, type SetsStory } from './sets.ts'

/** Eight who create and delete Pods and ConfigMaps, in a namespace that has room for few. */
export async function raceForQuota(seed: string): Promise<void> {
  await using story = await beginSets(`quota ${seed}`, { wired: true })
  const { client, world } = story.cluster
  const random = world.random.fork('quota story')
  await story.create(ResourceQuota, { metadata: { name: 'q', namespace }, spec: { hard: { configmaps: '6', pods: '4' } } })
  const used = async () => (await story.get(ResourceQuota, 'q')).status.used
  await story.until(async () => (await used())?.pods === '0')
  const alive = { Pod: follow<Pod>(story, Pod), ConfigMap: follow<ConfigMap>(story, ConfigMap) }
  const outcomes = { made: 0, refused: 0 }
  const worker = async (worker: number): Promise<void> => {
    for (let step = 0; step < 12; step++) {
      const key = { namespace, name: `w${worker}-${step}` }
      const isPod = random.below(2) === 0
      try {
        if (isPod) await client.create(Pod, { metadata: key, spec: { containers: [{ name: 'main', image: 'nginx:1' }] } } as never)
        else await client.create(ConfigMap, { metadata: key, data: {} })
        outcomes.made++
        if (random.below(5) > 0) await client.delete((isPod ? Pod : ConfigMap) as never, key, { gracePeriodSeconds: 0 })
      } catch (error) {
        assert.match(String(error), /exceeded quota: q/)
        outcomes.refused++
        await pause(story, random.below(400))
      }
    }
  }
  await story.run(Promise.all(Array.from({ length: 8 }, (_, index) => worker(index))))
  assert.ok(alive.Pod.most <= 4 && alive.ConfigMap.most <= 6, `${alive.Pod.most} Pods, ${alive.ConfigMap.most} ConfigMaps`)
  assert.ok(outcomes.made > 10 && outcomes.refused > 10, `${JSON.stringify(outcomes)}: the story is about both`)
  await story.until(async () => {
    const { pods, configmaps } = (await used())!
    return pods === String(alive.Pod.objects.size) && configmaps === String(alive.ConfigMap.objects.size)
  }, 10_000)
}

/** Everybody evicts every Pod of a ReplicaSet, again and again, while Pods become ready and cease to be. */
export async function raceForBudget(seed: string): Promise<void> {
  await using story = await beginSets(`budget ${seed}`, { wired: true })
  const { client, world } = story.cluster
  const random = world.random.fork('budget story')
  const kept = 3
  await story.create(PodDisruptionBudget, { metadata: { name: 'web', namespace }, spec: { minAvailable: kept, selector: { matchLabels: { app: 'web' } } } })
  await story.create(ReplicaSet, {
    metadata: { name: 'web', namespace },
    spec: { replicas: 6, selector: { matchLabels: { app: 'web' } }, template: template({ terminationGracePeriodSeconds: 1 }) },
  })
  await story.until(async () => (await story.get(ReplicaSet)).status?.readyReplicas === 6)
  await story.until(async () => (await story.get(PodDisruptionBudget)).status.disruptionsAllowed === 3)
  const pods = follow<Pod>(story, Pod, pod => isActive(pod) && isReady(pod))
  const outcomes = { evicted: 0, refused: 0 }
  const evictor = async (): Promise<void> => {
    for (let step = 0; step < 6; step++) {
      const names = [...pods.objects.keys()]
      const name = names[random.below(Math.max(1, names.length))]
      try {
        if (name) await client.createSubresource(Pod as never, { namespace, name }, 'eviction', { metadata: { name, namespace } })
        outcomes.evicted++
      } catch (error) {
        if (!isReason(error, 'TooManyRequests') && !isReason(error, 'NotFound')) throw error
        outcomes.refused++
      }
      // All together: the worst is to come between an eviction and its count.
      await pause(story, 200 + 400 * random.below(2))
    }
  }
  await story.run(Promise.all(Array.from({ length: 12 }, evictor)))
  assert.ok(pods.fewest >= kept, `${pods.fewest} Pods were left`)
  assert.ok(outcomes.evicted > 5 && outcomes.refused > 5, `${JSON.stringify(outcomes)}: the story is about both`)
  await story.until(async () => (await story.get(PodDisruptionBudget)).status.disruptionsAllowed === 3)
}

interface Followed<T> {
  readonly objects: ReadonlyMap<string, T>
  readonly most: number
  readonly fewest: number
}

/** What a watch sees from now on of the objects of which this holds, and how many there were at most and at least. */
function follow<T extends Pod | ConfigMap>({ cluster }: SetsStory, kind: Kind<T>, holds: (object: T) => boolean = () => true): Followed<T> {
  const objects = new Map<string, T>()
  const followed = { objects, most: 0, fewest: Infinity }
  let isListed = false
  cluster.client.watch(
    kind,
    { namespace, resourceVersion: '0' },
    {
      event({ type, object }) {
        const one = object as T
        if (type === 'BOOKMARK' || type === 'ERROR') return
        if (type !== 'DELETED' && holds(one)) objects.set(one.metadata.name!, one)
        else objects.delete(one.metadata.name!)
        // What is there already comes one by one.
        isListed ||= type !== 'ADDED'
        followed.most = Math.max(followed.most, objects.size)
        if (isListed) followed.fewest = Math.min(followed.fewest, objects.size)
      },
      ended: () => undefined,
    },
  )
  return followed
}

const pause = ({ cluster }: SetsStory, ms: number): Promise<void> => new Promise(resolve => cluster.world.schedule(ms, resolve))
