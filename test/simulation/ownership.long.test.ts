import { testAdoption } from './adoption.ts'
import { testOwnership } from './ownership_stories.ts'

const seeds = Array.from({ length: 1000 }, (_, i) => i + 10_000)
testOwnership(seeds)
testAdoption(seeds)
