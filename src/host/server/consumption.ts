/** Memory and CPU that are used because somebody said so. */

/** Until the process holds so much; what Node.js itself needs counts. */
export function takeMemory(bytes: number): void {
  const lacking = bytes - process.memoryUsage.rss()
  // Written to, because the kernel gives nobody a page that was never touched.
  if (lacking > 0) taken.push(Buffer.alloc(lacking, 1))
}

const taken: Buffer[] = []

/** Nobody else in the process is heard meanwhile, as in any program that computes. */
export function beBusy(cores: number): void {
  if (cores > 0)
    setInterval(() => {
      const until = performance.now() + cores * SLICE_MS
      while (performance.now() < until);
    }, SLICE_MS)
}

const SLICE_MS = 20
