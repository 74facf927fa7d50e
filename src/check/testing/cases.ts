/**
 * What is diagnosed from what. Read each as: these Pods, these requests, hence these causes. Those that are easily mistaken for
 * each other stand together. Instants are milliseconds after the change began; `stays` is a Pod that is Ready all the time.
 */
import type { DiagnosisCase } from './diagnosis_case.ts'
import { END } from './end_cases.ts'
import { KILL } from './kill_cases.ts'
import { MISSING } from './missing_cases.ts'
import { START } from './start_cases.ts'
import { MIXED, UNCERTAIN } from './uncertain_cases.ts'

export const DIAGNOSIS_CASES: readonly (readonly [string, DiagnosisCase])[] = [START, END, KILL, MISSING, UNCERTAIN, MIXED].flatMap(table =>
  Object.entries(table),
)
