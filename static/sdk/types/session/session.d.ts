import { Change } from "../reports/change.js";
import { Core } from "../core/core.js";
import { WeftError } from "../reports/errors.js";
import { Emitter } from "../reports/events.js";
import { Outbox } from "../outbox/outbox.js";
import { Transport } from "../link/transport.js";
export type Op = import("../patch/patch.js").Op;
export type Environment = import("../link/transport.js").Environment;
export type Effect = import("../core/values.js").Effect;
export type Event = import("../core/values.js").Event;
export type Options = import("../link/transport.js").Options;
/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {import("../link/transport.js").Environment} Environment */
/** @typedef {import("../core/values.js").Effect} Effect */
/** @typedef {import("../core/values.js").Event} Event */
/** @typedef {import("../link/transport.js").Options} Options */
export declare class Session extends Emitter {
    #private;
    options: import("../link/transport.js").Options;
    env: import("../link/transport.js").Environment;
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
    /** Loads what is stored, and connects. @param {string} [client] the name of the tab */
    start(client?: string): Promise<void>;
    /** The ends of all changes that wait. */
    get ends(): Promise<{
        version: number;
        merged: string[];
        conflicts: any[];
    }>[];
    get mode(): "edit" | "read-only";
    nextId(): string;
    /** Makes a change of these operations. @param {Op[]} ops @param {string} [step] @param {number} [fence] @returns {Change} */
    edit(ops: Op[], step?: string, fence?: number): Change;
    /** Asks for an undo or a redo. @param {{redo: boolean, scope?: string, version?: number, change?: string}} ask @returns {Promise<any>} */
    ask(ask: {
        redo: boolean;
        scope?: string;
        version?: number;
        change?: string;
    }): Promise<any>;
    /** The answer to a request. A lost connection rejects it, unless it is an undo or a redo. @param {string} id @returns {Promise<any>} */
    answerOf(id: string): Promise<any>;
    /** Returns the newest entry: after an edit, the one that has it. @param {Event} event */
    handle(event: Event): import("../core/entries.js").Entry | undefined;
    /** Reports an error. @param {string} code @param {unknown} [cause] */
    fail(code: string, cause?: unknown): void;
    /** Ends the connection, and gives the outbox back. @returns {Promise<void>} */
    close(): Promise<void>;
    /** Stores entries, together with the changes that need a decision. A refusal is told after that. @param {Effect} effect */
    store({ put, remove }: Effect): void;
    tick(): void;
    /** @param {Effect} effect */
    send({ message }: Effect): void;
    /** @param {any} effect */
    state(effect: any): void;
    /** @param {Effect} effect */
    end(effect: Effect): void;
    /** @param {Effect} effect */
    asked({ id, result, reason }: Effect): void;
    /** @param {Effect} effect */
    wait({ tries, ms }: Effect): void;
    /** @param {Effect} effect */
    show(effect: Effect): void;
    reload(): void;
    opening(): {
        client: string;
        since: {
            epoch: number;
            version: number;
        } | undefined;
        create: any;
        max_fps: number | undefined;
    };
    /** @param {any} message */
    received(message: any): void;
    /** @param {number} code */
    closed(code: number): void;
    /** @param {string} link @param {WeftError} [error] */
    changed(link: string, error?: WeftError): void;
}
