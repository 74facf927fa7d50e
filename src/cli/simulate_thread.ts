/** A thread of `poise check --simulate`: runs one seed after the other, as it is asked. */
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../base/error_message.ts'
import { planSimulation, type SimulationWords } from '../check/simulate/plan_simulation.ts'
import { runSeed, summaryOf, type SeedQuestion } from '../check/simulate/run_seed.ts'
import type { SeedSummary } from '../check/simulate/simulation_report.ts'
import type { Reply } from '../host/threads.ts'

const plan = planSimulation(workerData as SimulationWords)
/** Before a world that runs forbids it. */
const port = parentPort!

port.on('message', (question: SeedQuestion) => {
  const tell = (reply: Reply<SeedSummary>) => port.postMessage(reply)
  runSeed(plan, question).then(
    run => tell({ is: 'answered', answer: summaryOf(run) }),
    (error: unknown) =>
      tell({ is: 'failed', message: error instanceof Error && error.cause ? `${messageOf(error)}: ${messageOf(error.cause)}` : messageOf(error) }),
  )
})
