/** The same facts as text: for who does not see the drawing, and for who wants to copy figures. */
import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { durationText } from '../../src/timeline/words.ts'
import { fromText, instantOf, lengthText, nameOf, originText, subjectOf, toText } from './describe.ts'
import type { RunData } from './run_data.ts'

/** A browser gets slow with more; a Pod can be chosen. */
const ROWS_MAX = 2_000

export function SpanTable({ run }: { run: RunData }): JSX.Element {
  const [chosen, choose] = useState('')
  const lanes = run.groups.flatMap(({ group }) => group.pods.map(lane => ({ lane, owner: group.owner })))
  return (
    <FoldedTable
      id="spans-table"
      title="All spans as a table"
      region="Table of spans"
      caption="Spans in the order in which they began"
      columns={['Pod', 'Owner', 'What', 'Of', 'From', 'To', 'Duration', 'How it went', 'Message', 'Known']}
      content={() => {
        const rows = lanes
          .filter(({ lane }) => chosen === '' || lane.id === chosen)
          .flatMap(({ lane, owner }) => lane.rows.flatMap(({ bars }) => bars).map(bar => ({ lane, owner, bar })))
          .sort((a, b) => (a.lane === b.lane ? a.bar.fromMs - b.bar.fromMs : 0))
        return {
          above: (
            <>
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
            </>
          ),
          rows: rows.slice(0, ROWS_MAX).map(({ lane, owner, bar }) => (
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
          )),
        }
      }}
    />
  )
}

export function RequestTable({ run }: { run: RunData }): JSX.Element | null {
  const told = run.requests.filter(({ is }) => is !== 'answered')
  if (told.length === 0) return null
  return (
    <FoldedTable
      id="requests-table"
      title="Lost and slow requests as a table"
      region="Table of requests"
      caption="Requests in the order in which they were planned"
      columns={['Request', 'Planned', 'Took', 'Was', 'Outcome', 'Cause', 'Client', 'Went to']}
      content={() => ({
        above: told.length > ROWS_MAX ? `The first ${ROWS_MAX} of ${told.length} requests` : `${told.length} requests`,
        rows: told.slice(0, ROWS_MAX).map(({ id, atMs, latencyMs, is, outcome, cause, client, target }) => (
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
        )),
      })}
    />
  )
}

interface FoldedTableProps {
  readonly id: string
  readonly title: string
  /** What a screen reader calls the part that scrolls, and the table in it. */
  readonly region: string
  readonly caption: string
  readonly columns: readonly string[]
  /** Asked only when somebody has opened it: rows are many. */
  content(): { readonly above: ComponentChildren; readonly rows: readonly JSX.Element[] }
}

function FoldedTable({ id, title, region, caption, columns, content }: FoldedTableProps): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const shown = isOpen ? content() : undefined
  return (
    <details class="table-details" id={id} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        <h3>{title}</h3>
      </summary>
      {shown ? (
        <>
          <p>{shown.above}</p>
          <div class="scroll" role="region" aria-label={region} tabIndex={0}>
            <table>
              <caption class="sr-only">{caption}</caption>
              <thead>
                <tr>
                  {columns.map(name => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>{shown.rows}</tbody>
            </table>
          </div>
        </>
      ) : null}
    </details>
  )
}
