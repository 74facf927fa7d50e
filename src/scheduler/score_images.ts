/** The more of its images, in bytes, a node has already, the better; an image that few nodes have counts less, so that not everybody goes there. */
import type { NodeInfo } from './node_info.ts'
import type { Question } from './question.ts'
import type { Snapshot } from './snapshot.ts'

const MI = 1024 * 1024
const LEAST_BYTES = 23 * MI
const MOST_BYTES_EACH = 1_000 * MI

export function scoreImages({ demand: { pod } }: Question, infos: readonly NodeInfo[], { images, nodes }: Snapshot): readonly number[] | undefined {
  const wanted = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(({ image }) => withTag(image)).filter(image => images.has(image))
  if (wanted.length === 0) return undefined
  const most = MOST_BYTES_EACH * (pod.spec.containers.length + (pod.spec.initContainers?.length ?? 0))
  return infos.map(({ node }) => {
    let sum = 0
    for (const image of wanted) {
      const found = images.find(node.metadata.name!, image)
      if (found) sum += Math.floor((found.sizeBytes * found.nodeCount) / nodes.length)
    }
    return Math.floor((100 * (Math.min(Math.max(sum, LEAST_BYTES), most) - LEAST_BYTES)) / (most - LEAST_BYTES))
  })
}

/** As nodes name them. A registry is not filled in: `nginx:1` is not found as `docker.io/library/nginx:1`, in Kubernetes neither. */
const withTag = (image: string): string => (image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image)
