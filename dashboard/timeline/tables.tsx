/** The same facts as text: for who does not see the drawing, and for who wants to copy figures. */
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { durationText } from '../../src/timeline/words.ts'
import { fromText, instantOf, lengthText, nameOf, originText, subjectOf, toText } from './describe.ts'
import type { RunData } from './run_data.ts'

/** A browser gets slow with more; a Pod can be chosen. */
const ROWS_MAX = 2_000

export function SpanTable({ run }: { run: RunData }): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const [chosen, choose] = useState('')
  const lanes = run.groups.flatMap(({ group }) => group.pods.map(lane => ({ lane, owner: group.owner })))
  const rows = isOpen
    ? lanes
        .filter(({ lane }) => chosen === '' || lane.id === chosen)
        .flatMap(({ lane, owner }) => lane.rows.flatMap(({ bars }) => bars).map(bar => ({ lane, owner, bar })))
        .sort((a, b) => (a.lane === b.lane ? a.bar.fromMs - b.bar.fromMs : 0))
    : []
  return (
    <details class="table-details" id="spans-table" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>All spans as a table</h3>
      </summary>
      {isOpen ? (
        <>
          <p>
            <label>
              Pod{' '}
              <select onChange={event => choose(event.currentTarget.value)}>
                <option value="">all</option>
                {lanes.map(({ lane }) => (
                  <option key={lane.id} value={lane.id} selected={lane.id === chosen}>
                    {lane.name}
                  </option>
                ))}
              </select>
            </label>{' '}
            {rows.length > ROWS_MAX ? `The first ${ROWS_MAX} of ${rows.length} spans; choose a Pod to see all of its.` : `${rows.length} spans`}
          </p>
          <div class="scroll" role="region" aria-label="Table of spans" tabIndex={0}>
            <table>
              <caption class="sr-only">Spans in the order in which they began</caption>
              <thead>
                <tr>
                  {['Pod', 'Owner', 'What', 'Of', 'From', 'To', 'Duration', 'How it went', 'Message', 'Known'].map(name => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.slice(0, ROWS_MAX).map(({ lane, owner, bar }) => (
                  <tr key={bar.id}>
                    <th scope="row">{lane.name}</th>
                    <td>{owner}</td>
                    <td>{nameOf(bar)}</td>
                    <td>{subjectOf(bar)}</td>
                    <td class="number">{fromText(run, bar)}</td>
                    <td class="number">{toText(run, bar)}</td>
                    <td class="number">{lengthText(bar)}</td>
                    <td>{bar.label}</td>
                    <td>{bar.span.message ?? ''}</td>
                    <td>{originText(bar)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      ) : null}
    </details>
  )
}

export function RequestTable({ run }: { run: RunData }): JSX.Element | null {
  const [isOpen, setOpen] = useState(false)
  const told = run.requests.filter(({ is }) => is !== 'answered')
  if (told.length === 0) return null
  return (
    <details class="table-details" id="requests-table" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>Lost and slow requests as a table</h3>
      </summary>
      {isOpen ? (
        <>
          <p>{told.length > ROWS_MAX ? `The first ${ROWS_MAX} of ${told.length} requests` : `${told.length} requests`}</p>
          <div class="scroll" role="region" aria-label="Table of requests" tabIndex={0}>
            <table>
              <caption class="sr-only">Requests in the order in which they were planned</caption>
              <thead>
                <tr>
                  {['Request', 'Planned', 'Took', 'Was', 'Outcome', 'Cause', 'Client', 'Went to'].map(name => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {told.slice(0, ROWS_MAX).map(({ id, atMs, latencyMs, is, outcome, cause, client, target }) => (
                  <tr key={id}>
                    <th scope="row">{id}</th>
                    <td class="number">{instantOf(run, atMs)}</td>
                    <td class="number">{durationText(latencyMs)}</td>
                    <td>{is}</td>
                    <td>{outcome}</td>
                    <td>{cause ?? ''}</td>
                    <td>{client}</td>
                    <td>{target ?? 'not known'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      ) : null}
    </details>
  )
}
