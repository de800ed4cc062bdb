// How the story tells an entry: its names, its words and its times.

import { counted, isolated } from "../ui/words.js";
import { words } from "./labels.js";

/** @typedef {import("./story.js").Sitting} Sitting */
/** @typedef {import("./labels.js").Label} Label */

const DAY = 86_400_000;
/** @type {Record<string, string>} what is not told by its sections alone */
const DEEDS = {
  create: "Made this page",
  import: "Brought this page in from a file",
  repair: "The page was repaired",
  restore: "Restored",
  undo: "Took back",
  redo: "Did again",
};

/** What users call a person. @param {{user: string, name?: string}} person */
export const called = ({ user, name }) => isolated(name || user);

/** `9:41`. @param {number} time */
export function clock(time) {
  const date = new Date(time);
  return `${date.getHours()}:${String(date.getMinutes()).padStart(2, "0")}`;
}

/** `9:41–9:52`. @param {{since: number, at: number}} sitting */
export function span({ since, at }) {
  const [start, end] = [clock(since), clock(at)];
  return start === end ? end : `${start}–${end}`;
}

/** `Today`, `Yesterday`, `Monday 23 November`. @param {number} time @param {number} [now] */
export function day(time, now = Date.now()) {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (time >= midnight) return "Today";
  if (time >= new Date(midnight - DAY / 2).setHours(0, 0, 0, 0)) return "Yesterday";
  const isThisYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  const year = isThisYear ? "" : ` ${new Date(time).getFullYear()}`;
  const date = new Date(time);
  const weekday = date.toLocaleDateString("en-GB", { weekday: "long" });
  return `${weekday} ${date.getDate()} ${date.toLocaleDateString("en-GB", { month: "long" })}${year}`;
}

/** `9:41 today`, `9:41 on Monday 23 November`. @param {number} time @param {number} [now] */
export function moment(time, now) {
  const date = day(time, now);
  return `${clock(time)} ${/^[TY]/.test(date) && !/ /.test(date) ? date.toLowerCase() : `on ${date}`}`;
}

/** What was done in a sitting. @param {Sitting} sitting @param {Label[] | null} labels null while they are unknown */
export function deed({ kind, changes }, labels) {
  const verb = DEEDS[kind];
  const named = labels?.length ? words(labels, kind) : "";
  if (verb && /^(create|import|repair)$/.test(kind)) return verb;
  const what = verb
    ? named
      ? `${verb}: ${named}`
      : `${verb} ${kind === "restore" ? "an earlier version" : "changes"}`
    : named;
  const nothing = labels && !labels.length && !verb ? "Nothing that stayed" : "";
  const count = /^(edit|undo|redo)$/.test(kind) ? counted(changes, "change") : "";
  return [what || nothing, count].filter(Boolean).join(" · ");
}

/** Who published it, or took it down. @param {Sitting} sitting */
export function published({ publications }) {
  const last = publications.at(-1);
  if (!last) return "";
  const verb = last.what === "published" ? "Published" : "Taken down";
  return `${verb} by ${called(last.by)}, ${moment(Date.parse(last.at))}`;
}
