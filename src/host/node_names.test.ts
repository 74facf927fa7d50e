import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProcesses } from './processes.ts'
import { runNft } from './nftables.ts'
import { renderNames } from './node_names.ts'

const isRoot = process.getuid?.() === 0

test('the rules that lead names to the machine are such as nft takes', { skip: isRoot ? false : 'nft needs root' }, async t => {
  const processes = createProcesses()
  const there = await processes.run('nft', ['--version']).catch(() => undefined)
  if (!there) return t.skip('nft is not installed')
  await runNft(processes, renderNames('poise-test-names', ['127.0.0.53', '127.0.0.1'], '10.244.255.1'), ['nft', '--check'])
  await assert.rejects(runNft(processes, renderNames('poise-test-names', [], '10.244.255.1'), ['nft', '--check']), /nft: /)
})
