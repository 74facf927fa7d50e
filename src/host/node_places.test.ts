import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressRanges } from './address_ranges.ts'
import { containerdPaths } from './containerd/config.ts'
import { clusterDirectories } from './directories.ts'
import { clusterPlaces, onNode } from './node_places.ts'

const directories = clusterDirectories({ POISE_HOME: '/state' }, 'kind')

test('a single node is the machine itself, named as the cluster', () => {
  const { serversAddress, nodes } = clusterPlaces('kind', addressRanges(2), directories)
  assert.equal(serversAddress, '10.246.0.1')
  assert.deepEqual(nodes, [
    {
      name: 'kind',
      networkName: 'poise2',
      podCidr: '10.246.0.0/16',
      network: undefined,
      containerd: '/state/clusters/kind/containerd',
      kubelet: '/state/clusters/kind/kubelet/kind',
      manifests: '/state/clusters/kind/manifests/kind',
      cgroupRoot: '/poise2/kubepods',
    },
  ])
  assert.deepEqual(onNode(nodes[0]!), [])
})

test('of several, each has a network namespace, an address, a range of Pod addresses and directories of its own', () => {
  const { serversAddress, nodes } = clusterPlaces('kind', addressRanges(2, 3), directories)
  assert.equal(serversAddress, '10.246.255.1')
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['kind-1', 'kind-2', 'kind-3'],
  )
  assert.deepEqual(nodes[1], {
    name: 'kind-2',
    networkName: 'poise2-node2',
    podCidr: '10.246.2.0/24',
    network: { namespace: 'poise2-node2', address: '10.246.255.12', machineAddress: '10.246.255.1' },
    containerd: '/state/clusters/kind/containerd/node2',
    kubelet: '/state/clusters/kind/kubelet/kind-2',
    manifests: '/state/clusters/kind/manifests/kind-2',
    cgroupRoot: '/poise2/node2/kubepods',
  })
  assert.deepEqual(onNode(nodes[1]!), ['nsenter', '--net=/run/netns/poise2-node2', '--'])
})

test('a node more moves none of the others', () => {
  const [three, four] = [3, 4].map(count => clusterPlaces('kind', addressRanges(0, count), directories).nodes)
  assert.deepEqual(four!.slice(0, 3), three)
})

test("its socket's path is hardly longer than that of a single node, and its devices' names are short enough for the kernel", () => {
  const [one, many] = [1, 9].map(count => clusterPlaces('kind', addressRanges(9, count), directories).nodes.at(-1)!)
  const socket = ({ containerd }: typeof one & {}) => containerdPaths(containerd).socket.length
  assert.equal(socket(many!) - socket(one!), '/node9'.length)
  assert.ok(many!.networkName.length <= 15)
})
