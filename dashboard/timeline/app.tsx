/** The page: what was found, a tab for each run, and what cannot be seen. */
import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { durationText } from '../../src/timeline/words.ts'
import type { PageCheck, PageDocument, PageVerdict } from '../../src/timeline/page/document.ts'
import { Chart, type Jump } from './chart.tsx'
import { Findings } from './findings.tsx'
import { looksOf, type CauseLook } from './marks.tsx'
import { runData } from './run_data.ts'
import { RequestTable, SpanTable } from './tables.tsx'
import { ThemeToggle } from './theme.tsx'

export function App({ document: { title, subtitle, verdict, notes, runs } }: { document: PageDocument }): JSX.Element {
  const [chosen, choose] = useState(0)
  const looks = useMemo(() => looksOf(runs.flatMap(({ check }) => check?.findings.map(({ cause }) => cause) ?? [])), [runs])
  const isTabbed = runs.length > 1
  const select = (index: number, isByKey: boolean): void => {
    const next = (index + runs.length) % runs.length
    choose(next)
    if (isByKey) document.getElementById(`tab-${next}`)?.focus()
  }
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="page-header">
        <div>
          <h1>{title}</h1>
          {subtitle ? <p class="subtitle">{subtitle}</p> : null}
        </div>
        {verdict ? (
          <p class={`verdict verdict-${verdict.is}`}>
            <VerdictMark is={verdict.is} />
            {verdict.text}
          </p>
        ) : null}
        <ThemeToggle />
      </header>
      <main id="main" tabIndex={-1}>
        {isTabbed ? (
          <div class="tabs" role="tablist" aria-label="Runs">
            {runs.map(({ name, check }, index) => (
              <button
                key={index}
                type="button"
                role="tab"
                id={`tab-${index}`}
                aria-selected={index === chosen}
                aria-controls="panel"
                tabIndex={index === chosen ? 0 : -1}
                onClick={() => select(index, false)}
                onKeyDown={event => {
                  const target = { ArrowRight: chosen + 1, ArrowLeft: chosen - 1, Home: 0, End: runs.length - 1 }[event.key]
                  if (target === undefined) return
                  event.preventDefault()
                  select(target, true)
                }}
              >
                {check ? <VerdictMark is={check.verdict} /> : null}
                {name}
                {check ? <span class="tally">{check.lost === 0 ? 'none lost' : `${check.lost.toLocaleString('en')} lost`}</span> : null}
              </button>
            ))}
          </div>
        ) : null}
        <RunPanel key={chosen} run={runs[chosen]} looks={looks} isTabbed={isTabbed} index={chosen} />
      </main>
      <footer>
        {notes.length > 0 ? (
          <section aria-label="What to know">
            <h2>What to know</h2>
            <ul>
              {notes.map((note, index) => (
                <li key={index}>{note}</li>
              ))}
            </ul>
          </section>
        ) : null}
        <p>Made by Poise. This file holds all of its data and asks nobody for anything.</p>
      </footer>
    </>
  )
}

interface RunPanelProps {
  readonly run: PageDocument['runs'][number] | undefined
  readonly looks: ReadonlyMap<string, CauseLook>
  readonly isTabbed: boolean
  readonly index: number
}

function RunPanel({ run, looks, isTabbed, index }: RunPanelProps): JSX.Element {
  const [jump, setJump] = useState<Jump | undefined>(undefined)
  const data = useMemo(() => (run ? runData(run) : undefined), [run])
  const panel = isTabbed ? ({ role: 'tabpanel', id: 'panel', 'aria-labelledby': `tab-${index}` } as const) : {}
  if (!data || data.groups.length === 0) return <div {...panel}>There is no timeline to show: no Pod was seen, or no instant of any is known.</div>
  return (
    <div {...panel} class="panel">
      <h2 class="sr-only">{data.name}</h2>
      {data.check ? <Summary check={data.check} drawn={data.requests.length} /> : null}
      <Findings run={data} looks={looks} jump={setJump} />
      <Chart run={data} looks={looks} jump={jump} />
      <SpanTable run={data} />
      <RequestTable run={data} />
    </div>
  )
}

function Summary({ check: { summary, sent, lost, slow, latencyMs }, drawn }: { check: PageCheck; drawn: number }): JSX.Element {
  const number = (value: number): string => value.toLocaleString('en')
  const tiles: readonly (readonly [string, string, string?])[] = [
    ['sent', number(sent)],
    ['lost', number(lost), lost > 0 ? 'is-bad' : 'is-good'],
    ['slow', number(slow), slow > 0 ? 'is-slow' : undefined],
    ['median', durationText(latencyMs.p50)],
    ['95 % within', durationText(latencyMs.p95)],
    ['99 % within', durationText(latencyMs.p99)],
    ['longest', durationText(latencyMs.max)],
  ]
  return (
    <section class="summary" aria-label="Summary">
      <p class="sentence">{summary}</p>
      <dl class="tiles">
        {tiles.map(([name, value, kind]) => (
          <div key={name} class={`tile ${kind ?? ''}`}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {drawn < sent ? (
        <p class="thinned">
          {number(drawn)} of {number(sent)} requests are drawn: the others, all answered in time unless the notes say otherwise, were left out to keep this file
          small.
        </p>
      ) : null}
    </section>
  )
}

const VerdictMark = ({ is }: { is: PageVerdict }): JSX.Element => (
  <svg class={`verdict-mark verdict-mark-${is}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d={VERDICT_SHAPES[is]} />
  </svg>
)

const VERDICT_SHAPES: Readonly<Record<PageVerdict, string>> = { clean: 'M3 8.5 6.5 12 13 4.5', lost: 'M4 4l8 8M12 4l-8 8', unfinished: 'M8 3v6M8 12.4v.2' }
