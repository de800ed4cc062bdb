// A user opens each screen of the editor in Firefox, driven over WebDriver BiDi, and does its main act.
// Prints what the document became, as JSON.
//
//   node firefox_screens.mjs FIREFOX ADDRESS DOCUMENT TOKEN
import puppeteer from 'puppeteer-core'

const [executablePath, address, name, token] = process.argv.slice(2)
const browser = await puppeteer.launch({
  browser: 'firefox', protocol: 'webDriverBiDi', executablePath, headless: true, args: ['--no-remote'],
})
const errors = []
const found = {}
const page = await browser.newPage()
page.on('pageerror', (error) => errors.push(`${error}`))
page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
await page.setViewport({ width: 1280, height: 800 })

const until = (condition, ...given) => page.waitForFunction(condition, { polling: 50 }, ...given)
const isSaved = () => weft.page.saved === 'saved' && weft.page.pending === 0

/** Click the first visible element of a selector, with these words if there are any. */
async function press (selector, words = '') {
  const find = (selector, words) => {
    const all = [...document.querySelectorAll(selector)].filter((each) => !each.disabled && each.checkVisibility())
    const element = all.find((each) => !words || [each.getAttribute('aria-label'), each.textContent.trim()].includes(words))
    element?.scrollIntoView({ block: 'nearest' })
    const { left = 0, top = 0, width = 0, height = 0 } = element?.getBoundingClientRect() ?? {}
    return width ? [left + width / 2, top + height / 2] : null
  }
  await until(find, selector, words)
  await page.mouse.click(...await page.evaluate(find, selector, words))
}

async function addSection () {
  await press('#outline button', 'Add section')
  await until(() => document.activeElement?.type === 'search')
  await page.keyboard.type('price')
  await until(() => [...document.querySelectorAll('dialog .template')].filter((each) => each.checkVisibility()).length === 3)
  for (const key of ['ArrowDown', 'Enter']) await page.keyboard.press(key)
  await until(() => weft.workspace.sections.length === 3)
  await until(isSaved)
  found.added = await page.evaluate(() => weft.workspace.sections.map(({ type }) => type).join(' '))
}

async function paint () {
  await press('#bar h1 button')
  await press('[role=menuitem]', 'Theme…')
  await press('#site .color input.hex')
  await page.keyboard.type('#0b6e4f')
  await page.keyboard.press('Enter')
  await until(() => weft.page.value.theme?.colors?.accent === '#0b6e4f')
  await until(isSaved)
  await until(() => getComputedStyle(document.querySelector('#stage .button.primary')).backgroundColor === 'rgb(11, 110, 79)')
  found.accent = await page.evaluate(() => getComputedStyle(document.querySelector('#stage .button.primary')).backgroundColor)
  await press('button', 'Close the settings')
}

async function lookBack () {
  await press('#tools button', 'History')
  await press('.history [role=option]')
  await until(() => document.querySelectorAll('.history [role=option]').length > 1)
  await page.keyboard.press('End')
  await until(() => [...document.querySelectorAll('.history [role=option]')].at(-1).getAttribute('aria-selected') === 'true')
  await press('.history button', 'Restore this version')
  await press('dialog button', 'Restore the page')
  await until(() => weft.workspace.sections.length === 2 && !weft.page.value.theme)
  await press('.history button', 'Back to the editor')
  await until(() => !document.querySelector('.history'))
  await until(isSaved)
}

async function publish () {
  await press('#publish')
  await press('dialog.publish .go')
  await press('dialog.publish button', 'Done')
  const { status } = await fetch(`${address}/p/demo/${name}`)
  found.published = status
}

async function begin () {
  await page.goto(`${address}/`)
  await until(() => document.body.dataset.state === 'ready')
  await press('button', 'New page')
  await until(() => document.activeElement?.id === 'title')
  await page.keyboard.type('Fox School')
  await press('dialog button', 'Create page')
  await until(() => document.body.dataset.state === 'ready' && window.weft)
  found.made = await page.evaluate(() => [location.pathname, document.title, weft.workspace.sections.length > 3])
}

await page.goto(`${address}/edit/${name}#token=${token}`)
await until(() => document.body.dataset.state === 'ready')
for (const act of [addSection, paint, lookBack, publish, begin]) await act()
console.log(JSON.stringify({ ...found, errors }))
await browser.close()
