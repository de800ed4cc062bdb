// The service worker: the list of pages and the editor open without a network.
//
// The server puts two constants before this text. `BUILD` names all files of this version, and `FILES`
// has their addresses. So another version of the server is another worker, with a cache of its own. A
// page holds a lock with the name of the cache that it was loaded from, so no file of it is deleted.

const SHELLS = "weft-shell-";
const SHELL = SHELLS + BUILD;
const PICTURES = "weft-pictures";
const EDITOR = "/edit/-"; // the same HTML for every document
const MOST_PICTURES = 200;
const MOST_BYTES = 60 << 20;

const VERSIONED = /^\/(modules|sdk)\/[^/]+\/./;
// Their addresses stay the same in another version. So only our own pages get the stored ones.
const OWN = new Set(FILES.filter((path) => !VERSIONED.test(path)));
const PICTURE = /^\/(v1\/assets\/[^/]+\/[^/]+|demo\/[^/]+\.svg|static\/templates\/[^/]+\.svg)$/;
const OUR_PAGES = /^\/(edit\/[^/]+)?$/;

addEventListener("install", (event) => {
  // The HTTP cache may have another version's file under the same address.
  const requests = FILES.map((path) => new Request(path, { cache: "no-cache", credentials: "omit" }));
  event.waitUntil(caches.open(SHELL).then((cache) => cache.addAll(requests)));
});

addEventListener("activate", (event) => event.waitUntil(clients.claim().then(clean)));

addEventListener("message", (event) => {
  if (event.data === "activate") void skipWaiting();
  if (event.data === "started") event.waitUntil(clean());
  const { path, headers } = event.data; // a deletion of a page that was left
  if (path) event.waitUntil(fetch(path, { method: "DELETE", headers }).catch(() => {}));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname: path } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || request.headers.has("Authorization")) return;
  if (request.mode === "navigate") {
    if (OUR_PAGES.test(path)) event.respondWith(stored(path === "/" ? "/" : EDITOR, request));
  } else if (VERSIONED.test(path)) event.respondWith(stored(path, request));
  else if (PICTURE.test(path)) event.respondWith(picture(event));
  else if (OWN.has(path)) event.respondWith(own(event, path));
});

/** A file of this version, of another version that is still open, or of the network. */
async function stored(path, request) {
  const shell = await caches.open(SHELL);
  return (await shell.match(path)) ?? (await caches.match(path)) ?? fetch(request);
}

/** A file with the same address in each version: pages that are not ours get it from the network. */
async function own({ clientId, request }, path) {
  const client = await clients.get(clientId);
  const isOurs = client && OUR_PAGES.test(new URL(client.url).pathname);
  return isOurs ? stored(path, request) : fetch(request);
}

/** Delete the files of older versions, unless a page of theirs is open. */
async function clean() {
  // The cache of a newer version has no page yet.
  if (registration.waiting || registration.installing || !navigator.locks) return;
  const { held = [] } = await navigator.locks.query();
  const open = new Set(held.map(({ name }) => name));
  for (const name of await caches.keys())
    if (name.startsWith(SHELLS) && name !== SHELL && !open.has(name)) await caches.delete(name);
}

// --- pictures of pages ----------------------------------------------------------------------

/** The bytes of each stored picture, oldest first. @type {Promise<Map<string, number>> | undefined} */
let sizes;
let keeping = Promise.resolve();

async function picture(event) {
  const { request } = event;
  const cache = await caches.open(PICTURES);
  const kept = await cache.match(request, { ignoreVary: true });
  // An asset never changes under its address.
  if (kept && request.url.includes("/v1/assets/")) return kept;
  try {
    const answer = await fetch(request);
    if (answer.status === 200 && answer.type === "basic") {
      const copy = answer.clone();
      keeping = keeping.then(() => keep(cache, request.url, copy)).catch(() => {});
      event.waitUntil(keeping);
    }
    return answer;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function keep(cache, url, answer) {
  const all = await (sizes ??= measured(cache));
  const body = await answer.blob();
  if (body.size > MOST_BYTES) return;
  await cache.put(url, new Response(body, { headers: answer.headers }));
  all.delete(url);
  all.set(url, body.size);
  let total = [...all.values()].reduce((sum, each) => sum + each, 0);
  for (const [oldest, size] of all) {
    if (all.size <= MOST_PICTURES && total <= MOST_BYTES) break;
    await cache.delete(oldest);
    all.delete(oldest);
    total -= size;
  }
}

async function measured(cache) {
  const all = new Map();
  for (const request of await cache.keys())
    all.set(request.url, (await (await cache.match(request))?.blob())?.size ?? 0);
  return all;
}
