// Orders the functions, variables and methods of a served file: like code that is together makes the
// compressed file smaller. sdk_order.json has the order, see search_sdk.mjs. What it does not name
// comes last.
import { parse } from 'acorn'

/**
 * @typedef {{name: string, parts: Part[], methods?: Piece[], needs: string[]}} Piece
 *   a declaration. `parts` come first, `needs` must be declared before it
 * @typedef {[number, number] | string} Part a range of the text, or a text
 */

/** The top-level pieces of a text, in its own order: functions, variables, and exports. @param {string} text */
export function piecesOf (text) {
  const { body } = parse(text, { ecmaVersion: 'latest', sourceType: 'module' })
  const functions = body.filter(({ type }) => type === 'FunctionDeclaration')
  const variables = body.filter(({ type }) => type === 'VariableDeclaration').flatMap(({ declarations }) => declarations)
  const rest = body.filter(({ type }) => !/^(Function|Variable)Declaration$/.test(type))
  if (rest.some(({ type }) => type !== 'ExportNamedDeclaration')) throw new Error(`the code has a top-level ${rest[0].type}`)
  return { functions: functions.map(pieceOf), variables: variables.map(pieceOf), rest: rest.map(rangeOf) }
}

const rangeOf = ({ start, end }) => [start, end]

/** A declaration. A class has its fields first, and its methods in any order. */
function pieceOf ({ id: { name }, init, start, end }) {
  if (init?.type !== 'ClassExpression') return { name, parts: [[start, end]], needs: init ? needsOf(init) : [] }
  const members = init.body.body
  const fields = members.filter(({ type }) => type === 'PropertyDefinition')
  const methods = members.filter((each) => !fields.includes(each))
  return {
    name,
    parts: [[start, init.body.start + 1], ...fields.flatMap((each) => [[each.key.start, each.value?.end ?? each.key.end], ';'])],
    methods: methods.map((each) => ({ name: `${each.kind} ${each.key.name}`, parts: [rangeOf(each)], needs: [] })),
    needs: needsOf(init)
  }
}

/** The names that a value needs when it is made, and not only when it is called. */
function needsOf (node) {
  if (/Function/.test(node.type)) return []
  if (/^(Call|New|TaggedTemplate|Assignment|Update|Await)Expression$/.test(node.type)) throw new Error(`a top-level ${node.type} cannot move`)
  if (node.type === 'Identifier') return [node.name]
  if (node.type === 'ClassExpression') return node.superClass ? needsOf(node.superClass) : []
  return Object.values(node).flat().filter((each) => each?.type).flatMap(needsOf)
}

/**
 * Puts pieces in the order of the names: `order` has those of the top level by '', and those of a class by its name.
 * @param {{functions: Piece[], variables: Piece[], rest: Part[]}} pieces
 * @param {Record<string, string[]>} order
 */
export function arrange ({ functions, variables, rest }, order) {
  const inside = variables.map((each) => each.methods ? { ...each, methods: sorted(each.methods, order[each.name]) } : each)
  return { functions: sorted(functions, order['']), variables: ranked(sorted(inside, order[''])), rest }
}

function sorted (pieces, names = []) {
  const places = new Map(names.map((name, index) => [name, index]))
  const place = ({ name }) => places.get(name) ?? names.length
  return [...pieces].sort((a, b) => place(a) - place(b))
}

/** Each piece after those that it needs. @param {Piece[]} pieces */
function ranked (pieces) {
  const made = new Set()
  const add = (each) => {
    for (const other of pieces) if (other !== each && each.needs.includes(other.name) && !made.has(other)) add(other)
    made.add(each)
  }
  pieces.forEach(add)
  return [...made]
}

/** The text of pieces. @param {{functions: Piece[], variables: Piece[], rest: Part[]}} pieces @param {(part: Part) => string} textOf */
export function write ({ functions, variables, rest }, textOf) {
  const piece = ({ parts, methods }) => parts.map(textOf).join('') + (methods ? `${methods.map(piece).join('')}}` : '')
  return `${functions.map(piece).join('')}var ${variables.map(piece).join(',')};${rest.map(textOf).join('')}`
}

/** The order of pieces, as the file has it. */
export const orderOf = ({ functions, variables }) => Object.fromEntries([
  ['', [...functions, ...variables].map(({ name }) => name)],
  ...variables.filter(({ methods }) => methods?.length > 1).map(({ name, methods }) => [name, methods.map((each) => each.name)])
])
