/**
 * What is diagnosed from what. Read each as: these Pods, these requests, hence these causes. Those that are easily mistaken for
 * each other stand together. Instants are milliseconds after the change began; `stays` is a Pod that is Ready all the time.
 */
import type { DiagnosisCase } from './testing/diagnosis_case.ts'
import { END } from './testing/end_cases.ts'
import { KILL } from './testing/kill_cases.ts'
import { MISSING } from './testing/missing_cases.ts'
import { START } from './testing/start_cases.ts'
import { MIXED, UNCERTAIN } from './testing/uncertain_cases.ts'

export const DIAGNOSIS_CASES: readonly (readonly [string, DiagnosisCase])[] = [START, END, KILL, MISSING, UNCERTAIN, MIXED].flatMap(table =>
  Object.entries(table),
)
