/**
 * The program of the image poise.dev/server: a server that starts, answers and stops as its arguments say.
 *
 *   server start=2s listen=8080 term=fast
 *
 * It runs from the image with Node.js alone, so that it may import only base/server_settings.ts and its own folder.
 */
import { SERVER_PORT, DEFAULT_SETTINGS, parseWords, SettingsError, type ServerSettings } from '../../base/server_settings.ts'
import { beBusy, takeMemory } from './consumption.ts'
import { serve } from './serve.ts'

const FOR_EVER_MS = 2 ** 31 - 1

try {
  await live(possible(parseWords(process.argv.slice(2), { ...DEFAULT_SETTINGS, ports: [SERVER_PORT] })))
} catch (error) {
  process.stderr.write(`server: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(error instanceof SettingsError ? 2 : 1)
}

async function live(settings: ServerSettings): Promise<void> {
  const { stopSignals, term, startMs, afterMs, exitCode, memoryBytes, cpus } = settings
  let server: Awaited<ReturnType<typeof serve>> | undefined
  let isTold = false
  const stop = () => {
    if (term === 'ignore' || isTold) return
    isTold = true
    if (term === 'fast' || !server) process.exit(exitCode)
    void server.drained().then(() => process.exit(exitCode))
  }
  // Of the other signals none is handled: a first process does not hear them, any other one ends.
  for (const signal of stopSignals) process.on(`SIG${signal}`, stop)
  if (afterMs !== undefined) setTimeout(() => process.exit(exitCode), afterMs)
  else setInterval(() => {}, FOR_EVER_MS)
  if (startMs > 0) await new Promise(resolve => setTimeout(resolve, startMs))
  server = await serve(settings)
  takeMemory(memoryBytes)
  beBusy(cpus)
}

/** What only a model of a server can do is refused here, and never left out. */
function possible(settings: ServerSettings): ServerSettings {
  if (settings.grpc) throw new SettingsError(`grpc=${settings.grpc}: only simulated containers speak gRPC; a real one answers HTTP`)
  if (settings.cpus > 1) throw new SettingsError(`cpu=${settings.cpus}: a real process has one core to keep busy, so at most 1`)
  return settings
}
