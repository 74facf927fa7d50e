/** Text between processes: what a program reads from and writes to. */
export interface Input {
  /** The next line without its line feed, or undefined at the end. */
  readLine(): Promise<string | undefined>
  /** Whatever is there, as soon as there is something, or undefined at the end. */
  read(): Promise<string | undefined>
}

export interface Output {
  write(text: string): Promise<void>
}

export interface Pipe extends Input, Output {
  end(): void
}

/** As the kernel's: a writer that is this far ahead of its reader waits. */
const PIPE_BYTES_MAX = 65_536

export function createPipe(): Pipe {
  let buffer = ''
  let ended = false
  let wakeReader = () => {}
  let wakeWriter = () => {}
  const more = () => new Promise<void>(resolve => (wakeReader = resolve))
  return {
    async write(text) {
      if (ended) return
      while (buffer.length > PIPE_BYTES_MAX && !ended) await new Promise<void>(resolve => (wakeWriter = resolve))
      buffer += text
      wakeReader()
    },
    end() {
      ended = true
      wakeReader()
      wakeWriter()
    },
    async read() {
      while (buffer === '' && !ended) await more()
      const text = buffer
      buffer = ''
      wakeWriter()
      return text === '' ? undefined : text
    },
    async readLine() {
      while (!buffer.includes('\n') && !ended) await more()
      if (buffer === '') return undefined
      const end = buffer.indexOf('\n')
      const line = end < 0 ? buffer : buffer.slice(0, end)
      buffer = end < 0 ? '' : buffer.slice(end + 1)
      wakeWriter()
      return line
    },
  }
}

export const emptyInput: Input = { readLine: async () => undefined, read: async () => undefined }

export const nowhere: Output = { write: async () => {} }

export function inputOf(text: string): Input {
  const pipe = createPipe()
  void pipe.write(text)
  pipe.end()
  return pipe
}

/** Collects what is written, up to a bound. */
export function createCollector(charactersMax = 16 * 1024 * 1024): Output & { text(): string } {
  let text = ''
  return {
    async write(more) {
      if (text.length < charactersMax) text += more.slice(0, charactersMax - text.length)
    },
    text: () => text,
  }
}
