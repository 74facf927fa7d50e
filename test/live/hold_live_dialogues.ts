/** The dialogues with stock kubectl that need real processes: streams, terminals and files. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { dialogues, hold, VERSIONS, type Dialogue } from '../compat/dialogue.ts'
import { findKubectl, type KubectlVersion } from '../compat/kubectl.ts'
import { reasonToSkip, startSite, type Site } from './site.ts'

const IMAGES = ['busybox:1.28']

export async function holdLiveDialogues(isHeld: (dialogue: Dialogue, version: KubectlVersion) => boolean): Promise<void> {
  const unfit = await reasonToSkip(IMAGES)
  const kubectls = await Promise.all(VERSIONS.map(findKubectl))

  describe('stock kubectl and real containers', { skip: unfit ?? false }, () => {
    let site: Site
    let directory: string
    before(async () => {
      site = await startSite(IMAGES)
      directory = await mkdtemp(join(tmpdir(), 'poise-compat-'))
    })
    after(async () => {
      await site?.close()
      await rm(directory, { recursive: true, force: true })
    })

    for (const [index, version] of VERSIONS.entries()) {
      const { path: kubectl, skip } = kubectls[index]!
      describe(`kubectl ${version}`, { concurrency: 4 }, () => {
        for (const dialogue of dialogues('live').filter(one => isHeld(one, version))) {
          test(`kubectl ${version}: ${dialogue.sentence}`, { skip }, () =>
            hold(dialogue, { version, kubectl: kubectl!, kubeconfig: site.kubeconfig, directory }),
          )
        }
      })
    }
  })
}
