import { isAlwaysHeld } from '../compat/dialogue.ts'
import { holdLiveDialogues } from './hold_live_dialogues.ts'

await holdLiveDialogues(isAlwaysHeld)
