// The API as typed calls. schema.d.ts is generated from openapi.json (`npm run generate`), nothing here repeats it.

import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema.js";

export type Problem = components["schemas"]["Problem"];

/** A request that failed, with the API's problem details where it gave some (RFC 9457). Branch on `type`. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";

  constructor(
    readonly status: number,
    readonly problem: Problem | undefined,
    /** What to quote when asking for help. */
    readonly correlationId: string | undefined,
    /** Seconds to wait before trying again, where the API said so. */
    readonly retryAfter: number | undefined,
  ) {
    super(problem?.detail ?? `the API answered ${status}`);
  }

  get type(): Problem["type"] | undefined {
    return this.problem?.type;
  }
}

export interface Options {
  /** Origin of the API, without a trailing slash. */
  baseUrl: string;
  /** The current access token or API key. */
  bearer?: () => string | undefined;
  /** Gets another access token; false when that is not to be had. Asked at most once for each request. */
  refresh?: () => Promise<boolean>;
}

export type Api = Client<paths>;

/** A key for one wish of the customer's, the same for every repetition of its request. */
export const idempotencyKey = (): string => crypto.randomUUID();

export function createApi({ baseUrl, bearer, refresh }: Options): Api {
  const api = createClient<paths>({ baseUrl });
  api.use(identified(bearer));
  if (refresh) api.use(refreshed(bearer, refresh));
  return api;
}

/** The answer's data.
 * @throws ProblemError for everything but a good answer */
export async function data<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (response.ok) return data as T;
  const after = Number(response.headers.get("retry-after") ?? Number.NaN);
  throw new ProblemError(
    response.status,
    isProblem(error) ? error : undefined,
    response.headers.get("x-correlation-id") ?? undefined,
    Number.isNaN(after) ? undefined : after,
  );
}

function isProblem(error: unknown): error is Problem {
  return typeof error === "object" && error !== null && "type" in error && "correlation_id" in error;
}

/** Says who calls, and names each request so that it can be followed. */
function identified(bearer: Options["bearer"]): Middleware {
  return {
    onRequest({ request }) {
      const token = bearer?.();
      if (token && !request.headers.has("authorization")) request.headers.set("authorization", `Bearer ${token}`);
      if (!request.headers.has("x-correlation-id")) request.headers.set("x-correlation-id", crypto.randomUUID());
      return request;
    },
  };
}

/** Whether the token was refused: by a function, or by the gateway, which sends no problem details. Other answers with
 * 401 are about what was sent, such as a wrong password, and another token changes nothing. */
async function isUnauthenticated(response: Response): Promise<boolean> {
  if (response.status !== 401) return false;
  const body: unknown = await response.clone().json().catch(() => undefined);
  return !isProblem(body) || body.type === "/problems/unauthenticated";
}

/** Sends a request whose token was refused once more with another one. Its body was used up, so a copy is kept. */
function refreshed(bearer: Options["bearer"], refresh: () => Promise<boolean>): Middleware {
  const copies = new Map<string, Request>();
  return {
    onRequest({ id, request }) {
      copies.set(id, request.clone());
    },
    async onResponse({ id, response }) {
      const copy = copies.get(id);
      copies.delete(id);
      if (!copy?.headers.has("authorization") || !(await isUnauthenticated(response))) return undefined;
      if (!(await refresh())) return undefined;
      copy.headers.set("authorization", `Bearer ${bearer?.() ?? ""}`);
      return fetch(copy);
    },
    onError({ id }) {
      copies.delete(id);
    },
  };
}
