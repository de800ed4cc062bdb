// The modules of k6, as far as the clients of bench/k6 need them in Node. A test registers this file.

const METRICS = ["Counter", "Rate", "Trend"]
  .map((name) => `export class ${name} { constructor(name) { this.name = name } add(value) { globalThis.figures.push([this.name, value]) } }`)
  .join("\n")

const SOURCES = {
  "k6/crypto": "export default {}",
  "k6/encoding": "export default {}",
  "k6/execution": "export default {}",
  "k6/http": "export default {}",
  "k6/metrics": METRICS
}

export function resolve(specifier, context, next) {
  return specifier in SOURCES ? { url: `k6:${specifier}`, shortCircuit: true } : next(specifier, context)
}

export function load(url, context, next) {
  if (!url.startsWith("k6:")) return next(url, context)
  return { format: "module", source: SOURCES[url.slice(3)], shortCircuit: true }
}
