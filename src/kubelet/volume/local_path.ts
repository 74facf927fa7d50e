/**
 * Directories of this node that are PersistentVolumes: made and removed when the provisioner of poise.dev/local-path asks.
 * All are side by side below one root, and nothing else is ever touched.
 */
import { badRequest } from '../../api/status.ts'
import type { KubeletContext } from '../context.ts'
import { removeWithMounts } from './removal.ts'

export interface LocalPathDirectories {
  /** Made once; again without harm. Answers with where it is. */
  make(name: string): Promise<string>
  /** With everything in it. No error when it is gone already. */
  remove(path: string): Promise<void>
}

/** Containers run as all kinds of users, and the kubelet gives it to a group where a Pod asks for that. */
const MODE = 0o777
const ROOT_MODE = 0o755
/** One step of a path that is neither hidden nor leads up: names of volumes, namespaces and claims, joined. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/
const NAME_LENGTH_MAX = 255

export function createLocalPathDirectories({ host, directories: { localPath: root } }: Pick<KubeletContext, 'host' | 'directories'>): LocalPathDirectories {
  return {
    async make(name) {
      checkName(name)
      await host.disk.makeDirectory(root, { mode: ROOT_MODE })
      const path = `${root}/${name}`
      // What is there is somebody's data, and its mode is theirs.
      if (!(await host.disk.stat(path))) await host.disk.makeDirectory(path, { mode: MODE })
      return path
    },
    async remove(path) {
      if (!path.startsWith(`${root}/`)) throw badRequest(`${path} is not a directory of poise.dev/local-path`)
      const name = path.slice(root.length + 1)
      checkName(name)
      await removeWithMounts(host, `${root}/${name}`)
    },
  }
}

function checkName(name: string): void {
  if (!NAME.test(name) || name.length > NAME_LENGTH_MAX) throw badRequest(`${JSON.stringify(name)} is no name of a directory of poise.dev/local-path`)
}
