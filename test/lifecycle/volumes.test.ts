import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigMap } from '../../src/api/kinds/config_map.ts'
import { Secret } from '../../src/api/kinds/secret.ts'
import { decodeText } from '../../src/base/bytes.ts'
import { beginStory, isReady, sh, type Story } from './story.ts'

const KUBE_API_ACCESS = {
  name: 'kube-api-access-abcde',
  projected: {
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
    ],
  },
}
const configMap = (story: Story, name: string, data: object) => story.api.create(ConfigMap as never, { metadata: { name, namespace: 'default' }, data })
const shell = (mounts: object[], rest: object = {}) => ({ name: 'web', image: 'busybox:1', command: sh('sleep 3600'), volumeMounts: mounts, ...rest })

async function read(story: Story, path: string): Promise<string> {
  const [instance] = await story.instances('web')
  const { exitCode, stdout, stderr } = await story.world.finish(story.runtime.execSync(instance!.id, ['cat', path], 0))
  return exitCode === 0 ? decodeText(stdout) : `exit ${exitCode}: ${decodeText(stderr)}`
}

test('§ projected volumes: the token, the CA and the namespace are where clients look for them', async () => {
  const story = await beginStory()
  configMap(story, 'kube-root-ca.crt', { 'ca.crt': 'PEM' })
  const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
  story.run({
    spec: { serviceAccountName: 'default', volumes: [KUBE_API_ACCESS], containers: [shell([{ name: KUBE_API_ACCESS.name, mountPath, readOnly: true }])] },
  })
  await story.until(isReady)
  assert.deepEqual(
    [await read(story, `${mountPath}/token`), await read(story, `${mountPath}/ca.crt`), await read(story, `${mountPath}/namespace`)],
    ['token-of-default', 'PEM', 'default'],
  )
})

test('§ configMap volumes: a missing one holds the Pod in ContainerCreating and is told; when it comes the Pod starts', async () => {
  const story = await beginStory()
  story.run({ spec: { volumes: [{ name: 'config', configMap: { name: 'settings' } }], containers: [shell([{ name: 'config', mountPath: '/etc/settings' }])] } })
  await story.world.advance(10_000)
  assert.deepEqual(story.pod()!.status.containerStatuses?.[0]?.state, { waiting: { reason: 'ContainerCreating' } })
  assert.equal(story.events[0]?.message, 'MountVolume.SetUp failed for volume "config" : configmap "settings" not found')
  assert.equal(story.pod()!.status.podIP, undefined)
  assert.equal(story.pod()!.status.conditions?.find(({ type }) => type === 'PodReadyToStartContainers')?.status, 'False')
  configMap(story, 'settings', { color: 'blue', 'size.txt': '10' })
  await story.until(isReady, 130)
  assert.equal(await read(story, '/etc/settings/color'), 'blue')
})

test('§ configMap volumes: a change arrives, all of it at once; a subPath keeps what it was', async () => {
  const story = await beginStory()
  configMap(story, 'settings', { color: 'blue', old: 'x' })
  story.run({
    spec: {
      volumes: [{ name: 'config', configMap: { name: 'settings' } }],
      containers: [
        shell([
          { name: 'config', mountPath: '/etc/settings' },
          { name: 'config', mountPath: '/etc/color', subPath: 'color' },
        ]),
      ],
    },
  })
  await story.until(isReady)
  await story.world.finish(story.api.client.update(ConfigMap, { metadata: { name: 'settings', namespace: 'default' }, data: { color: 'green', fresh: 'y' } }))
  await story.world.advance(90_000)
  assert.equal(await read(story, '/etc/settings/color'), 'green')
  assert.equal(await read(story, '/etc/settings/fresh'), 'y')
  assert.match(await read(story, '/etc/settings/old'), /^exit 1/)
  assert.equal(story.pod()!.status.containerStatuses?.[0]?.restartCount, 0)
})

test('§ environment: Services, envFrom, references and fields, in this order', async () => {
  const story = await beginStory()
  configMap(story, 'settings', { COLOR: 'blue', SIZE: '10' })
  story.api.create(Secret as never, { metadata: { name: 'login', namespace: 'default' }, data: { password: 'czNjcjN0' } })
  story.run({
    metadata: { labels: { tier: 'front' } },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'busybox:1',
          command: sh('echo "$COLOR $SIZE $GREETING $RAW $NAME $TIER $IP $PASSWORD $LIMIT" > /dev/termination-log'),
          envFrom: [{ configMapRef: { name: 'settings' } }, { configMapRef: { name: 'nowhere', optional: true } }],
          env: [
            { name: 'SIZE', value: '11' },
            { name: 'GREETING', value: 'in-$(COLOR)' },
            { name: 'RAW', value: '$$(COLOR)-$(NOWHERE)' },
            { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'TIER', valueFrom: { fieldRef: { fieldPath: "metadata.labels['tier']" } } },
            { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
            { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
          ],
          resources: { limits: { memory: '64Mi' } },
        },
      ],
      restartPolicy: 'Never',
    },
  })
  const done = await story.until(({ status }) => status.phase === 'Succeeded', 10)
  assert.equal(done.status.containerStatuses?.[0]?.state?.terminated?.message, `blue 11 in-blue $(COLOR)-$(NOWHERE) web front ${done.status.podIP} s3cr3t 64\n`)
})

test('§ environment: a key that is missing is a CreateContainerConfigError, tried again', async () => {
  const story = await beginStory()
  configMap(story, 'settings', { COLOR: 'blue' })
  story.run({ spec: { containers: [shell([], { env: [{ name: 'SIZE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'SIZE' } } }] })] } })
  await story.world.advance(1000)
  assert.deepEqual(story.pod()!.status.containerStatuses?.[0]?.state?.waiting, {
    reason: 'CreateContainerConfigError',
    message: "couldn't find key SIZE in ConfigMap default/settings",
  })
  assert.ok(story.events.some(({ reason, message }) => reason === 'Failed' && message === "Error: couldn't find key SIZE in ConfigMap default/settings"))
  await story.world.finish(story.api.client.update(ConfigMap, { metadata: { name: 'settings', namespace: 'default' }, data: { SIZE: '1' } }))
  await story.until(isReady, 20)
})

test('§ volume mounts: recursively read-only where the runtime can, and the status says what became of it', async () => {
  const story = await beginStory()
  const mounts = [
    { name: 'data', mountPath: '/a', readOnly: true, recursiveReadOnly: 'IfPossible' },
    { name: 'data', mountPath: '/b', readOnly: true },
    { name: 'data', mountPath: '/c' },
  ]
  story.run({ spec: { volumes: [{ name: 'data', emptyDir: {} }], containers: [shell(mounts)] } })
  const pod = await story.until(isReady)
  assert.deepEqual(pod.status.containerStatuses?.[0]?.volumeMounts, [
    { name: 'data', mountPath: '/a', readOnly: true, recursiveReadOnly: 'Enabled' },
    { name: 'data', mountPath: '/b', readOnly: true, recursiveReadOnly: 'Disabled' },
    { name: 'data', mountPath: '/c' },
  ])
})
