// The sentences of the screen.

import { ago, counted, isolated, listed } from "../ui/words.js";
import { claimsOf } from "../ui/token.js";

/** @typedef {import("./publication.js").Publication} Publication */

/** What each kind of change is called. @type {Record<import("./changes.js").Kind, string>} */
export const KINDS = {
  added: "New",
  changed: "Changed",
  moved: "Moved",
  shown: "Now visible",
  hidden: "Hidden",
  removed: "Removed",
};

/** What a refused publication says to the user. @type {Record<string, string>} */
const REFUSED = {
  forbidden: "Your role does not allow this.",
  not_found: "This page does not exist any more.",
  rate_limited: "That was too often. Try again in a minute.",
  storage_unavailable: "The server cannot store anything just now. Try again in a minute.",
  unknown_version: "This version is not kept any more. Choose another one.",
  quota_exceeded: "There are too many named versions, so this name was not kept.",
  unauthenticated: "Your link to this page has ended. Close this, and enter a new token.",
  http_503: "The server takes nothing just now. Try again in a minute.",
};

/** @param {any} error */
export function refusal(error) {
  if (error?.code === "offline")
    return "The connection was lost. When it is back, this screen shows whether the page was published.";
  return REFUSED[error?.code] ?? "Something went wrong. Try again, or tell the people who run this server.";
}

/** @param {{user: string, name?: string}} person @param {string} me */
export const called = ({ user, name }, me) => (user === me ? "You" : isolated(name || user));

/** `Ada and Bo, 5 min ago`. @param {import("./authors.js").Author[]} authors the newest first @param {string} me */
export function byWords(authors, me) {
  return authors.length ? `${listed(authors.map((each) => called(each, me)))}, ${ago(authors[0].at)}` : "";
}

/** One sentence about all changes. @param {Publication} model */
export function summary(model) {
  const { live, older, count, isNewest } = model;
  if (live === undefined) return model.error ? "This screen needs a connection" : "Comparing…";
  if (older) return count ? `${counted(count, "change")} for visitors` : "Visitors would see no difference";
  if (live === null) return "This page is not public";
  if (isNewest) return "Visitors see the newest version";
  return count ? `${counted(count, "change")} for visitors` : "Nothing changes for visitors";
}

/** What stands below the summary. @param {Publication} model @param {string} me */
export function about(model, me) {
  const { live, older, count, isNewest } = model;
  if (live === undefined) return "";
  if (older) return "The draft stays as it is.";
  if (live === null) return "When you publish it, visitors see all that is listed here.";
  if (isNewest) return "What you change from now on is listed here.";
  const since = `since ${called(live.by, me).replace("You", "you")} published, ${ago(live.at)}`;
  return count ? `All changes ${since}.` : `What was changed ${since} does not show, or was changed back.`;
}

/** `12 Mar, 14:05`. @param {string | number} time */
export function when(time) {
  const then = new Date(time);
  const year =
    then.getFullYear() === new Date().getFullYear() ? {} : /** @type {const} */ ({ year: "numeric" });
  const day = then.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...year });
  return `${day}, ${then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
}

/** Why the user may not publish; '' when they may. @param {import("../sdk/weft.js").Page} page @param {string} token the token of the user @returns {string} */
export function bar(page, token) {
  if (!["publisher", "admin"].includes(page.role)) {
    const others = page.presence.others.filter(({ role }) => role === "publisher" || role === "admin");
    const names = [...new Set(others.map((each) => called(each, page.user)))];
    const ask = names.length
      ? `${listed(names)} ${names.length > 1 ? "are" : "is"} here now, and can.`
      : "Send the address of this page to a person who can.";
    const role =
      page.mode === "edit"
        ? "You may edit this page, but not publish it."
        : "You may look at this page, but not publish it.";
    return `${role} ${ask}`;
  }
  const { sections } = /** @type {{sections?: string[]}} */ (claimsOf(token));
  return sections
    ? "Your link covers some sections only, and publishing is about the whole page. Ask a person with the whole page."
    : "";
}

/** The sentence about what became public meanwhile. @param {import("./publication.js").News} news @param {string} me */
export function newsWords({ live, before }, me) {
  if (!live) return "This page was unpublished meanwhile. Visitors do not see it now.";
  const who = called(live.by, me);
  const what = before && live.version < before.version ? "an older version" : "another version";
  return `${who} published ${before ? what : "this page"}, ${ago(live.at)}.`;
}
