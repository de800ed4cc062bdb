// The served files have short names, in an order of their own. They mean the same as the modules.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { choose, pack, shorten, unpack } from '../node/sdk_letters.mjs'
import { arrange, orderOf, piecesOf, write } from '../node/sdk_pieces.mjs'
import { variablesOf } from '../node/sdk_scopes.mjs'

const CODE = `function twice(value){return value*2}
function outer({first,second=twice(first),...rest},[third]=[3]){
  const inner=(first)=>{try{throw first}catch(error){const first=error;return first+third}};
  let total=0;for(const each of[first,second]){const first=each;total+=inner(first)}
  for(let index=0;index<2;index++)total+=index;
  switch(total){case 1:{let total=5;break}default:{const twice=total;total=twice}}
  return{total,rest,t:1,name:(function again(count){return count?again(count-1):second})(2)}
}
var Base=class{#count=1;$name="base";$shown=2;get#size(){return this.#count}async#wait(){return this.#size}
    wait(){return this.#wait()}at(){return this.$shown}},
  Derived=class Derived extends Base{#count=10;#more(){return Derived.name.length>0?this.#count+this.$shown:0}more(){return this.#more()}},
  values={id:1,by:twice};
export{Derived as Kind,outer,twice,values};`

/** What a module does. @param {string} code */
async function results (code) {
  const { Kind, outer, twice, values } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  const made = new Kind()
  return [await made.wait(), made.at(), made.more(), outer({ first: 1, other: 4 }), twice(4), values.by(values.id)]
}

const short = (code, letters = {}) => shorten(new Map([['it.js', code]]), letters).made[0][1]
const keys = variablesOf(CODE, []).map(({ key }) => key)

test('code with short names does the same', async () => {
  const made = short(CODE)
  assert.deepEqual(await results(made), await results(CODE))
  assert.equal((await results(CODE))[0], 1)
  assert.ok(made.length < CODE.length * 0.75)
  assert.doesNotMatch(made, /#|\$shown|third|inner/)
})

test('a name that does not fit is not taken', async () => {
  for (const name of ['t', 'e', 'at', 'id', 'by']) {
    const letters = Object.fromEntries(keys.map((key) => [key, name]))
    assert.deepEqual(await results(short(CODE, letters)), await results(CODE), name)
  }
})

test('a member never has the name of a private member of its class, or of another member', () => {
  const variables = variablesOf(CODE, ['id', 'by', 't'])
  const chosen = choose(variables, { '.shown': 't', 'Base.#count': 's', 'Derived.#count': 's', 'Derived.#more': 's' })
  const named = Object.fromEntries([...chosen].map(([{ key }, name]) => [key, name]))
  assert.notEqual(named['.shown'], 't')
  const privates = ['Base.#count', 'Base.#size', 'Base.#wait', 'Derived.#count', 'Derived.#more', '.name', '.shown'].map((key) => named[key])
  assert.equal(new Set(privates).size, privates.length)
})

test('a member has one name in all files', () => {
  const other = 'var Other=class{it(each){return each.$shown+each.$only+t}},t=1;export{Other};'
  const { made, members } = shorten(new Map([['it.js', CODE], ['other.js', other]]), {})
  assert.match(made[1][1], new RegExp(`\\w\\.${members['.shown']}\\+\\w\\.${members['.only']}\\+`))
  assert.equal(new Set(Object.values(members)).size, 3)
})

test('letters are the same after they were written and read', () => {
  const letters = Object.fromEntries([...choose(variablesOf(CODE, []), {})].map(([{ key }, name]) => [key, name]))
  assert.deepEqual(unpack(pack(letters)), letters)
})

test('code in another order does the same', async () => {
  const pieces = piecesOf(CODE)
  const textOf = (part) => typeof part === 'string' ? part : CODE.slice(...part)
  const order = { '': ['values', 'Derived', 'gone', 'outer'], Base: ['method at', 'get size'] }
  const made = write(arrange(pieces, order), textOf)
  assert.deepEqual(await results(made), await results(CODE))
  assert.ok(made.indexOf('outer(') < made.indexOf('twice('))
  assert.match(made, /values=.*Base=class.*at\(\).*get#size.*Derived=/s)
  assert.deepEqual(orderOf(pieces).Base, ['get size', 'method wait', 'method wait', 'method at'])
})

test('code that runs when it is loaded cannot move', () => {
  assert.throws(() => piecesOf('var a=1,b=call(a);'), /CallExpression cannot move/)
  assert.throws(() => piecesOf('call();'), /ExpressionStatement/)
})

test('stored rows have the same fields in all versions', () => {
  const shortened = JSON.parse(readFileSync(new URL('../node/sdk_names.json', import.meta.url)))
  for (const [type, file] of [['Entry', 'core/entries'], ['Version', 'core/values'], ['Stored', 'reports/items'], ['Who', 'outbox/outbox'], ['Row', 'outbox/storage']]) {
    const text = readFileSync(new URL(`../../static/sdk/types/${file}.d.ts`, import.meta.url), 'utf8')
    const fields = text.match(new RegExp(`^export type ${type} = \\{[^]*?^\\};`, 'm'))[0].matchAll(/^ {4}(\w+)\??:/gm)
    for (const [, field] of fields) assert.ok(!(field in shortened), `${type}.${field}`)
  }
})
