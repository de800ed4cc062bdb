// What screens use of the editor's own modules, so that they need no copy of them.

import { form } from "../fields/form.js";
import { namesOf, Spot } from "../fields/spot.js";
import { plain } from "../page/rich_text.js";
import { nameOf } from "../templates/sections.js";
import { openDialog } from "../ui/dialog.js";
import { sortable } from "../ui/dragging.js";
import { menuButton } from "../ui/menu.js";
import { toast } from "../ui/toast.js";

/** @typedef {typeof tools} Tools */
export const tools = {
  form,
  menuButton,
  nameOf,
  namesOf,
  openDialog,
  plain,
  sortable,
  Spot,
  toast,
};
