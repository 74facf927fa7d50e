import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readManifests } from './manifests.ts'
import { planCheck, type CheckWords } from './plan_check.ts'
import { runCheck } from './run_check.ts'
import { startVirtualSite } from './virtual_site.ts'

const WORDS: CheckWords = { path: '/', ratePerSecond: 50, repeat: 1, warmUpMs: 2_000, settleMs: 2_000, timeoutMs: 120_000, requestTimeoutMs: 5_000 }

const manifest = (container: string, rest = '') => `
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80, targetPort: 8080 }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
      annotations: { simulate.poise.dev/web: "${container}" }
    spec:
      containers:
        - name: web
          image: nginx:1
          ports: [{ containerPort: 8080 }]
${rest}`

const GRACEFUL = `          readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }
          lifecycle: { preStop: { sleep: { seconds: 5 } } }
`

async function checked(text: string, words: Partial<CheckWords> = {}) {
  const site = await startVirtualSite({ seed: 1 })
  try {
    const plan = planCheck(['web.yaml'], readManifests([{ file: 'web.yaml', text }]), { ...WORDS, ...words })
    const notes: string[] = []
    const report = await site.run(runCheck(site, plan, { progress: { step: () => () => {}, note: text => void notes.push(text) } }))
    return { report, notes }
  } finally {
    await site.close()
  }
}

test('a rollout that is not careful loses requests', async () => {
  const { report } = await checked(manifest('start=1s, listen=8080'))
  assert.equal(report.verdict, 'lost')
})

test('a graceful one loses none', async () => {
  const { report } = await checked(manifest('start=1s, listen=8080, drain=1s', GRACEFUL))
  assert.equal(report.verdict, 'clean')
})
