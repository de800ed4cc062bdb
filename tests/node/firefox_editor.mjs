// Two people use the editor in Firefox, driven over WebDriver BiDi. Prints what they saw, as JSON.
//
//   node firefox_editor.mjs FIREFOX ADDRESS DOCUMENT TOKEN_OF_ADA TOKEN_OF_BO
import puppeteer from 'puppeteer-core'

const [executablePath, address, name, ...tokens] = process.argv.slice(2)
const browser = await puppeteer.launch({
  browser: 'firefox', protocol: 'webDriverBiDi', executablePath, headless: true, args: ['--no-remote'],
})
const errors = []

async function person (token) {
  const page = await browser.newPage()
  page.on('pageerror', (error) => errors.push(`${error}`))
  await page.setViewport({ width: 1280, height: 800 })
  await page.goto(`${address}/edit/${name}#token=${token}`)
  await page.waitForFunction(() => document.body.dataset.state === 'ready', { polling: 50 })
  return {
    page,
    sees: (words) => page.waitForFunction((words) => document.querySelector('#stage').textContent.includes(words) && weft.page.saved === 'saved', { polling: 50 }, words),
    order: () => page.evaluate(() => weft.workspace.sections.map(({ id }) => id).join(' ')),
  }
}

const [ada, bo] = [await person(tokens[0]), await person(tokens[1])]
await ada.page.bringToFront()
await ada.page.click('#stage h1')
await ada.page.waitForFunction(() => document.activeElement?.isContentEditable, { polling: 50 })
await ada.page.keyboard.press('End')
await ada.page.keyboard.type(' here')
await ada.sees('About hero here')
await bo.page.bringToFront()
await bo.sees('About hero here')
await bo.page.evaluate(() => weft.workspace.select('hero'))
await bo.page.focus('#outline [data-section="hero"] [data-handle]')
for (const key of [' ', 'ArrowDown', ' ']) await bo.page.keyboard.press(key)
await ada.page.waitForFunction(() => weft.workspace.sections[1].id === 'hero', { polling: 50 })
console.log(JSON.stringify({ orders: [await ada.order(), await bo.order()], errors }))
await browser.close()
