// Icons of one stroke weight, drawn on a grid of 24.

import { svg } from "./elements.js";

/** The paths of each icon. @type {Record<string, string>} */
const PATHS = {
  add: "M12 5v14M5 12h14",
  alert: "M12 4 2.8 20h18.4L12 4ZM12 10v4M12 17.2v.1",
  arrowDown: "M12 5v14M6 13l6 6 6-6",
  arrowUp: "M12 19V5M6 11l6-6 6 6",
  back: "M15 5l-7 7 7 7",
  bold: "M7 5h6a3.5 3.5 0 0 1 0 7H7V5ZM7 12h7a3.5 3.5 0 0 1 0 7H7v-7Z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  chevron: "M6 9l6 6 6-6",
  close: "M6 6l12 12M18 6L6 18",
  cloud: "M7 18a4 4 0 0 1-.6-7.95A6 6 0 0 1 18 11.5a3.3 3.3 0 0 1-.5 6.5H7Z",
  cloudOff: "M4 4l16 16M8.2 7.6A6 6 0 0 1 18 11.5c1.4.1 2.6 1.1 2.9 2.5M16 18H7a4 4 0 0 1-.6-7.95",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  desktop: "M3 5h18v11H3zM9 20h6M12 16v4",
  drop: "M12 3.5s6.5 6.6 6.5 10.8a6.5 6.5 0 0 1-13 0C5.5 10.1 12 3.5 12 3.5Z",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6Z",
  eyeOff:
    "M4 4l16 16M9.5 5.8A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-2.7 3.4M6.3 7.5A15.6 15.6 0 0 0 2.5 12S6 18.5 12 18.5c1.5 0 2.9-.4 4.1-1",
  grip: "M9 6v.1M15 6v.1M9 12v.1M15 12v.1M9 18v.1M15 18v.1",
  home: "M4 11l8-7 8 7M6 9.5V20h12V9.5M10 20v-5.5h4V20",
  history: "M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5M12 8v4.5l3 2",
  image: "M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M15.5 9v.1",
  inbox: "M4 13l2.5-8h11L20 13v6H4v-6ZM4 13h5l1 2.5h4l1-2.5h5",
  italic: "M10 5h7M7 19h7M14 5l-4 14",
  layers: "M12 4l9 5-9 5-9-5 9-5ZM4 14l8 4.5 8-4.5",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  more: "M6 12v.1M12 12v.1M18 12v.1",
  open: "M14 5h5v5M19 5l-8 8M17 14v5H5V7h5",
  page: "M6 3h8l4 4v14H6V3ZM14 3v4h4",
  people:
    "M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11ZM3 19c.5-3.5 3-5 6-5s5.5 1.5 6 5M16 5a3 3 0 0 1 0 5.8M17.5 14.5c2 .6 3.2 2 3.5 4.5",
  phone: "M7 3h10v18H7zM11 18h2",
  redo: "M19 8H9.5a5 5 0 0 0 0 10H13M15 4l4 4-4 4",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12ZM15.5 15.5L20 20",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
  share: "M12 15V4M8 7.5L12 4l4 3.5M6 11H5v9h14v-9h-1",
  tablet: "M5 3h14v18H5zM11 18h2",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
  undo: "M5 8h9.5a5 5 0 0 1 0 10H11M9 4L5 8l4 4",
};

/** Return an icon. It is decoration: what has the icon needs a name of its own. @param {string} name */
export function icon(name) {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" },
    svg("path", { d: PATHS[name] }),
  );
}
