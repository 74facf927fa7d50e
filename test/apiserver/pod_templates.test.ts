/** PodTemplates, by the conformance tests of sig-node. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startServer } from './harness.ts'

const TEMPLATES = '/api/v1/namespaces/default/podtemplates'
const templateNamed = (name: string, image = 'nginx', labels: object = { app: 'web' }) => ({
  metadata: { name, labels: { podtemplate: 'test' } },
  template: { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } },
})

describe('conformance: PodTemplates', () => {
  test('should run the lifecycle of PodTemplates', async () => {
    const server = await startServer()
    const created = await server.post(TEMPLATES, templateNamed('web'))
    assert.equal(created.status, 201, created.text)
    const { template, metadata } = created.json
    assert.equal(metadata.generation, 1)
    // The template is completed as a Pod would be, but for what depends on the Pod itself.
    assert.deepEqual(
      [template.spec.restartPolicy, template.spec.terminationGracePeriodSeconds, template.spec.schedulerName],
      ['Always', 30, 'default-scheduler'],
    )
    assert.equal(template.spec.containers[0].imagePullPolicy, 'Always')
    assert.equal((await server.get('/api/v1/podtemplates?labelSelector=podtemplate%3Dtest')).json.items.length, 1)
    const patched = await server.patch(`${TEMPLATES}/web`, 'strategic', {
      metadata: { labels: { patched: 'true' } },
      template: { spec: { containers: [{ name: 'main', image: 'nginx:1' }] } },
    })
    assert.deepEqual(
      [patched.json.metadata.labels, patched.json.template.spec.containers[0].image, patched.json.metadata.generation],
      [{ podtemplate: 'test', patched: 'true' }, 'nginx:1', 2],
    )
    assert.equal((await server.get(`${TEMPLATES}/web`)).json.metadata.labels.patched, 'true')
    assert.equal((await server.delete(`${TEMPLATES}/web`)).status, 200)
    assert.deepEqual((await server.get(TEMPLATES)).json.items, [])
  })

  test('should delete a collection of pod templates', async () => {
    const server = await startServer()
    for (const name of ['one', 'two', 'three']) await server.post(TEMPLATES, templateNamed(name))
    await server.post(TEMPLATES, { ...templateNamed('other'), metadata: { name: 'other' } })
    assert.equal((await server.delete(`${TEMPLATES}?labelSelector=podtemplate%3Dtest`)).status, 200)
    assert.deepEqual(
      (await server.get(TEMPLATES)).json.items.map(({ metadata }: any) => metadata.name),
      ['other'],
    )
  })

  test('should replace a pod template', async () => {
    const server = await startServer()
    const { json } = await server.post(TEMPLATES, templateNamed('web'))
    json.metadata.annotations = { updated: 'true' }
    const replaced = await server.put(`${TEMPLATES}/web`, json)
    assert.equal(replaced.status, 200, replaced.text)
    assert.deepEqual([replaced.json.metadata.annotations, replaced.json.metadata.generation], [{ updated: 'true' }, 1])
  })
})

test('a template is checked as a Pod is, by its own paths', async () => {
  const server = await startServer()
  const refused = async (body: any) => {
    const { status, json } = await server.post(TEMPLATES, body)
    assert.equal(status, 422, json.message)
    return json.message as string
  }
  assert.match(await refused(templateNamed('a', '')), /template\.spec\.containers\[0\]\.image: Required value/)
  assert.match(await refused(templateNamed('b', 'x', { 'a b': 'c' })), /template\.labels: Invalid value: "a b"/)
  assert.match(await refused({ metadata: { name: 'c' } }), /template\.spec\.containers: Required value/)
  const ephemeral = templateNamed('d') as any
  ephemeral.template.spec.ephemeralContainers = [{ name: 'debug', image: 'x', terminationMessagePolicy: 'File', imagePullPolicy: 'Always' }]
  assert.match(await refused(ephemeral), /template\.spec\.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template/)
})

test('kubectl get shows containers, images and the labels of the Pods', async () => {
  const server = await startServer()
  await server.post(TEMPLATES, templateNamed('web'))
  const { json } = await server.get(TEMPLATES, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })
  assert.deepEqual(
    json.columnDefinitions.map(({ name }: any) => name),
    ['Name', 'Containers', 'Images', 'Pod Labels'],
  )
  assert.deepEqual(json.rows[0].cells, ['web', 'main', 'nginx', 'app=web'])
})
