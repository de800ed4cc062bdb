export type Environment = import("./transport.js").Environment;
/** @param {Partial<Environment>} [given] @returns {Environment} */
export declare function browser(given?: Partial<Environment>): Environment;
/**
 * The name of this tab, if it has one. It stays over a reload.
 * @param {string | undefined} given
 * @param {Environment} env
 * @returns {string | undefined}
 */
export declare const tabName: (given: string | undefined, env: Environment) => string | undefined;
/** A word that no other page has. @param {Environment} env */
export declare const word: ({ random }: Environment) => string;
/** Keeps the name of this tab for its next page. @param {string} name @param {Environment} env */
export declare function keepTabName(name: string, env: Environment): void;
