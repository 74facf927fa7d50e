/** The dialogues in test/golden/kubectl, held by stock kubectl: `isAlwaysHeld` says which version holds which. */
import { isAlwaysHeld } from './dialogue.ts'
import { holdDialogues } from './hold_dialogues.ts'

holdDialogues((dialogue, version) => process.env['POISE_RECORD'] !== undefined || isAlwaysHeld(dialogue, version))
