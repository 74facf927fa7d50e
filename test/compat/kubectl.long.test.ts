/** What kubectl.test.ts leaves to the long run. */
import { isAlwaysHeld } from './dialogue.ts'
import { holdDialogues } from './hold_dialogues.ts'

holdDialogues((dialogue, version) => !isAlwaysHeld(dialogue, version))
