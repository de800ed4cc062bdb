// A sample application. The test compiles it with `tsc --strict` against the types of the SDK.
import { connect, documents, Refusal, WeftError, type Page } from 'weft-sdk'
import { bridgePreview, receivePreview } from 'weft-sdk/preview.js'
import { hooks } from 'weft-sdk/react.js'

interface Landing { title: string, sections: { id: string, headline: string }[] }

const page: Page = connect({
  url: 'https://weft.example',
  document: 'home',
  token: async () => 'token',
  create: { title: 'Hello', sections: [] } satisfies Landing,
  maxFps: 20
})

export async function main (): Promise<void> {
  await page.ready
  const value: Landing = page.value
  const stop = page.subscribe('/title', (title: string, info) => { console.log(title, info.mine, info.kind) })
  const change = page.set('/title', `${value.title}!`)
  page.change((draft: Landing) => { draft.sections.push({ id: 'a', headline: 'New' }) })
  page.move('/sections/0', '/sections/1')
  page.patch([{ op: 'remove', path: '/sections/0' }])
  try {
    const { version, merged, conflicts } = await change.durable
    console.log(version.toFixed(), merged.length, conflicts.length)
  } catch (error) {
    if (error instanceof Refusal) console.log(error.code, error.path, error.yours, error.theirs, error.by, error.version)
    else if (error instanceof WeftError) console.log(error.code, error.message)
  }
  const { undone, skipped } = await page.undo()
  console.log(undone.length, skipped.length, page.canUndo, page.canRedo)
  page.group(() => page.set('/title', 'Hi'))
  page.presence.set({ cursor: { path: '/title', offset: 1 } })
  page.presence.on('change', (others) => { console.log(others.length) })
  for (const other of page.presence.others) console.log(other.name, other.state)
  const lock = await page.lock('/sections/0')
  lock.on('asked', () => { void lock.keep() })
  if (!lock.mine) await lock.takeOver()
  await lock.release()
  const { items } = await page.history.list({ limit: 10 })
  await page.history.restore(items[0].version, '/title')
  const { url } = await page.publish()
  console.log(url, page.link, page.saved, page.mode, page.behind, page.pending, page.text('/title').value)
  for (const item of page.attention) item.reason === 'overwritten' ? item.discard() : item.reapply()
  const asset = await page.assets.upload(new File([], 'loaf.png'), ({ sent, total }) => { console.log(sent / total) })
  page.set('/image', { src: asset.url, alt: '', width: asset.width, height: asset.height })
  for (const { id, uses } of (await page.assets.list({ limit: 10 })).assets) if (!uses.length) await page.assets.delete(id)
  const off = page.on('error', (error: WeftError) => { console.log(error.code) })
  const list = documents({ url: 'https://weft.example', token: () => 'token' })
  await list.create('other', {})
  off()
  stop()
  await page.close()
}

export function preview (iframe: HTMLIFrameElement): void {
  const bridge = bridgePreview(iframe, page, { pointer: '/sections', maxFps: 20 })
  bridge.on('error', (error: WeftError) => { console.log(error.code, bridge.state) })
  bridge.focus('/sections/0')
  bridge.close()
  const receiver = receivePreview((value: Landing, { patch, version }) => {
    console.log(value.title, patch?.length, version.toFixed())
  }, { from: 'https://editor.example' })
  receiver.focus(null)
}

export function Component (react: object): string {
  const { useField, useLock, usePresence, useStatus } = hooks(react)
  const [title, setTitle]: [string, (title: string) => unknown] = useField(page, '/title')
  const { mine, holder, acquire } = useLock(page, '/title')
  const [others] = usePresence(page)
  const { link, saved } = useStatus(page)
  setTitle(`${title}, ${link}, ${saved}, ${others.length}`)
  if (!mine) void acquire()
  return holder?.name ?? 'free'
}
