import { after } from 'node:test'
import { testServiceRace } from '../contracts/service_race.ts'
import { RACE_IMAGES, startRealRace, type RealRace } from './race_site.ts'
import { reasonToSkip } from './site.ts'

let race: Promise<RealRace> | undefined
after(async () => (await race)?.close())

testServiceRace({
  name: 'real containers',
  skip: await reasonToSkip(RACE_IMAGES),
  repetitions: 50,
  deletions: 20,
  mayLoseNone: true,
  begin: async options => (await (race ??= startRealRace())).begin(options),
})
