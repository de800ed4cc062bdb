// The cards: the title, the chart and the numbers of each metric.

import { Chart } from "./chart.js";
import * as format from "./format.js";

const CARDS = [
  {
    title: "Edits",
    first: "edits",
    second: "refusals",
    format: format.perSecond,
    floor: 5,
    beside: (at) => ["refused", format.perSecond(at("refusals"))],
  },
  {
    title: "Edit latency, median",
    first: "p50",
    second: "p99",
    format: format.milliseconds,
    floor: 5,
    beside: (at) => ["99 %", format.milliseconds(at("p99"))],
  },
  {
    title: "Connections",
    first: "connections",
    second: "behind",
    format: format.count,
    floor: 5,
    beside: (at) => ["behind", format.count(at("behind"))],
  },
  {
    title: "Sent",
    first: "sent",
    second: "received",
    format: format.bytesPerSecond,
    floor: 1000,
    beside: (at) => ["received", format.bytesPerSecond(at("received"))],
  },
  {
    title: "Commit time, 99 %",
    first: "commit",
    format: format.milliseconds,
    floor: 5,
    beside: (at) => ["edits per commit", format.count(at("batch"))],
  },
  {
    title: "Event loop lag, longest",
    first: "lag",
    format: format.milliseconds,
    floor: 10,
    beside: (at, all) => ["worst", format.milliseconds(Math.max(...all("lag")))],
  },
  {
    title: "Clients present",
    first: "present",
    second: "locks",
    format: format.count,
    floor: 5,
    beside: (at) => ["locks", format.count(at("locks"))],
  },
  {
    title: "Memory",
    first: "memory",
    format: format.bytes,
    floor: 1e6,
    beside: (at) => ["CPU", format.share(at("processor"))],
  },
];

export class Cards {
  #cards;
  #samples = null;
  #now = 0;

  constructor(home) {
    this.#cards = CARDS.map((about) => new Card(about));
    home.replaceChildren(...this.#cards.map((card) => card.element));
  }

  show(samples, now) {
    this.#samples = samples;
    this.#now = now;
    for (const card of this.#cards) card.show(this.#samples, this.#now);
  }
}

class Card {
  #pointed = null;
  #shown = null;

  constructor(about) {
    this.about = about;
    this.chart = new Chart({ floor: about.floor, label: about.title });
    this.value = make("p", "value");
    this.beside = make("p", about.second ? "beside dashed" : "beside");
    this.top = make("span", "top-of-scale");
    this.since = make("span");
    this.element = make("article", "card");
    const reading = make("div", "reading");
    reading.append(this.value, this.beside);
    const drawing = make("div", "chart");
    drawing.tabIndex = 0;
    drawing.append(this.chart.element, this.top);
    drawing.addEventListener("pointermove", (event) => this.#point(event));
    drawing.addEventListener("pointerleave", () => this.#leave());
    drawing.addEventListener("keydown", (event) => this.#step(event));
    drawing.addEventListener("blur", () => this.#leave());
    const scale = make("div", "scale");
    scale.append(this.since, make("span", "", "now"));
    this.element.append(make("h2", "", about.title), reading, drawing, scale);
  }

  show(samples, now) {
    this.#shown = { samples, now };
    const { about } = this;
    const second = about.second ? samples[about.second] : [];
    const top = this.chart.draw(samples.at, samples[about.first], second, now);
    this.top.textContent = format.text(about.format(top));
    this.#read();
  }

  #point(event) {
    const box = event.currentTarget.getBoundingClientRect();
    this.#pointed = (event.clientX - box.left) / box.width;
    this.#read();
  }

  // The arrow keys move the cursor like the pointer, by a sixtieth of the width.
  #step(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way) {
      if (event.key === "Escape") this.#leave();
      return;
    }
    event.preventDefault();
    this.#pointed = Math.min(1, Math.max(0, (this.#pointed ?? 1) + way / 60));
    this.#read();
  }

  #leave() {
    this.#pointed = null;
    this.#read();
  }

  // Shows the sample under the pointer, or the newest one.
  #read() {
    if (!this.#shown || !this.#shown.samples.at.length) return;
    const { samples, now } = this.#shown;
    const pointed = this.chart.point(samples.at, this.#pointed, now);
    const index = pointed < 0 ? samples.at.length - 1 : pointed;
    const [number, unit] = this.#format(samples, index);
    this.value.replaceChildren(number, make("small", "", unit));
    const at = (name) => samples[name][index];
    const [what, reading] = this.about.beside(at, (name) => samples[name]);
    this.beside.replaceChildren(`${what} `, make("b", "", format.text(reading)));
    const ago = `${format.duration(pointed < 0 ? this.chart.span : now - samples.at[index])} ago`;
    this.since.textContent = ago;
    const read = [format.text([number, unit]), `${what} ${format.text(reading)}`];
    this.chart.describe([pointed < 0 ? "now" : ago, ...read].join(", "));
  }

  #format(samples, index) {
    return index < 0 ? format.NOTHING : this.about.format(samples[this.about.first][index]);
  }
}

function make(name, className = "", text = "") {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
