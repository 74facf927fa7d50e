import type { Readable } from 'node:stream'
import type { WatchEvent, WatchStream } from '../../base/transport.ts'

/** The events of a watch, from lines of JSON as they come. A line that is cut in half by the end is dropped. `cancel` tells the server to end. */
export function readWatch(stream: Readable, cancel: () => void): WatchStream {
  return {
    start(sink) {
      let over = false
      const stop = () => {
        if (over) return
        over = true
        cancel()
      }
      const lines = splitLines(line => {
        if (over) return
        const event = parse(line)
        if (event) return sink.event(event)
        // Not ours to guess what was meant: the watch ends, and its owner starts again from what it knows.
        stop()
        sink.end()
      })
      stream.on('data', lines)
      stream.once('close', () => {
        if (over) return
        over = true
        sink.end()
      })
      return { stop }
    },
  }
}

function parse(line: Buffer): WatchEvent | undefined {
  try {
    const { type, object } = JSON.parse(line.toString('utf8')) as Pick<WatchEvent, 'type' | 'object'>
    return { type, object, json: () => line }
  } catch {
    return undefined
  }
}

const LINE_FEED = 10

/** Lines with their line feed. */
function splitLines(take: (line: Buffer) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  return chunk => {
    let from = 0
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      parts.push(chunk.subarray(from, at + 1))
      take(parts.length === 1 ? parts[0]! : Buffer.concat(parts))
      parts = []
      from = at + 1
    }
    if (from < chunk.length) parts.push(chunk.subarray(from))
  }
}
