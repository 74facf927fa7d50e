import { render } from 'preact'
import type { PageDocument } from '../../src/timeline/page/document.ts'
import { App } from './app.tsx'
import './style/index.css'

const data = document.getElementById('poise-data')!.textContent!
render(<App document={JSON.parse(data) as PageDocument} />, document.getElementById('page')!)
