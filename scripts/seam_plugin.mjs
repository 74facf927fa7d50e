/**
 * Lint rules for what the stock ones cannot say: the seam lets no clock and no lazy import past.
 */
const sayInstead = {
  date: 'The time comes from the clock you were given: use host.clock.wall() (or now() for durations). new Date(ms) is fine.',
  import: 'A first import() finishes when the machine likes, so a simulation cannot wait for it: import at the top, or from host/ or cli/.',
}

const noBareDate = {
  create: context => ({
    NewExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0) context.report({ node, message: sayInstead.date })
    },
    CallExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date') context.report({ node, message: sayInstead.date })
    },
  }),
}

const noLazyImport = {
  create: context => ({
    ImportExpression: node => context.report({ node, message: sayInstead.import }),
  }),
}

export default { meta: { name: 'seam' }, rules: { 'no-bare-date': noBareDate, 'no-lazy-import': noLazyImport } }
