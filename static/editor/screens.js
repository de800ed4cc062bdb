// The screens that are loaded when a user opens them: new sections, history, publishing, and the settings
// of the site.
//
// `make sdk` makes a file of each. A screen takes the modules that the editor has from the editor's own
// file, and has only the others. A screen is opened by `workspace.emit("screen", {name, …})`.

// The screens share one: the browser's history has one entry for all of them.
import "../ui/back.js";
import { toast } from "../ui/toast.js";

/** @typedef {{name: string, pointer?: string, index?: number}} Asked the screen, and the place that it is about */
/** @typedef {{open: (parts: import("./commands.js").Parts, asked: Asked) => void | Promise<void>}} Screen */

/** @type {Record<string, () => Promise<Screen>>} */
const SCREENS = {
  gallery: () => import("../gallery/gallery.js"),
  history: () => import("../history/history.js"),
  site: () => import("../site/site.js"),
  publish: () => import("../publish/publish.js"),
};

export class Screens {
  #isLoading = false;

  /** @param {import("./commands.js").Parts} parts */
  constructor(parts) {
    this.parts = parts;
    parts.workspace.on("screen", (asked) => void this.open(asked));
  }

  /** @param {Asked} asked */
  async open(asked) {
    if (this.#isLoading) return; // a second click
    this.#isLoading = true;
    try {
      const { open } = await SCREENS[asked.name]();
      await open(this.parts, asked);
    } catch (error) {
      console.warn(error);
      toast("This part could not be loaded. Check the connection, and try again.", { tone: "danger" });
    } finally {
      this.#isLoading = false;
    }
  }
}
