import { testServiceRace } from '../contracts/service_race.ts'
import { beginSimulatedRace } from './race_site.ts'

testServiceRace({ name: 'simulated', repetitions: 50, deletions: 50, begin: beginSimulatedRace })
