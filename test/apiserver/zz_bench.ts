import { startServer, podNamed, PODS } from './harness.ts'
import { encodeText } from '../../src/base/bytes.ts'
const server = await startServer({ historyMax: 10000 })
const body = (i: number) => encodeText(JSON.stringify(podNamed(`web-${i}`, { metadata: { name: `web-${i}`, labels: { app: 'web', tier: 'a' }, annotations: { note: 'x'.repeat(600) } }, spec: { containers: [{ name: 'main', image: 'nginx:1', env: [{ name: 'A', value: 'b' }], resources: { requests: { cpu: '100m', memory: '10Mi' } }, ports: [{ containerPort: 80 }] }] } })))
const send = (method: string, path: string, bytes?: Uint8Array, query = '') => server.server.handle({ method, path, query: new URLSearchParams(query), headers: { 'content-type': 'application/json', accept: 'application/json', 'user-agent': 'bench' }, body: bytes ? { is: 'bytes', bytes } : { is: 'none' }, user: { name: 'a', groups: ['system:masters'] }, signal: new AbortController().signal })
const N = Number(process.argv[2] ?? 2000)
for (let round = 0; round < 3; round++) {
  const t = performance.now()
  for (let i = 0; i < N; i++) { const r = await send('POST', PODS, body(round * N + i)); if (r.status !== 201) throw new Error(String(r.status)); if (r.body.is === 'object') r.body.json() }
  console.log('creates/s', Math.round(N / (performance.now() - t) * 1000))
}
let t = performance.now()
for (let i = 0; i < N; i++) { const r = await send('GET', `${PODS}/web-${i}`); if (r.body.is === 'object') r.body.json() }
console.log('gets/s', Math.round(N / (performance.now() - t) * 1000))
for (let k = 0; k < 3; k++) { t = performance.now(); const l = await send('GET', PODS, undefined, 'limit=2000'); if (l.body.is === 'object') console.log('list 2000', l.body.json().length, (performance.now() - t).toFixed(1), 'ms') }
t = performance.now()
for (let i = 0; i < N; i++) { const r = await server.patch(`${PODS}/web-${i}`, 'strategic', { status: { phase: 'Running' } }); if (r.status !== 200) throw new Error(r.text) }
console.log('patches/s', Math.round(N / (performance.now() - t) * 1000))
