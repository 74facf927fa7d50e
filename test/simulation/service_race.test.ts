import { testServiceRace } from '../contracts/service_race.ts'
import { beginSimulatedRace } from './race_site.ts'

testServiceRace({ name: 'simulated', repetitions: 10, deletions: 3, begin: beginSimulatedRace })
