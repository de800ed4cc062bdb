// The button at the end of the bar: whether visitors see the newest version. It opens the screen that publishes.

import { change, h } from "../ui/elements.js";
import { differences } from "../safety/differences.js";

const MAY = ["publisher", "admin"];
const AFTER = 600;
const EACH = 60_000;
const SOON = 200;
/** What counts as one change: a section, the settings of a page, the navigation, the style. */
const PART = /^\/pages\/[^/]*(\/sections\/\d+)?|^\/site\/nav|^\/[^/]*/;

/** A value without what visitors do not see. @param {any} value */
const seen = (value) =>
  JSON.parse(
    JSON.stringify(value, (_, each) =>
      Array.isArray(each) ? each.filter((one) => one?.hidden !== true) : each,
    ),
  );

/** @param {HTMLElement} bar @param {import("./commands.js").Parts} parts */
export function makePublish(bar, { workspace }) {
  const { page } = workspace;
  /** @type {any} */
  let timer;
  /** @type {number | null | undefined} */
  let version;
  /** @type {any} */
  let live = null;
  let isAsking = false;
  let isDue = false; // asked again while the answer is on its way
  let wasOnline = true;
  const count = h("b", {});
  const more = h("span", { class: "more" });
  const word = h("span", {});
  const button = h(
    "button",
    { type: "button", id: "publish", onclick: () => workspace.emit("screen", { name: "publish" }) },
    word,
    count,
    more,
  );
  bar.append(button);

  const draw = () => {
    const found = live ? differences(live, seen(workspace.value)) : [];
    const parts = new Set(
      found.map(({ pointer, kind }) => (kind === "removed") + (PART.exec(pointer)?.[0] ?? "")),
    );
    const isNewest = live !== null && !parts.size;
    // Other users may look at what would change.
    change(button, { class: !isNewest && MAY.includes(page.role) && "primary" });
    change(word, { textContent: isNewest ? "Published" : "Publish" });
    change(count, { textContent: parts.size || "" });
    change(more, { textContent: parts.size ? (parts.size > 1 ? "changes" : "change") : "" });
  };
  const ask = async () => {
    if (isAsking) isDue = true;
    if (isAsking || page.link !== "online") return;
    isAsking = true;
    isDue = false;
    try {
      const { published, at } = await page.published;
      if (published !== version) live = published && seen(await page.history.at(published));
      version = published;
      const now = `${published} ${at}`;
      if (workspace.live !== now) workspace.emit("public", (workspace.live = now));
      draw();
    } catch {
      // Without a connection, what is known stays.
    }
    isAsking = false;
    if (isDue) void ask();
  };
  workspace.on("value", () => {
    clearTimeout(timer);
    timer = setTimeout(draw, AFTER);
  });
  workspace.on("published", ask);
  // Others tell by their presence what they know to be public. The server does not send it.
  /** @type {Map<string, string>} */
  let told = new Map();
  /** @type {any} */
  let asking;
  page.presence.on("change", (/** @type {import("../sdk/people/presence.js").Peer[]} */ others) => {
    const now = new Map(others.map(({ session, state }) => [session, `${state?.live ?? ""}`]));
    const isNews = [...now].some(([each, one]) => one && one !== told.get(each) && one !== workspace.live);
    told = now;
    // Many may tell it at once.
    if (isNews)
      asking ??= setTimeout(() => {
        asking = undefined;
        void ask();
      }, SOON);
  });
  workspace.on("status", () => {
    const isOnline = page.link === "online";
    if (isOnline && (!wasOnline || version === undefined)) void ask();
    wasOnline = isOnline;
  });
  addEventListener("focus", ask);
  document.addEventListener("visibilitychange", () => document.hidden || void ask());
  setInterval(() => document.hidden || void ask(), EACH);
  draw();
  void ask();
}
