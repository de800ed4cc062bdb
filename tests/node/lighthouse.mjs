// Measures pages with Lighthouse, as a phone with a slow network would see them.
// Usage: node lighthouse.mjs CHROMIUM URL…
// Prints one line of JSON for each page: its scores from 0 to 100, and what it lost points for.
import { launch } from 'chrome-launcher'
import lighthouse from 'lighthouse'

const [chromePath, ...urls] = process.argv.slice(2)
const chrome = await launch({ chromePath, chromeFlags: ['--headless=new', '--no-sandbox', '--disable-gpu'] })
try {
  for (const url of urls) {
    const { lhr } = await lighthouse(url, { port: chrome.port, output: 'json', logLevel: 'error' })
    const scores = {}
    const lost = []
    for (const [name, { score, auditRefs }] of Object.entries(lhr.categories)) {
      scores[name] = Math.round(score * 100)
      for (const { id, weight } of auditRefs) {
        const { score: reached, displayValue = '' } = lhr.audits[id]
        if (weight && reached !== null && reached < 1) lost.push(`${id}: ${reached} ${displayValue}`.trim())
      }
    }
    console.log(JSON.stringify({ url, scores, lost }))
  }
} finally {
  chrome.kill()
}
