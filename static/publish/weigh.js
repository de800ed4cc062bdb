// The sizes of pictures, as the server says them without sending the pictures.

import { ASSET_WIDTHS, isAsset, safeImage } from "../page/links.js";
import { picturesOf } from "./findings.js";

/** About what a browser chooses: the middle width. */
const WIDTH = ASSET_WIDTHS[1];
const MOST = 60;
const AT_ONCE = 6;

/** The bytes of each picture, by its address. Those of a picture that is there never change. @type {Map<string, number>} */
const known = new Map();
/** What stands for the size of a picture that the server does not have. */
export const GONE = -1;

/** The bytes of a picture; 0 when they are unknown. @param {string} src */
export const sizeOf = (src) => known.get(src) ?? 0;

/** Ask for the sizes of the pictures of this server. @param {unknown} value @returns {Promise<void>} */
export async function weigh(value) {
  const all = picturesOf(value).flatMap(({ pictures }) => [...pictures.keys()]);
  const wanted = [...new Set(all)].filter((src) => isMissing(src) && isOwn(src)).slice(0, MOST);
  const next = async () => {
    for (let src = wanted.pop(); src !== undefined; src = wanted.pop()) {
      const size = await bytesOf(src);
      if (size !== null) known.set(src, size);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

/** Whether to ask for a picture: its file may have come since it was gone. @param {string} src */
const isMissing = (src) => (known.get(src) ?? GONE) === GONE;

/** Pictures of other servers do not say their size. @param {string} src */
const isOwn = (src) => new URL(safeImage(src), location.origin).origin === location.origin;

/** The bytes of a picture; null when there is no connection. @param {string} src */
async function bytesOf(src) {
  const address = new URL(src, location.origin);
  if (isAsset(address.pathname, "")) address.searchParams.set("width", `${WIDTH}`);
  try {
    const answer = await fetch(address, { method: "HEAD" });
    if (answer.status === 404) return GONE;
    return answer.ok ? Number(answer.headers.get("Content-Length")) || 0 : 0;
  } catch {
    return null;
  }
}
