/** What is in an image, told by its name: its programs, its default command and the signal that stops it. */
import { DEFAULT_SETTINGS, SERVER_IMAGE } from '../../base/server_settings.ts'
import { filePrograms } from './commands/files.ts'
import { networkPrograms } from './commands/network.ts'
import { systemPrograms } from './commands/system.ts'
import { textPrograms } from './commands/text.ts'
import { apache, busyboxHttpd, model, nginx, pause, server, stressNg } from './programs.ts'
import type { Program, Signal } from './process.ts'

export interface ImageModel {
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly workingDir: string
  readonly stopSignal: Signal
  readonly sizeBytes: number
  readonly programs: ReadonlyMap<string, Program>
  /** Directories and files beside the usual ones. A name that ends in `/` is a directory. */
  readonly files: Readonly<Record<string, string>>
  /** What runs for a command the image is not known to have; undefined: such a command cannot be started. */
  readonly unknownProgram: Program | undefined
}

const busybox: Readonly<Record<string, Program>> = { ...systemPrograms, ...filePrograms, ...textPrograms, ...networkPrograms, httpd: busyboxHttpd }
/** A Debian image without extras: no ps, no killall, no wget, no nslookup. */
const debian = without(busybox, ['ash', 'killall', 'pidof', 'ps', 'top', 'nslookup', 'wget', 'curl', 'nc', 'httpd'])
const busyboxOnly = without(busybox, ['bash', 'curl'])
const MiB = 1024 * 1024

const WELCOME = '<!DOCTYPE html>\n<html>\n<head>\n<title>Welcome to nginx!</title>\n</head>\n<body>\n<h1>Welcome to nginx!</h1>\n</body>\n</html>\n'

/** The first pattern that fits the image's name (without registry and tag: `library/nginx` is `nginx`) decides. */
export function imageModel(image: string): ImageModel {
  // Ours goes by its whole name: anybody may have an image that is called server.
  if (image === SERVER_IMAGE)
    return { ...PLAIN, entrypoint: ['server'], sizeBytes: 90 * MiB, programs: programsOf(busyboxOnly, { server }), stopSignal: 'TERM' }
  const { name, tag } = nameAndTag(image)
  const isAlpine = tag.includes('alpine')
  if (name === 'nginx' || name === 'myapp') {
    const isMyApp = name === 'myapp'
    return {
      ...PLAIN,
      entrypoint: isMyApp ? [] : tag.startsWith('1.12') ? [] : ['/docker-entrypoint.sh'],
      command: ['nginx', '-g', 'daemon off;'],
      stopSignal: tag.startsWith('1.12') || isMyApp ? 'TERM' : 'QUIT',
      sizeBytes: (isAlpine || isMyApp ? 15 : 70) * MiB,
      programs: programsOf(isAlpine || isMyApp ? busyboxOnly : { ...debian, curl: networkPrograms.curl! }, { nginx, 'docker-entrypoint.sh': execEntrypoint }),
      files: {
        '/usr/share/nginx/html/': '',
        '/usr/share/nginx/html/index.html': isMyApp ? `Hello MyApp | Version: ${tag} | <a href="hostname.html">Pod Name</a>\n` : WELCOME,
        '/etc/nginx/': '',
      },
    }
  }
  if (name === 'httpd')
    return {
      ...PLAIN,
      command: ['httpd-foreground'],
      stopSignal: 'WINCH',
      sizeBytes: 60 * MiB,
      programs: programsOf(debian, { httpd: apache, 'httpd-foreground': apache }),
      files: { '/usr/local/apache2/htdocs/': '', '/usr/local/apache2/htdocs/index.html': '<html><body><h1>It works!</h1></body></html>\n' },
    }
  if (name === 'busybox') return { ...PLAIN, command: ['sh'], sizeBytes: 2 * MiB, programs: programsOf(busyboxOnly) }
  if (name === 'alpine') return { ...PLAIN, command: ['/bin/sh'], sizeBytes: 4 * MiB, programs: programsOf(busyboxOnly) }
  if (name === 'debian' || name === 'ubuntu') return { ...PLAIN, command: ['bash'], sizeBytes: 45 * MiB, programs: programsOf(debian) }
  if (name === 'stress-ng')
    return { ...PLAIN, entrypoint: ['/usr/bin/stress-ng'], sizeBytes: 12 * MiB, programs: programsOf(busyboxOnly, { 'stress-ng': stressNg }) }
  if (name === 'pause') return { ...PLAIN, entrypoint: ['/pause'], sizeBytes: MiB, programs: programsOf({}, { pause }) }
  // Nothing is known of it: it holds a busybox, and whatever else is started in it is a server that stops as told.
  const unknown = model({ ...DEFAULT_SETTINGS, startMs: 100, ports: [80] })
  return { ...PLAIN, command: ['/server'], sizeBytes: 40 * MiB, programs: programsOf(busybox), unknownProgram: unknown }
}

const PLAIN = {
  entrypoint: [],
  command: [],
  env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  workingDir: '/',
  stopSignal: 'TERM',
  files: {},
  unknownProgram: undefined,
} as const

/** nginx' and others' entrypoint scripts end in `exec "$@"`. */
const execEntrypoint: Program = async process => {
  const args = process.args.slice(1)
  const program = process.guest.program(args[0] ?? '')
  if (!program) {
    await process.complain(`/docker-entrypoint.sh: exec: ${args[0] ?? ''}: not found\n`)
    return 127
  }
  process.args = args
  return program(process)
}

export function nameAndTag(image: string): { name: string; tag: string } {
  const withoutDigest = image.split('@')[0]!
  const last = withoutDigest.slice(withoutDigest.lastIndexOf('/') + 1)
  const [name = '', tag = 'latest'] = last.split(':')
  return { name, tag }
}

function programsOf(...sets: readonly Readonly<Record<string, Program>>[]): ReadonlyMap<string, Program> {
  return new Map(sets.flatMap(set => Object.entries(set)))
}

function without(set: Readonly<Record<string, Program>>, names: readonly string[]): Readonly<Record<string, Program>> {
  return Object.fromEntries(Object.entries(set).filter(([name]) => !names.includes(name)))
}
