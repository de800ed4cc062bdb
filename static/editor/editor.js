// The page at `/edit/{doc}`: a landing page that several people edit at once.
//
// It makes the document and each part of the tool, and ties them together. No part knows another one:
// they meet in the workspace.

import { connect } from "/sdk/weft.js";
import { Canvas } from "../canvas/canvas.js";
import { makePanels } from "../panels/panels.js";
import { startOffline } from "../ui/offline.js";
import { makePeople } from "../people/together.js";
import { Token } from "../ui/token.js";
import { Commands } from "./commands.js";
import { failed, late } from "./failed.js";
import { makeHistory } from "./history_button.js";
import { makePublish } from "./publish_button.js";
import { makeSafety } from "../safety/safety.js";
import { Screens } from "./screens.js";
import { makeShare } from "./share_button.js";
import { TopBar } from "./top_bar.js";
import { Workspace } from "./workspace.js";

const name = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const token = new Token();
/** @type {string[]} the codes of the errors until now */
const errors = [];

try {
  const page = connect({ url: location.origin, document: name, token: () => token.get() });
  page.on("error", (error) => {
    console.warn(error);
    errors.push(error.code);
    late(error, token);
  });
  startOffline(() => page.pending, "the editor");
  await page.ready;
  start(page);
} catch (error) {
  failed(error, token);
}

/** @param {import("../sdk/weft.js").Page} page */
function start(page) {
  document.querySelector(".opening")?.remove();
  const workspace = new Workspace(page, new URLSearchParams(location.search).get("page") ?? "");
  const commands = new Commands(workspace);
  const parts = { workspace, commands, document: name, token, errors };
  new TopBar(part("bar"), parts);
  makeSafety(parts);
  new Canvas(part("stage"), parts);
  makePanels(parts);
  makeShare(part("tools"), parts);
  makePeople(parts);
  makeHistory(part("tools"), parts);
  makePublish(part("bar"), parts);
  new Screens(parts);
  // For tests and for the console of a developer.
  Object.assign(window, { weft: { page, workspace, commands } });
  document.body.dataset.state = "ready";
}

/** @param {string} id */
function part(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
