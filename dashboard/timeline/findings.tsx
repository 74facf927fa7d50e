import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PageAdvice } from '../../src/timeline/page/document.ts'
import type { Jump } from './chart.tsx'
import { instantOf } from './describe.ts'
import { CauseMark, UNKNOWN_LOOK, type CauseLook } from './marks.tsx'
import type { RunData } from './run_data.ts'

interface FindingsProps {
  readonly run: RunData
  readonly looks: ReadonlyMap<string, CauseLook>
  readonly jump: (jump: Jump) => void
}

export function Findings({ run, looks, jump }: FindingsProps): JSX.Element | null {
  if (run.findings.length === 0) return null
  return (
    <section class="findings" aria-label="Findings">
      <h3>{run.findings.length === 1 ? 'One cause' : `${run.findings.length} causes`}</h3>
      <div class="cards">
        {run.findings.map((finding, index) => (
          <article key={index} class="card finding">
            <h4>
              <CauseMark look={looks.get(finding.cause) ?? UNKNOWN_LOOK} size={14} /> {finding.title} <code>{finding.cause}</code>
              <span class="tally">{[finding.lost && `${finding.lost} lost`, finding.slow && `${finding.slow} slow`].filter(Boolean).join(', ')}</span>
            </h4>
            <p>{finding.summary}</p>
            {finding.evidence.length > 0 ? (
              <ol class="evidence" aria-label="Evidence">
                {finding.evidence.map(({ atMs, text, pod }, place) => (
                  <li key={place}>
                    {atMs === undefined ? (
                      <span class="no-instant">{text}</span>
                    ) : (
                      <button type="button" onClick={() => jump({ atMs, pod, text })} title="Show it in the timeline">
                        <time>{instantOf(run, atMs).split(' (')[0]}</time>
                        <span>{text}</span>
                      </button>
                    )}
                  </li>
                ))}
              </ol>
            ) : null}
            {finding.advice.map((advice, place) => (
              <Advice key={place} advice={advice} />
            ))}
            {finding.docs ? <p class="docs">More: {finding.docs}</p> : null}
          </article>
        ))}
      </div>
    </section>
  )
}

function Advice({ advice: { text, code } }: { advice: PageAdvice }): JSX.Element {
  return (
    <div class="advice">
      <p>
        <strong>Change:</strong> {text}
      </p>
      {code ? (
        <figure>
          <figcaption>
            {code.label} <CopyButton text={code.text} />
          </figcaption>
          <pre tabIndex={0}>
            <code>{code.text}</code>
          </pre>
        </figure>
      ) : null}
    </div>
  )
}

function CopyButton({ text }: { text: string }): JSX.Element {
  const [said, say] = useState('')
  const copy = (): void =>
    void copyText(text).then(
      () => say('Copied'),
      () => say('Select the text and copy it'),
    )
  return (
    <>
      <button type="button" onClick={copy}>
        Copy
      </button>
      <span class="copied" role="status">
        {said}
      </span>
    </>
  )
}

/** A page from a file may not always use the clipboard's interface; the old way works there. */
async function copyText(text: string): Promise<void> {
  const isCopied = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  )
  if (isCopied) return
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'sr-only'
  document.body.append(area)
  area.select()
  const isDone = document.execCommand('copy')
  area.remove()
  if (!isDone) throw new Error('the browser does not let a page copy')
}
