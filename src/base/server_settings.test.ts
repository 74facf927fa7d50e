import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_SETTINGS, parseSettings, parseWords } from './server_settings.ts'

test('an annotation is read name by name, and the rest stays as it was', () => {
  assert.deepEqual(
    parseSettings(
      'start=2s, listen=8080+9090 ,drain=1m,exit=3,term=ignore,answer=20ms, idle=75s,status=503,grpc=NOT_SERVING,memory=64Mi,cpu=0.25,after=1.5s,stop=QUIT+INT,health=/ready,warm=3s,tires=100',
    ),
    {
      startMs: 2_000,
      ports: [8080, 9090],
      drainMs: 60_000,
      exitCode: 3,
      term: 'ignore',
      answerMs: [20, 20],
      idleMs: 75_000,
      status: 503,
      grpc: 'NOT_SERVING',
      memoryBytes: 64 * 2 ** 20,
      cpus: 0.25,
      afterMs: 1_500,
      stopSignals: ['QUIT', 'INT'],
      healthPath: '/ready',
      warmMs: 3_000,
      tiresAfter: 100,
    },
  )
  assert.deepEqual(parseSettings(''), DEFAULT_SETTINGS)
  assert.deepEqual(parseSettings('listen=none').ports, [])
  assert.deepEqual(parseSettings('answer=1ms-0.5s').answerMs, [1, 500])
  assert.deepEqual(parseWords(['start=2s', 'exit=3']), parseSettings('start=2s, exit=3'))
})

test('what cannot be understood is named', () => {
  for (const [text, message] of [
    ['start=soon', 'start=soon: must be a duration such as 300ms, 2s or 1m'],
    ['begin=2s', 'begin=2s: unknown name "begin"'],
    ['drain', 'drain: must be name=value'],
    ['term=maybe', 'term=maybe: must be one of drain, fast, ignore'],
    ['answer=2s-1s', 'answer=2s-1s: must be a duration, or the shortest and the longest such as 1ms-20ms'],
    ['stop=USR1', 'stop=USR1: must be one of TERM, INT, QUIT'],
    ['health=ready', 'health=ready: must be a path such as /ready'],
    ['tires=5', 'tires=5: nothing would tell; give a health path, too, such as health=/healthy'],
    ['memory=lots', 'memory=lots: must be a size such as 64Mi'],
  ] as const)
    assert.throws(() => parseSettings(text), { name: 'SettingsError', message })
})
