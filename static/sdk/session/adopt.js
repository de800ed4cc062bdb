// Sends the changes of a dead tab.

/** @typedef {import("./session.js").Session} Session */

/**
 * Sends the changes of a dead tab over a second connection, under the name of that tab.
 * @param {Session} session of the living tab
 * @param {Session} other with the outbox of the dead tab
 * @returns {Promise<void>}
 */
export async function send(session, other) {
  session.isAdopting = true;
  const done = new Promise((resolve) => {
    let isLoaded = false;
    const look = () => {
      const isDone = isLoaded && !other.core.queue.length;
      if (session.isClosed || other.link === "refused" || isDone) resolve(undefined);
    };
    other.on("loaded", () => {
      isLoaded = true;
      look();
    });
    other.on("opened", () => other.transport.send({ type: "presence", state: null }));
    other.on("status", look);
    session.on("closing", look);
  });
  await other.start("", false);
  await done;
  await other.close();
  session.isAdopting = false;
  session.emit("adopted");
}
