import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { silentLog } from '../base/log.ts'
import { createLoopbackForwards } from './loopback_forwards.ts'

async function serve(t: TestContext, answer: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

const forward = (listen: number, to: number, address = '127.0.0.1') => ({ listen: { address, port: listen }, to: { address: '127.0.0.1', port: to } })

function ask(port: number, text: string): Promise<string> {
  return new Promise(resolve => {
    let answer = ''
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    socket
      .on('data', data => (answer += String(data)))
      .on('end', () => {
        socket.destroy()
        resolve(answer)
      })
      .on('error', error => resolve((error as NodeJS.ErrnoException).code ?? 'error'))
    socket.end(text)
  })
}

test('a port leads to another, also when the client has said all before it hears', async t => {
  const echo = await serve(t, socket => socket.pipe(socket))
  const forwards = createLoopbackForwards(silentLog)
  t.after(() => forwards.close())
  const port = await freePort()
  await forwards.set('default/web', [forward(port, echo)])
  assert.equal(await ask(port, 'hello'), 'hello')
  await forwards.set('default/other', [])
  assert.equal(await ask(port, 'again'), 'again', 'another Service has nothing to do with it')
  await forwards.set('default/web', [])
  assert.equal(await ask(port, 'gone'), 'ECONNREFUSED')
})

test('a connection that is reset behind the port is reset in front of it, too', async t => {
  const rude = await serve(t, socket => socket.on('error', () => {}).once('data', () => socket.resetAndDestroy()))
  const forwards = createLoopbackForwards(silentLog)
  t.after(() => forwards.close())
  const port = await freePort()
  await forwards.set('default/web', [forward(port, rude)])
  assert.equal(await ask(port, 'hello'), 'ECONNRESET')
})

test('a port that somebody else has is passed over, and comes with the next change', async t => {
  const echo = await serve(t, socket => socket.pipe(socket))
  const blocker = createServer().listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  const { port } = blocker.address() as AddressInfo
  const warnings: string[] = []
  const forwards = createLoopbackForwards({ ...silentLog, warn: text => void warnings.push(text) })
  t.after(() => forwards.close())
  await forwards.set('default/web', [forward(port, echo)])
  assert.match(warnings.join(), /does not lead to its Service/)
  await new Promise(resolve => blocker.close(resolve))
  await forwards.set('default/web', [forward(port, echo)])
  assert.equal(await ask(port, 'hello'), 'hello')
})
