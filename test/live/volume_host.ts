/** Directories of the machine in Pods: what their types ask for, and mounts that travel into containers and out of them. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProcesses } from '../../src/host/processes.ts'
import type { Namespace } from './site.ts'
import { podWith } from './volume_own_cases.ts'

const processes = createProcesses()
const run = async (command: string, ...args: string[]): Promise<void> => {
  const { exitCode, stderr } = await processes.run(command, args)
  assert.equal(exitCode, 0, `${command} ${args.join(' ')}: ${stderr}`)
}

/** A directory of the machine that is gone afterwards, with whatever was mounted in it. */
async function withDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'poise-hostpath-'))
  try {
    await work(directory)
  } finally {
    await processes.run('umount', ['--recursive', '--lazy', directory])
    const mounts = await readFile('/proc/self/mountinfo', 'utf8')
    assert.ok(!mounts.includes(directory), 'something is still mounted there')
    await rm(directory, { recursive: true, force: true })
  }
}

const container = (name: string, script: string, volumeMounts: object[], rest: object = {}): object => ({
  name,
  image: 'busybox',
  imagePullPolicy: 'IfNotPresent',
  command: ['sh', '-c', script],
  volumeMounts,
  ...rest,
})

/** One Pod with a hostPath of each type. */
export const hostPathTypes = ({ kubectl, until }: Namespace): Promise<void> =>
  withDirectory(async directory => {
    const at = (name: string) => join(directory, name)
    await mkdir(at('there'))
    await writeFile(at('file'), 'of the machine\n')
    const server = await listen(at('socket'))
    try {
      const volumes = (
        [
          ['any', '', at('any')],
          ['made', 'DirectoryOrCreate', at('made/deep')],
          ['there', 'Directory', at('there')],
          ['new-file', 'FileOrCreate', at('new-file')],
          ['file', 'File', at('file')],
          ['socket', 'Socket', at('socket')],
          ['device', 'CharDevice', '/dev/null'],
        ] as const
      ).map(([name, type, path]) => ({ name, hostPath: { path, type } }))
      const script = 'cat /v/file; [ -S /v/socket ] && [ -c /v/device ] && [ -f /v/new-file ] && echo here >/v/made/x && echo here >/v/any/x; sleep 3600'
      const mounts = volumes.map(({ name }) => ({ name, mountPath: `/v/${name}` }))
      await kubectl(['apply', '-f', '-'], JSON.stringify(podWith('hostpath', { volumes, containers: [container('web', script, mounts)] })))
      await until('hostpath', pod => pod?.status.phase === 'Running')
      assert.equal((await stat(at('made/deep'))).mode & 0o777, 0o755)
      assert.equal((await stat(at('new-file'))).mode & 0o777, 0o644)
      await eventually(async () => assert.equal(await readFile(at('any/x'), 'utf8'), 'here\n'))
      assert.equal(await readFile(at('made/deep/x'), 'utf8'), 'here\n')
      assert.equal(await kubectl(['logs', 'hostpath']), 'of the machine\n')
      await kubectl(['delete', 'pod', 'hostpath', '--grace-period=1'])
      assert.equal(await readFile(at('file'), 'utf8'), 'of the machine\n', 'the files of the machine outlive the Pod')
    } finally {
      server.close()
    }
  })

const listen = (path: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(path, () => resolve(server))
  })

async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + 30_000
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}

/** Three containers with the same directory, each with another propagation; one mount made outside, one made inside. */
export const propagation = ({ kubectl, until }: Namespace): Promise<void> =>
  withDirectory(async directory => {
    // Only a shared mount can propagate anything.
    await run('mount', '-t', 'tmpfs', 'tmpfs', directory)
    await run('mount', '--make-shared', directory)
    await mkdir(join(directory, 'outside'))
    await mkdir(join(directory, 'inside'))
    const mounted = (mountPropagation?: string) => [{ name: 'v', mountPath: '/v', mountPropagation }]
    const containers = [
      container('none', 'sleep 3600', mounted()),
      container('in', 'sleep 3600', mounted('HostToContainer')),
      container('both', 'sleep 3600', mounted('Bidirectional'), { securityContext: { privileged: true } }),
    ]
    await kubectl(
      ['apply', '-f', '-'],
      JSON.stringify(podWith('propagation', { volumes: [{ name: 'v', hostPath: { path: directory, type: '' } }], containers })),
    )
    await until('propagation', pod => (pod?.status.containerStatuses ?? []).filter(({ started }) => started).length === 3)
    await run('mount', '-t', 'tmpfs', 'tmpfs', join(directory, 'outside'))
    await writeFile(join(directory, 'outside', 'file'), '')
    const inside = (name: string, script: string) => kubectl(['exec', 'propagation', '-c', name, '--', 'sh', '-c', script])
    await inside('both', 'mount -t tmpfs tmpfs /v/inside && touch /v/inside/file')
    assert.ok(await stat(join(directory, 'inside', 'file')), 'what a container mounts is seen on the machine')
    const seen = await Promise.all(['none', 'in', 'both'].map(name => inside(name, 'cd /v; ls -d */file 2>/dev/null; true')))
    assert.deepEqual(seen, ['', 'inside/file\noutside/file\n', 'inside/file\noutside/file\n'])
    await kubectl(['delete', 'pod', 'propagation', '--grace-period=1'])
  })
