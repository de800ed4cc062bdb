// Finds what each name in a module means: its variables with their scopes, the private members of its
// classes, and the members with a short name. So names can change without a change of meaning.
//
// The code comes from terser. So it has no `with`, no `eval`, no label and no `arguments`.
import { parse } from 'acorn'

/**
 * @typedef {{name: string, key: string, depth: number, places: Place[], near: Set<Variable>, banned: Set<string>}} Variable
 *   `key` names it over changes of other code, `near` are variables that need other names, `banned` names that it cannot have
 * @typedef {{start: number, end: number, before?: string, after?: string}} Place
 */

/** Members with this sign in front get a short name. */
export const SHORTENED = '$'

const FUNCTIONS = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']
const BLOCKS = ['BlockStatement', 'ForStatement', 'ForOfStatement', 'ForInStatement', 'SwitchStatement', 'CatchClause']
const RESERVED = ['do', 'if', 'in', 'of', 'as', 'is', 'for', 'let', 'new', 'try', 'var']

class Scope {
  names = new Map()
  privates = new Map()
  members = new Set()
  /** Variables and globals from outside that this scope, or a scope inside it, refers to. */
  used = new Set()
  count = 0

  constructor (outer, key, isFunction = false) {
    Object.assign(this, { outer, key, isFunction, depth: outer ? outer.depth + 1 : 0 })
  }

  /** The scope that has a name; nothing for a global. */
  holderOf (name) {
    return this.names.has(name) ? this : this.outer?.holderOf(name)
  }

  /** The class that has a private member. */
  classOf (name) {
    return this.privates.has(name) ? this : this.outer.classOf(name)
  }
}

class Reader {
  all = []
  references = []
  classes = []
  shortened = new Map()

  constructor (text) {
    this.text = text
    const program = parse(text, { ecmaVersion: 'latest', sourceType: 'module' })
    const top = new Scope(null, '', true)
    this.hoist(program.body.map((each) => each.declaration ?? each), top)
    this.visitAll(program.body, top)
    for (const each of this.references) this.resolve(each)
  }

  variable (map, name, key, depth, isMember = false) {
    if (map.has(name)) return map.get(name)
    const made = { name, key, depth, places: [], near: new Set(), banned: new Set(RESERVED), isMember }
    map.set(name, made)
    this.all.push(made)
    return made
  }

  declare (scope, { name }) {
    this.variable(scope.names, name, scope.key + name, scope.depth)
  }

  /** Declares the names of a pattern. */
  bind (pattern, scope) {
    if (pattern?.type === 'Identifier') return this.declare(scope, pattern)
    for (const each of pattern?.properties ?? pattern?.elements ?? [pattern?.left ?? pattern?.argument]) {
      if (each) this.bind(each.type === 'Property' ? each.value : each, scope)
    }
  }

  /** Declares what the statements of a block declare. */
  hoist (statements, scope) {
    for (const { type, id, kind, declarations } of statements) {
      if (/^(Function|Class)Declaration$/.test(type)) this.declare(scope, id)
      if (type === 'VariableDeclaration' && kind !== 'var') for (const each of declarations) this.bind(each.id, scope)
    }
  }

  visitAll (nodes, scope, label) {
    for (const each of nodes) if (each?.type) this.visit(each, scope, label)
  }

  visit (node, scope, label) {
    const { type } = node
    if (FUNCTIONS.includes(type)) return this.visitFunction(node, scope, label)
    if (/^Class(Declaration|Expression)$/.test(type)) return this.visitClass(node, scope, label)
    if (type === 'Identifier' || type === 'PrivateIdentifier') return this.references.push({ node, scope })
    if (type === 'ExportSpecifier') return this.references.push({ node: node.local, scope, after: node.local.start === node.exported.start ? ` as ${node.local.name}` : '' })
    if (type === 'VariableDeclaration' && node.kind === 'var') for (const each of node.declarations) this.bind(each.id, this.holder(scope))
    if (BLOCKS.includes(type)) scope = this.block(node, scope)
    if (type === 'VariableDeclarator') label = node.id.name
    if (type === 'Property') label = node.key.name
    if (type === 'Property' && node.shorthand) return this.visitShort(node, scope)
    for (const [name, child] of Object.entries(node)) {
      const nodes = [child].flat().filter((each) => each?.type)
      if (isMember(node, name)) this.member(nodes[0], node, scope)
      else this.visitAll(nodes, scope, label)
    }
  }

  /** The name of a member: it is no variable. */
  member (node, { object, type }, scope) {
    if (node.type !== 'Identifier') return this.visitAll([node], scope)
    if (object?.type === 'ThisExpression' || type !== 'MemberExpression') this.owner(scope)?.members.add(node.name)
    if (node.name.startsWith(SHORTENED)) this.variable(this.shortened, node.name, `.${node.name.slice(1)}`, 0, true).places.push(node)
  }

