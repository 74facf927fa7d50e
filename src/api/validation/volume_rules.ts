/** Rules that PersistentVolumes and claims share. */
import { forbidden, invalidValue, notSupported, type FieldError } from '../field_error.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'

const ACCESS_MODES = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod']
const ONE_POD = 'ReadWriteOncePod'

export const validateAccessModes = (modes: readonly string[], path: string): FieldError[] => [
  ...modes.filter(mode => !ACCESS_MODES.includes(mode)).map(mode => notSupported(path, mode, ACCESS_MODES)),
  ...(modes.includes(ONE_POD) && modes.some(mode => mode !== ONE_POD && ACCESS_MODES.includes(mode))
    ? [forbidden(path, 'may not use ReadWriteOncePod with other access modes')]
    : []),
]

export const positiveQuantity = (quantity: string, path: string): FieldError[] =>
  parseQuantity(quantity) && compareQuantities(quantity, '0') <= 0 ? [invalidValue(path, quantity, 'must be greater than zero')] : []
