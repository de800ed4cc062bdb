// A small chart of the last minutes, as inline SVG: an area for the first series, a line for a
// second one.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 300;
const HEIGHT = 64;
const TOP = 4;
export const SPAN = 300_000;
const SHORTEST = 60_000;
// The server takes a sample every second. A longer time between two samples means that the server
// was stopped.
const GAP = 5000;

export class Chart {
  // The top of the scale is at least `floor`, so that small changes look small.
  constructor({ floor, label }) {
    this.floor = floor;
    this.label = label;
    this.span = SPAN;
    this.series = [];
    this.element = make("svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": label, // until there is a reading
    });
    this.fill = this.#add("path", { class: "fill" });
    this.#add("line", { class: "grid", x1: 0, x2: WIDTH, y1: TOP, y2: TOP });
    this.second = this.#add("path", { class: "line second" });
    this.first = this.#add("path", { class: "line" });
    this.cursor = this.#add("line", { class: "cursor", y1: 0, y2: HEIGHT, visibility: "hidden" });
  }

  // Draws values at times up to `now`, and returns the value at the top of the scale.
  draw(times, first, second, now) {
    this.span = Math.min(SPAN, Math.max(SHORTEST, now - (times[0] ?? now)));
    const highest = Math.max(this.floor, ...known(first), ...known(second));
    const top = roundUp(highest);
    const x = (at) => WIDTH - ((now - at) / this.span) * WIDTH;
    const y = (value) => HEIGHT - (value / top) * (HEIGHT - TOP);
    const runs = runsOf(times, first, x, y);
    this.first.setAttribute("d", runs.map(line).join(""));
    this.fill.setAttribute("d", runs.map(area).join(""));
    this.second.setAttribute("d", runsOf(times, second, x, y).map(line).join(""));
    return top;
  }

  describe(reading) {
    this.element.setAttribute("aria-label", `${this.label}: ${reading}`);
  }

  // Moves the cursor to the sample at `share` of the width, and returns its index. When `share` is
  // null, hides the cursor and returns -1.
  point(times, share, now) {
    if (share === null || !times.length) {
      this.cursor.setAttribute("visibility", "hidden");
      return -1;
    }
    const at = now - this.span * (1 - share);
    let nearest = times.length - 1;
    while (nearest > 0 && Math.abs(times[nearest - 1] - at) <= Math.abs(times[nearest] - at)) {
      nearest -= 1;
    }
    const x = WIDTH - ((now - times[nearest]) / this.span) * WIDTH;
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    this.cursor.setAttribute("visibility", "visible");
    return nearest;
  }

  #add(name, attributes) {
    const element = make(name, attributes);
    this.element.append(element);
    return element;
  }
}

function make(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function known(values) {
  return values.filter((value) => value !== null);
}

// Splits a series at nulls and at gaps in time, so that no line crosses a null or a gap.
function runsOf(times, values, x, y) {
  const runs = [];
  let run = [];
  values.forEach((value, index) => {
    if (run.length && (value === null || times[index] - times[index - 1] > GAP)) {
      runs.push(run);
      run = [];
    }
    if (value !== null) run.push([x(times[index]).toFixed(1), y(value).toFixed(1)]);
  });
  if (run.length) runs.push(run);
  return runs;
}

function line(run) {
  return `M${run.map((point) => point.join(" ")).join("L")}`;
}

function area(run) {
  return `${line(run)}L${run.at(-1)[0]} ${HEIGHT}L${run[0][0]} ${HEIGHT}Z`;
}

// Rounds up, so that the scale is readable and does not change at every sample.
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value * 0.999);
}
