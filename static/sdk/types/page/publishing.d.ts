export type Ask = import("./history.js").Ask;
/** @typedef {import("./history.js").Ask} Ask */
/** @param {Ask} ask @param {{version?: number, expectedPublished?: number | null}} options */
export declare function publish(ask: Ask, { version, expectedPublished }: {
    version?: number;
    expectedPublished?: number | null;
}): Promise<any>;
/** @param {Ask} ask */
export declare function unpublish(ask: Ask): Promise<any>;
/** @param {Ask} ask */
export declare function published(ask: Ask): Promise<any>;
