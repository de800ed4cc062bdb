// Pictures: dropped on the page, pasted, or chosen. The upload shows its progress over the place.

import { advice } from "/sdk/advice.js";
import { lasting, pointerNow } from "../editor/place_words.js";
import { elementOf } from "../page/dom.js";
import { text } from "../page/values.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { toast } from "../ui/toast.js";
import { openPopover } from "./popover.js";
import { find, holderOf, placeOf } from "./picture_places.js";

/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {import("./frames.js").Frames} Frames */
/** @typedef {import("./picture_places.js").PicturePlace} PicturePlace */

const NO_PLACE = "This section has no place for a picture.";

export class Pictures {
  /** @type {Node | null} what a dragged file is over */
  #over = null;

  /** @param {Sheet} sheet @param {Frames} frames @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(sheet, frames, workspace) {
    this.sheet = sheet;
    this.frames = frames;
    this.workspace = workspace;
    this.target = h("div", { class: "frame drop" });
    frames.add(this.target, () => this.#over);
    this.#button("Choose another picture", "image", "Replace", (place) => this.choose(place));
    this.#button("Describe this picture", "page", "Describe", (place) => this.describe(place));
    change(frames.tools.picture, {
      onclick: () => {
        const node = frames.id === null ? null : sheet.section(frames.id);
        const place = node && placeOf(sheet, workspace, node);
        if (place) this.choose(place);
      },
    });
    // A file that misses the page does not replace the editor.
    for (const name of ["dragover", "drop"])
      addEventListener(name, (event) => hasFiles(/** @type {DragEvent} */ (event)) && event.preventDefault());
    const { stage } = sheet;
    stage.addEventListener("dragover", (event) => this.#drag(event));
    stage.addEventListener("dragleave", (event) => event.target === stage && this.#show(null));
    stage.addEventListener("drop", (event) => this.#drop(event));
    document.addEventListener("paste", (event) => this.#paste(event));
  }

  /** @param {string} words @param {string} shape @param {string} name @param {(place: PicturePlace) => void} run */
  #button(words, shape, name, run) {
    const onclick = () => {
      const pointer = this.workspace.selection?.pointer;
      const node = pointer ? this.sheet.nodeAt(pointer) : null;
      const place = node && placeOf(this.sheet, this.workspace, node);
      if (place) run(place);
    };
    this.frames.pictureTools.append(
      h("button", { type: "button", class: "quiet", title: words, onclick }, icon(shape), name),
    );
  }

  // --- how a picture comes -----------------------------------------------------------------------

  /** @param {DragEvent} event */
  #drag(event) {
    if (!hasFiles(event)) return;
    const target = /** @type {Element} */ (event.target);
    const place = placeOf(this.sheet, this.workspace, target);
    if (event.dataTransfer) event.dataTransfer.dropEffect = place ? "copy" : "none";
    this.#show(place ? target : null);
  }

  /** @param {Element | null} target */
  #show(target) {
    const over = target && (isPicture(target) ? target : target.closest("[data-section], header"));
    if (over === this.#over) return;
    this.#over = over;
    this.frames.update();
  }

  /** @param {DragEvent} event */
  #drop(event) {
    if (!hasFiles(event)) return;
    event.preventDefault();
    this.#show(null);
    const place = placeOf(this.sheet, this.workspace, /** @type {Element} */ (event.target));
    this.#take([...(event.dataTransfer?.files ?? [])], place);
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const { sheet, workspace } = this;
    const files = [...(event.clipboardData?.files ?? [])];
    const target = /** @type {Element} */ (event.target);
    const isHere = target === document.body || sheet.stage.contains(target);
    const id = workspace.selection?.id;
    if (!files.length || !id || !isHere || event.clipboardData?.getData("text/plain")) return;
    event.preventDefault();
    const pointer = workspace.selection?.pointer;
    const node = (pointer && sheet.nodeAt(pointer)) || sheet.section(id);
    this.#take(files, node && placeOf(sheet, workspace, node));
  }

  /** @param {PicturePlace} place */
  choose(place) {
    const field = h("input", { type: "file", accept: "image/*", multiple: place.isList });
    field.addEventListener("change", () => this.#take([...(field.files ?? [])], place));
    field.click();
  }

  /** @param {File[]} files @param {PicturePlace | null} place */
  #take(files, place) {
    const { workspace } = this;
    const holder = place?.id ? workspace.lockedBy(place.id) : null;
    if (!workspace.canEdit) return void toast("You can look at this page, but not change it.");
    if (holder) return void toast(`${holder.name} has locked this section.`);
    if (!place) return void toast(NO_PLACE);
    if (workspace.page.link !== "online")
      return void toast("A picture needs a connection. Try again when you are online.", { tone: "warning" });
    for (const file of place.isList ? files : files.slice(0, 1)) void this.put(file, place);
  }

  // --- the upload ----------------------------------------------------------------------------------

  /** Upload a picture, and put it in its place. @param {File} file @param {PicturePlace} place */
  async put(file, place) {
    const { frames, sheet, workspace } = this;
    const bar = h("progress", { max: 1, "aria-label": `Upload of ${file.name || "a picture"}` });
    const frame = h("div", { class: "frame upload" }, h("div", {}, bar, h("span", {}, "Uploading…")));
    const remove = frames.add(frame, () => holderOf(sheet, workspace, place));
    try {
      const { url, width, height } = await workspace.page.assets.upload(file, ({ sent, total }) => {
        bar.value = total ? sent / total : 0;
      });
      // A picture and the words about it are one step of undo. The step ends with the question.
      workspace.page.pause();
      const pointer = this.#write(place, { src: url, ...(width && height ? { width, height } : {}) });
      if (pointer === null) toast("The place of the picture was deleted meanwhile.", { tone: "warning" });
      if (pointer === null || !this.#ask(pointer)) workspace.page.resume();
    } catch (error) {
      toast(words(error), { tone: "danger" });
    } finally {
      remove();
    }
  }

  /** Put a picture in its place, as one step. Return its pointer; null when the place is gone. @param {PicturePlace} place @param {{src: string, width?: number, height?: number}} given @returns {string | null} */
  #write(place, given) {
    const { workspace } = this;
    const at = find(workspace, place);
    if (at === null) return null;
    const { page } = workspace;
    if (place.isList) {
      const item = { id: `item-${crypto.randomUUID?.() ?? Date.now()}`, image: { alt: "", ...given } };
      const list = read(page.value, at);
      if (Array.isArray(list)) page.patch([{ op: "add", path: `${at}/-`, value: item }]);
      else page.set(at, [item]);
      return `${at}/${Array.isArray(list) ? list.length : 0}/image`;
    }
    const old = read(page.value, at);
    const alt = text(old, "src") === given.src ? text(old, "alt") : "";
    page.set(at, { ...given, alt });
    return at;
  }

  /** Show a new picture, and ask what it shows. @param {string} pointer @returns {boolean} whether the question is open */
  #ask(pointer) {
    const { sheet, workspace } = this;
    const id = workspace.sections.find((each) =>
      pointer.startsWith(`${workspace.sectionAt(each.id)?.at}/`),
    )?.id;
    const kept = lasting(workspace.value, pointer);
    const ask = () => {
      const now = pointerNow(workspace.value, kept);
      workspace.select(id ?? null, now);
      sheet.drawNow();
      const node = now && sheet.nodeAt(now);
      const place = node ? placeOf(sheet, workspace, node) : null;
      return place !== null && this.describe(place);
    };
    // During the upload, the user may have begun to write something else.
    const here = /** @type {HTMLElement} */ (document.activeElement);
    if (!here.isContentEditable && !here.matches("input, textarea, select")) return ask();
    toast("The picture is on the page.", { action: "Describe it", onAction: () => void ask() });
    return false;
  }

  /** Ask what a picture shows. @param {PicturePlace} place @returns {boolean} whether the question is open */
  describe(place) {
    const { sheet, workspace } = this;
    const pointer = find(workspace, place);
    const node = pointer && sheet.nodeAt(pointer);
    if (!node || !workspace.canEdit) return false;
    const src = text(read(workspace.value, pointer), "src");
    const field = h("input", {
      id: "weft-describe",
      value: text(read(workspace.value, pointer), "alt"),
      autocomplete: "off",
      maxlength: 300,
    });
    const form = h(
      "form",
      {
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          const at = find(workspace, place);
          // Another picture may have taken the place.
          if (
            at !== null &&
            text(read(workspace.value, at), "src") === src &&
            field.value.trim() !== text(read(workspace.value, at), "alt")
          )
            workspace.page.set(`${at}/alt`, field.value.trim());
          close();
        },
      },
      h("label", { for: "weft-describe" }, "What does the picture show?"),
      field,
      h("small", {}, "Screen readers and search engines read it. Leave it empty for decoration."),
      h(
        "div",
        { class: "line end" },
        h("button", { type: "button", onclick: () => close() }, "Skip"),
        h("button", { class: "primary" }, "Save"),
      ),
    );
    const close = openPopover(() => node.getBoundingClientRect(), {
      label: "Description of the picture",
      body: [form],
      onClose: () => workspace.page.resume(),
    });
    return true;
  }
}

/** @param {DragEvent} event */
function hasFiles({ dataTransfer }) {
  return dataTransfer?.types.includes("Files") ?? false;
}

/** @param {Element} node */
function isPicture(node) {
  return elementOf(node)?.tag === "img";
}

/** What a user reads about an upload that failed. @param {any} error */
function words(error) {
  if (error?.code === "offline") return "The connection was lost, so the picture was not added. Try again.";
  return advice(error);
}

/** The value at a pointer. @param {any} value @param {string} pointer @returns {any} */
function read(value, pointer) {
  let found = value;
  for (const part of pointer.split("/").slice(1))
    found = found?.[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  return found;
}
