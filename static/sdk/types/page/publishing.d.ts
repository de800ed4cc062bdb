export type Request = typeof import("../link/http.js").request;
export type Caller = import("../link/http.js").Caller & {
    options: {
        document: string;
    };
};
/** @param {Request} request @param {Caller} caller @param {{version?: number, expectedPublished?: number | null, dryRun?: boolean}} options */
export declare function publish(request: Request, caller: Caller, { version, expectedPublished, dryRun }: {
    version?: number;
    expectedPublished?: number | null;
    dryRun?: boolean;
}): Promise<any>;
/** @param {Request} request @param {Caller} caller */
export declare function unpublish(request: Request, caller: Caller): Promise<any>;
/** @param {Request} request @param {Caller} caller */
export declare function published(request: Request, caller: Caller): Promise<any>;