  /** The class around a scope. */
  owner (scope) {
    return scope && (scope.isClass ? scope : this.owner(scope.outer))
  }

  holder (scope) {
    return scope.isFunction ? scope : this.holder(scope.outer)
  }

  block (node, scope) {
    const made = new Scope(scope, scope.key)
    const { body, cases, init, left, param } = node
    if (Array.isArray(body)) this.hoist(body, made)
    if (cases) this.hoist(cases.flatMap((each) => each.consequent), made)
    if (init ?? left) this.hoist([init ?? left], made)
    if (param) this.bind(param, made)
    return made
  }

  visitFunction (node, scope, label) {
    const { id, type, params, body } = node
    const holder = this.holder(scope)
    const made = new Scope(scope, `${scope.key}${id?.name ?? label ?? (holder.count += 1)}/`, true)
    if (id && type === 'FunctionExpression') this.declare(made, id)
    if (id) this.references.push({ node: id, scope: type === 'FunctionExpression' ? made : scope })
    for (const each of params) this.bind(each, made)
    this.visitAll(params, made)
    if (body.type !== 'BlockStatement') return this.visit(body, made)
    this.hoist(body.body, made)
    this.visitAll(body.body, made)
  }

  visitClass (node, scope, label) {
    const { id, superClass, body, type } = node
    const made = new Scope(scope, `${scope.key}${label ?? id.name}.`, true)
    Object.assign(made, { isClass: true, name: label ?? id.name, base: superClass?.name })
    this.classes.push(made)
    if (superClass) this.visit(superClass, scope)
    if (id && type === 'ClassExpression') this.declare(made, id)
    if (id) this.references.push({ node: id, scope: made })
    for (const { key } of body.body) {
      if (key.type === 'PrivateIdentifier') this.variable(made.privates, key.name, `${made.key}#${key.name}`, 0, true)
    }
    for (const { key, computed, value } of body.body) {
      if (computed) this.visit(key, made)
      else this.member(key, node, made)
      if (value) this.visit(value, made, `${key.type === 'PrivateIdentifier' ? '#' : ''}${key.name}`)
    }
  }

  /** `{a}` or `{a = 1}`: the member keeps its name. */
  visitShort ({ key, value }, scope) {
    const isShort = key.name.startsWith(SHORTENED)
    if (isShort) throw new Error(`the variable of a member has its name: ${key.name}`)
    this.references.push({ node: key, scope, before: `${key.name}:` })
    if (value.type === 'AssignmentPattern') this.visit(value.right, scope)
  }

  resolve ({ node, scope, before, after }) {
    const { name, type, start, end } = node
    const isPrivate = type === 'PrivateIdentifier'
    const holder = isPrivate ? scope.classOf(name) : scope.holderOf(name)
    const variable = isPrivate ? holder.privates.get(name) : holder?.names.get(name)
    if (isPrivate && /\w/.test(this.text[start - 1])) before = ' ' // `get#size` becomes `get s`
    variable?.places.push({ start, end, before, after })
    if (!isPrivate) for (let each = scope; each && each !== holder; each = each.outer) each.used.add(variable ?? name)
  }
}

/** Whether a child of a node is the name of a member. */
const isMember = ({ type, computed }, name) => !computed && ((name === 'property' && type === 'MemberExpression') || (name === 'key' && type === 'Property'))

const connect = (one, other) => {
  if (one === other) return
  one.near.add(other)
  other.near.add(one)
}

/**
 * All names that may change, in the order of the text. `words` are names that members must not have.
 * @param {string} text
 * @param {string[]} words
 * @returns {Variable[]}
 */
export function variablesOf (text, words) {
  const reader = new Reader(text)
  const short = [...reader.shortened.values()]
  const scopes = new Set()
  for (const { scope } of reader.references) for (let each = scope; each; each = each.outer) scopes.add(each)
  for (const { names, used } of scopes) {
    for (const each of names.values()) {
      for (const other of names.values()) connect(each, other)
      for (const other of used) typeof other === 'string' ? each.banned.add(other) : connect(each, other)
    }
  }
  for (const each of short) for (const other of short) connect(each, other)
  for (const each of reader.classes) separate(each, reader)
  for (const each of reader.all) if (each.isMember) for (const word of words) each.banned.add(word)
  return reader.all
}

/** A private member becomes a plain one. So its name differs from those of all members of the class, its bases, and what extends it. */
function separate (owner, { classes, shortened }) {
  const isBase = (one, other) => one === other || (one && isBase(classes.find(({ name }) => name === one.base), other))
  const family = classes.filter((each) => isBase(each, owner) || isBase(owner, each))
  for (const one of owner.privates.values()) {
    for (const { privates, members } of family) {
      for (const other of privates.values()) connect(one, other)
      for (const name of members) shortened.has(name) ? connect(one, shortened.get(name)) : one.banned.add(name)
    }
  }
}
