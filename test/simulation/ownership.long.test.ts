import { testOwnership } from './ownership_stories.ts'

testOwnership(Array.from({ length: 1000 }, (_, i) => i + 10_000))
