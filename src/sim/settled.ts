/**
 * The one wait of the simulation: a macrotask turn, after which every microtask that an event caused has run.
 *
 * It drains promise chains, web streams and request bodies. It does not drain `crypto.subtle`, asynchronous zlib,
 * `fs` promises or a first `import()`: those must stay behind ports, or a run depends on the machine's mood.
 */

/** Captured at load, before any tripwire replaces the global. */
const immediate = globalThis.setImmediate

export const settled = (): Promise<void> => new Promise(resolve => immediate(resolve))
