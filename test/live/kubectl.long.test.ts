/** What kubectl.test.ts leaves to the long run. */
import { isAlwaysHeld } from '../compat/dialogue.ts'
import { holdLiveDialogues } from './hold_live_dialogues.ts'

await holdLiveDialogues((dialogue, version) => !isAlwaysHeld(dialogue, version))
