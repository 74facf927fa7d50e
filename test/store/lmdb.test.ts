import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openDurableStore } from '../../src/host/store_lmdb.ts'
import { storeContract } from '../contracts/store.ts'

const root = mkdtempSync(join(tmpdir(), 'poise-store-'))
let stores = 0
after(() => rmSync(root, { recursive: true }))

storeContract('lmdb', options => openDurableStore(join(root, `store.${stores++}`), options))
