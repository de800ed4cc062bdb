// Seeds from SEED (by default 1), as many as SEEDS (by default 25).
import { test } from 'node:test'
import { Model } from './model.mjs'

const first = Number(process.env.SEED ?? 1)
const seeds = Number(process.env.SEEDS ?? 25)

test(`all pages converge, each change ends once, each op is applied once: ${seeds} seeds`, async () => {
  const totals = {}
  for (let seed = first; seed < first + seeds; seed++) {
    const model = new Model(seed)
    try {
      await model.run()
    } catch (error) {
      error.message = `seed ${seed}: ${error.message}`
      throw error
    }
    for (const [name, count] of Object.entries(model.server.counts)) totals[name] = (totals[name] ?? 0) + count
  }
  console.log(JSON.stringify(totals))
})
