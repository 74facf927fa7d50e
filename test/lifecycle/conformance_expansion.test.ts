/** Conformance, sig-node: Variable Expansion in the paths of volumes. The rest of it runs in real containers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { beginConformance, busybox, isRunning, PODS, restarts, type Ground } from './conformance.ts'

const volumes = [{ name: 'workdir1', emptyDir: {} }]
const fromField = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })

async function neverStarts(ground: Ground, value: string): Promise<void> {
  const volumeMounts = [{ name: 'workdir1', mountPath: '/logscontainer', subPathExpr: '$(POD_NAME)' }]
  await ground.create('refused', { volumes, containers: [busybox('sleep 600', { env: [{ name: 'POD_NAME', value }], volumeMounts })] })
  await ground.until('refused', ({ status }) => status.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError')
  await ground.advance(120)
  const pod = ground.pod('refused')!
  assert.equal(pod.status.phase, 'Pending')
  assert.equal(restarts(pod), 0)
}

test('Variable Expansion should allow substituting values in a volume subpath', async () => {
  await using ground = await beginConformance('sub path')
  const script = 'test -d /testcontainer/expanded; echo $?'
  const volumeMounts = [
    { name: 'workdir1', mountPath: '/logscontainer', subPathExpr: '$(POD_NAME)' },
    { name: 'workdir1', mountPath: '/testcontainer' },
  ]
  await ground.create('expanded', {
    restartPolicy: 'Never',
    volumes,
    containers: [busybox(script, { env: [fromField('POD_NAME', 'metadata.name')], volumeMounts })],
  })
  await ground.until('expanded', ({ status }) => status.phase === 'Succeeded')
  assert.equal(await ground.logs('expanded'), '0\n')
})

test('Variable Expansion should fail substituting values in a volume subpath with backticks', async () => {
  await using ground = await beginConformance('backticks')
  await neverStarts(ground, '..')
})

test('Variable Expansion should fail substituting values in a volume subpath with absolute path', async () => {
  await using ground = await beginConformance('absolute')
  await neverStarts(ground, '/tmp')
})

test('Variable Expansion should verify that a failing subpath expansion can be modified during the lifecycle of a container', async () => {
  await using ground = await beginConformance('mended')
  const env = [fromField('ANNOTATION', "metadata.annotations['mysubpath']"), fromField('POD_NAME', 'metadata.name')]
  const volumeMounts = [
    { name: 'workdir1', mountPath: '/subpath_mount', subPathExpr: '$(ANNOTATION)/$(POD_NAME)' },
    { name: 'workdir1', mountPath: '/volume_mount' },
  ]
  await ground.create('mended', { volumes, containers: [busybox('tail -f /dev/null', { env, volumeMounts })] }, { annotations: { notmysubpath: 'mypath' } })
  await ground.until('mended', ({ status }) => status.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError')
  await ground.send('PATCH', `${PODS}/mended`, { metadata: { annotations: { mysubpath: 'mypath' } } }, 'application/merge-patch+json')
  const pod = await ground.until('mended', isRunning)
  assert.equal(restarts(pod), 0, 'what could not be made is no restart')
  await ground.send('DELETE', `${PODS}/mended`)
  await ground.gone('mended')
})

test('Variable Expansion should succeed in writing subpaths in container', async () => {
  await using ground = await beginConformance('written')
  const env = [fromField('ANNOTATION', "metadata.annotations['mysubpath']"), fromField('POD_NAME', 'metadata.name')]
  const volumeMounts = [
    { name: 'workdir1', mountPath: '/subpath_mount', subPathExpr: '$(ANNOTATION)/$(POD_NAME)' },
    { name: 'workdir1', mountPath: '/volume_mount' },
  ]
  const script = 'touch /volume_mount/mypath/written/test.log; test -f /subpath_mount/test.log && echo same; tail -f /dev/null'
  await ground.create('written', { volumes, containers: [busybox(script, { env, volumeMounts })] }, { annotations: { mysubpath: 'mypath' } })
  await ground.until('written', isRunning)
  await ground.advance(1)
  assert.equal(await ground.logs('written'), 'same\n')
  await ground.send('PATCH', `${PODS}/written`, { metadata: { annotations: { mysubpath: 'mynewpath' } } }, 'application/merge-patch+json')
  await ground.advance(60)
  const pod = ground.pod('written')!
  assert.deepEqual([isRunning(pod), restarts(pod)], [true, 0])
})
