/** One cluster with real containers on which many checks run at the same time, each in a namespace of its own. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '../../src/base/log.ts'
import { SERVER_IMAGE } from '../../src/base/server_settings.ts'
import { startRealSite } from '../../src/check/real_site.ts'
import type { CheckSite } from '../../src/check/site.ts'
import { inspectMachine } from '../../src/host/containerd/machine.ts'
import type { Example } from '../check/examples.ts'
import { buildImages } from '../images/build.ts'
import { imageCache } from './site.ts'

/** Why there can be no such cluster on this machine, if there cannot. */
export async function reasonToSkipChecks(examples: readonly Example[]): Promise<string | undefined> {
  try {
    await inspectMachine()
    await buildImages(published(examples), imageCache)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export async function startCheckSite(examples: readonly Example[]): Promise<CheckSite> {
  const base = await mkdtemp(join(tmpdir(), 'poise-check-'))
  const removeBase = () => rm(base, { recursive: true, force: true })
  try {
    const site = await startRealSite({
      env: { ...process.env, POISE_HOME: base },
      imageArchives: await buildImages(published(examples), imageCache),
      images: [SERVER_IMAGE],
      log: silentLog,
    })
    return { ...site, close: () => site.close().finally(removeBase) }
  } catch (error) {
    await removeBase()
    throw error
  }
}

/** Those that other people publish, and that are rebuilt here. */
const published = (examples: readonly Example[]): string[] => [...new Set(examples.map(({ image }) => image))].filter(image => image !== SERVER_IMAGE)
