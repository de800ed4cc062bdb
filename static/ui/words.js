// How the tool says numbers and times.

/** `1 change`, `2 changes`. @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

// Letters that are read from right to left, and characters that turn the direction.
const TURNS = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;

/** A name, so that the words around it keep their order. @param {string} name */
export const isolated = (name) => (TURNS.test(name) ? `\u2068${name}\u2069` : name);

/** How long ago a time was: `just now`, `12 min ago`, `3 h ago`, `yesterday`, `4 Nov`. @param {string | number | Date} time @param {number} [now] */
export function ago(time, now = Date.now()) {
  const then = new Date(time).getTime();
  const minutes = Math.floor((now - then) / 60_000);
  if (!Number.isFinite(minutes)) return "";
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  if (minutes < 48 * 60) return "yesterday";
  const isThisYear = new Date(then).getFullYear() === new Date(now).getFullYear();
  return new Date(then).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    ...(isThisYear ? {} : { year: "numeric" }),
  });
}

/** `Ada`, `Ada and Bo`, `Ada, Bo and 3 others`. @param {string[]} names */
export function listed(names) {
  if (names.length < 2) return names.join("");
  if (names.length === 2) return `${names[0]} and ${names[1]}`;
  if (names.length === 3) return `${names[0]}, ${names[1]} and ${names[2]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} others`;
}
