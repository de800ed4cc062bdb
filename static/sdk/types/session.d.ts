import { Change } from "./change.js";
import { Core } from "./core.js";
import { Emitter } from "./events.js";
import { Outbox } from "./outbox.js";
import { Transport } from "./transport.js";
export type Op = import("./patch.js").Op;
export type Environment = import("./transport.js").Environment;
export type Effect = import("./values.js").Effect;
export type Event = import("./values.js").Event;
export type Options = import("./weft.js").Options;
/** @typedef {import("./patch.js").Op} Op */
/** @typedef {import("./transport.js").Environment} Environment */
/** @typedef {import("./values.js").Effect} Effect */
/** @typedef {import("./values.js").Event} Event */
/** @typedef {import("./weft.js").Options} Options */
export declare class Session extends Emitter {
    #private;
    options: import("./weft.js").Options;
    env: import("./transport.js").Environment;
    outbox: Outbox;
    transport: Transport;
    core: Core;
    link: string;
    /** @type {{user: string, name: string, role: string, tenant: string}} */
    who: {
        user: string;
        name: string;
        role: string;
        tenant: string;
    };
    client: string;
    /** The newest `opened`, without its value. */
    opened: any;
    isBehind: boolean;
    isReadOnlyNow: boolean;
    isClosed: boolean;
    isAdopting: boolean;
    /** @type {Map<string, Change>} */
    changes: Map<string, Change>;
    /** @param {Options} options @param {Environment} env @param {Outbox} [adopted] the outbox of a dead tab */
    constructor(options: Options, env: Environment, adopted?: Outbox);
    /** Loads what is stored, and connects. @param {string} client @param {boolean} isNew */
    start(client: string, isNew: boolean): Promise<void>;
    nextId(): string;
    /** Makes a change of these operations. @param {Op[]} ops @param {string} [step] @param {number} [fence] @returns {Change} */
    edit(ops: Op[], step?: string, fence?: number): Change;
    /** Asks for an undo or a redo. @param {{redo: boolean, scope?: string, version?: number}} ask @returns {Promise<any>} */
    ask(ask: {
        redo: boolean;
        scope?: string;
        version?: number;
    }): Promise<any>;
    /** @param {string} pointer @param {(value: any, info: any, via: any) => void} listener */
    subscribe(pointer: string, listener: (value: any, info: any, via: any) => void): () => undefined;
    /** @param {Event} event @returns {Effect[]} */
    handle(event: Event): Effect[];
    /** Reports an error. @param {string} code @param {unknown} [cause] */
    fail(code: string, cause?: unknown): void;
    /** Ends the connection, and gives the outbox back. @returns {Promise<void>} */
    close(): Promise<void>;
}
