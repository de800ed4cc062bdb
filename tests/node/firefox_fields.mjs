// Two people type in one field in Firefox, driven over WebDriver BiDi. Prints what each saw, as JSON.
//
//   node firefox_fields.mjs FIREFOX ADDRESS TOKEN_OF_ADA TOKEN_OF_BO
import puppeteer from 'puppeteer-core'

const [executablePath, address, ...tokens] = process.argv.slice(2)
const FIELDS = {
  input: '<input id=field>',
  textarea: '<textarea id=field></textarea>',
  contenteditable: '<div id=field contenteditable></div>',
}
const browser = await puppeteer.launch({
  browser: 'firefox', protocol: 'webDriverBiDi', executablePath, headless: true, args: ['--no-remote'],
})

async function person (user, kind) {
  const page = await browser.newPage()
  await page.goto(`${address}/healthz`)
  await page.evaluate(async (user, token, name, html) => {
    const { connect } = await import('/sdk/weft.js')
    document.body.innerHTML = `<style>#field { font: 20px/1.5 monospace; width: 400px; margin: 60px }</style>${html}`
    const field = document.querySelector('#field')
    const page = connect({ url: location.origin, document: name, token: () => token, client: user, create: { text: 'abc' }, offline: false })
    await page.ready
    const bound = page.text('/text').bind(field)
    Object.assign(window, { field, page, bound })
  }, user, tokens[user === 'ada' ? 0 : 1], `firefox-${kind}`, FIELDS[kind])
  return {
    page,
    select: async (start, end = start) => {
      await page.bringToFront()
      await page.evaluate((start, end) => { field.focus(); bound.field.select({ start, end, isBackward: false }) }, start, end)
    },
    sees: (text) => page.waitForFunction((text) => (field.value ?? bound.field.read()) === text && page.value.text === text && page.saved === 'saved', { polling: 50 }, text),
    at: () => page.evaluate(() => bound.field.selection?.end),
    undo: async () => {
      await page.keyboard.down('Control')
      await page.keyboard.press('z')
      await page.keyboard.up('Control')
    },
  }
}

const found = { version: await browser.version() }
for (const kind of Object.keys(FIELDS)) {
  const [ada, bo] = [await person('ada', kind), await person('bo', kind)]
  await bo.select(3)
  await bo.page.keyboard.type('yz')
  await ada.sees('abcyz')
  await ada.select(1)
  await ada.page.keyboard.type('x')
  await ada.page.keyboard.sendCharacter('😀')
  await bo.sees('ax😀bcyz')
  await ada.page.keyboard.press('Backspace')
  await bo.sees('axbcyz')
  const carets = [await ada.at(), await bo.at()]
  await ada.page.keyboard.press('Enter')
  const lines = kind === 'input' ? 'axbcyz' : 'ax\nbcyz'
  await bo.sees(lines)
  // On a slow machine, what ada typed is more than one step.
  for (let text = lines; text !== 'abcyz'; text = await ada.page.evaluate(() => page.value.text)) {
    await ada.undo()
    await ada.page.waitForFunction((old) => page.value.text !== old && page.saved === 'saved', { polling: 50 }, text)
  }
  await bo.sees('abcyz')
  const undone = await ada.at()
  await bo.page.bringToFront()
  await bo.page.waitForFunction(() => document.querySelector('[data-weft-caret]'), { polling: 50 })
  const drawn = await bo.page.evaluate(() => document.querySelector('[data-weft-caret]').textContent)
  found[kind] = { carets, undone, drawn }
}
console.log(JSON.stringify(found))
await browser.close()
