export type PreviewEnvironment = {
    window: any;
    MessageChannel: new () => {
        port1: any;
        port2: any;
    };
    setTimeout: (action: () => void, ms: number) => any;
    clearTimeout: (timer: any) => void;
    /**
     * in milliseconds
     */
    now: () => number;
    /**
     * from 0 to 1
     */
    random: () => number;
};
/**
 * What both sides use of the browser. Tests give their own.
 * @typedef {object} PreviewEnvironment
 * @property {any} window
 * @property {new () => {port1: any, port2: any}} MessageChannel
 * @property {(action: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} now in milliseconds
 * @property {() => number} random from 0 to 1
 */
/** The version of the messages between an editor and a preview. */
export declare const PREVIEW_PROTOCOL = 1;
export declare const CAPABILITIES: string[];
/** @param {Partial<PreviewEnvironment>} [given] @returns {PreviewEnvironment} */
export declare function environment(given?: Partial<PreviewEnvironment>): PreviewEnvironment;
/** A message of the handshake. These messages are the only ones between the windows. @param {string} type @param {object} fields */
export declare const handshake: (type: string, fields: object) => {
    weft: string;
    type: string;
    protocol: number;
    capabilities: string[];
};
/** Whether this is a message of the handshake. Any window may send one. @param {any} data @param {string} type */
export declare const isHandshake: (data: any, type: string) => boolean;
/** Whether a message names a part of the document. @param {any} message */
export declare const hasPointer: ({ pointer }: any) => boolean;
export declare class Channel {
    #private;
    port: any;
    env: PreviewEnvironment;
    ended: (reason: string) => void;
    /**
     * @param {any} port
     * @param {PreviewEnvironment} env
     * @param {(message: any) => void} received
     * @param {(reason: string) => void} ended 'bye': the other side has ended the connection; 'lost': it
     *   is gone; 'replaced': the other side uses a newer connection
     */
    constructor(port: any, env: PreviewEnvironment, received: (message: any) => void, ended: (reason: string) => void);
    /** @param {object} message */
    send(message: object): void;
    /** Ends the connection, and tells the other side. @param {string} [reason] */
    close(reason?: string): void;
}
