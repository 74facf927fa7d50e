/**
 * Every dialogue in test/golden/kubectl, held by stock kubectl. The version whose words are the rule and the oldest one
 * hold them all, those between hold the ones that they word in their own way, and the rest in the long run.
 */
import { isAlwaysHeld } from './dialogue.ts'
import { holdDialogues } from './hold_dialogues.ts'

holdDialogues((dialogue, version) => process.env['POISE_RECORD'] !== undefined || isAlwaysHeld(dialogue, version))
