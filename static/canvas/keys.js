// Keys for the selected section, while no text and no other part of the tool takes them.

/** @param {import("./sheet.js").Sheet} sheet @param {import("./texts.js").Texts} texts @param {import("../editor/commands.js").Parts} parts */
export function listen(sheet, texts, { workspace, commands }) {
  const { stage } = sheet;
  addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const isHere = target === document.body || stage.contains(target);
    if (event.defaultPrevented || !isHere || event.isComposing || target.isContentEditable) return;
    if (target.closest("input, textarea, select, dialog, [role=menu], [data-lifted]")) return;
    const isButton = target.closest("button, a, summary") !== null;
    const id = workspace.selection?.id ?? null;
    const run = actionOf(event, isButton, id);
    if (!run) return;
    event.preventDefault();
    run();
  });

  /** @param {KeyboardEvent} event @param {boolean} isButton @param {string | null} id @returns {(() => void) | null} */
  function actionOf({ key, ctrlKey, metaKey, altKey, shiftKey }, isButton, id) {
    const isCommand = ctrlKey || metaKey;
    const by = { ArrowUp: -1, ArrowDown: 1 }[key];
    const mayEdit = id !== null && workspace.canEdit && !workspace.lockedBy(id);
    if (by && !isCommand && !altKey && !shiftKey && !isButton) return () => choose(id, by);
    if (id === null) return null;
    if (key === "Escape") return () => workspace.select(null);
    if (!mayEdit) return null;
    // A user who has chosen words of several texts means them, and not the section.
    const isPlain = !isCommand && !altKey && document.getSelection()?.isCollapsed !== false;
    if (/^(Delete|Backspace)$/.test(key) && isPlain) return () => commands.remove(id);
    if (key.toLowerCase() === "d" && isCommand && !shiftKey && !altKey)
      return () => void commands.duplicate(id);
    if (by && altKey && !isCommand)
      return () => {
        commands.step(id, by);
        workspace.select(id, null, { scroll: true });
      };
    const part = sheet.section(id);
    if (key === "Enter" && !isButton && !isCommand && part) return () => void texts.enter(part);
    return null;
  }

  /** Select the next section, or the one before. @param {string | null} id @param {number} by */
  function choose(id, by) {
    const shown = workspace.sections.filter((each) => each.hidden !== true);
    const at = shown.findIndex((each) => each.id === id);
    const next = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : at + by];
    if (next) workspace.select(next.id, null, { scroll: true });
    stage.focus({ preventScroll: true });
  }
}
