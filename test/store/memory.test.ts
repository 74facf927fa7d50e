import { createMemoryStore } from '../../src/store/memory_store.ts'
import { storeContract } from '../contracts/store.ts'

storeContract('memory', async options => createMemoryStore(options))
