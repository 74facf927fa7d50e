/** An image of one layer as an archive in OCI's layout: what `poise load image` and `ctr images import` read. */
import { createHash } from 'node:crypto'
import { tarOf, type TarEntry } from './tar.ts'

export interface ImageParts {
  /** `docker.io/library/busybox:1.28`; several names may point to the same image. */
  readonly names: readonly string[]
  readonly files: readonly TarEntry[]
  /** The image's own configuration: Entrypoint, Cmd, Env, User, StopSignal. */
  readonly config: Readonly<Record<string, unknown>>
}

export function ociArchive({ names, files, config }: ImageParts): Buffer {
  const layer = tarOf(files)
  const image = json({
    architecture: GO_ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
  })
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digest(image), size: image.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digest(layer), size: layer.length }],
  })
  const index = json({
    schemaVersion: 2,
    manifests: names.map(name => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: digest(manifest),
      size: manifest.length,
      annotations: { 'io.containerd.image.name': name },
    })),
  })
  return tarOf([
    { name: 'oci-layout', data: json({ imageLayoutVersion: '1.0.0' }) },
    { name: 'index.json', data: index },
    ...[layer, image, manifest].map(blob => ({ name: `blobs/sha256/${digest(blob).slice('sha256:'.length)}`, data: blob })),
  ])
}

const GO_ARCHITECTURES: Partial<Record<string, string>> = { x64: 'amd64' }
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const digest = (blob: Buffer) => `sha256:${createHash('sha256').update(blob).digest('hex')}`
