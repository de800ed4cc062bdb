// A small drawing of each type of section, on a grid of 24 by 18.

import { svg } from "./elements.js";

/** @type {Record<string, string>} */
const PATHS = {
  hero: "M2 5h8M2 8h6M2 12h5M13 4h9v10h-9z",
  features: "M2 4h5v10H2zM9.5 4h5v10h-5zM17 4h5v10h-5z",
  testimonials: "M4 12V8a3 3 0 0 1 3-3M4 9h4v3H4zM12 12V8a3 3 0 0 1 3-3M12 9h4v3h-4z",
  pricing: "M2 6h5v9H2zM9.5 3h5v12h-5zM17 6h5v9h-5zM11 7h2",
  faq: "M2 4h20v3H2zM2 10h20v4H2zM18 5.5h1.5",
  gallery: "M2 3h9v6H2zM13 3h9v6h-9zM2 11h9v4H2zM13 11h9v4h-9z",
  form: "M3 3h18v3H3zM3 8h18v3H3zM3 14h7",
  callToAction: "M2 4h20v10H2zM6 9h5M15 7.5h4v3h-4z",
  footer: "M2 3h20M2 12h20M4 15h4M11 15h4M18 15h2",
};

/** @param {string} type */
export function typeIcon(type) {
  const path = svg("path", { d: PATHS[type] ?? "M3 3h18v12H3zM7 7h10M7 11h6" });
  return svg("svg", { viewBox: "0 0 24 18", class: "type-icon", "aria-hidden": "true" }, path);
}
