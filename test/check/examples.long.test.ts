/** Every cause is named on its own example, in virtual time: whatever the seed. */
import { test } from 'node:test'
import { assertNamedInVirtualTime, examples } from './examples.ts'

const SEEDS = 20

for (const example of examples) test(example.promise, () => assertNamedInVirtualTime(example, SEEDS))
