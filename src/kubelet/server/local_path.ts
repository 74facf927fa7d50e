/** What the provisioner of poise.dev/local-path asks of a node: `POST /localPath/<name>` makes a directory, `DELETE /localPath?path=` removes one. */
import { failure } from '../../api/status.ts'
import { LOCAL_PATH_USER } from '../../api/storage.ts'
import type { Request } from '../../base/transport.ts'
import type { LocalPathDirectories } from '../volume/local_path.ts'

/** Answers with what is sent back. Throws ApiError. */
export async function answerLocalPath(directories: LocalPathDirectories, name: string, { method, query, user }: Request): Promise<object> {
  // Not even users of nodes/proxy: this removes data.
  if (user?.name !== LOCAL_PATH_USER) throw failure(403, 'Forbidden', `${JSON.stringify(user?.name ?? '')} may not change the directories of volumes`)
  switch (method) {
    case 'POST':
      return { path: await directories.make(name) }
    case 'DELETE':
      await directories.remove(query.get('path') ?? '')
      return {}
    default:
      throw failure(405, 'MethodNotAllowed', `${method} is not allowed here`)
  }
}
