/** Which images are on how many nodes. */
import { deepEqual } from '../api/deep.ts'
import type { Node } from '../api/kinds/node.ts'

export interface NodeImages {
  /** Whether any node has it. */
  has(image: string): boolean
  /** The size on this node in bytes, and how many nodes have it; undefined if this one has not. */
  find(nodeName: string, image: string): { readonly sizeBytes: number; readonly nodeCount: number } | undefined
}

export interface KeptNodeImages extends NodeImages {
  setNode(name: string, before: Node | undefined, node: Node | undefined): void
}

export function createNodeImages(): KeptNodeImages {
  /** By image, then by node: bytes. */
  const sizes = new Map<string, Map<string, number>>()
  return {
    has: image => sizes.has(image),
    find(nodeName, image) {
      const onNodes = sizes.get(image)
      const sizeBytes = onNodes?.get(nodeName)
      return sizeBytes === undefined ? undefined : { sizeBytes, nodeCount: onNodes!.size }
    },
    setNode(nodeName, before, node) {
      if (deepEqual(before?.status?.images ?? [], node?.status?.images ?? [])) return
      for (const image of namesOf(before)) {
        const onNodes = sizes.get(image.name)
        onNodes?.delete(nodeName)
        if (onNodes?.size === 0) sizes.delete(image.name)
      }
      for (const { name, sizeBytes } of namesOf(node)) {
        const onNodes = sizes.get(name) ?? new Map<string, number>()
        sizes.set(name, onNodes.set(nodeName, sizeBytes))
      }
    },
  }
}

const namesOf = (node: Node | undefined) =>
  (node?.status?.images ?? []).flatMap(({ names = [], sizeBytes = 0 }) => names.map(name => ({ name, sizeBytes: Number(sizeBytes) })))
