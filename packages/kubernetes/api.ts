import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import type { Connection } from "./connection.ts";
import { kubeError, kubeErrors } from "./errors.ts";

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** Default `application/json`; of a PATCH: which kind of patch. */
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Told of every answer; `status` 0: none came. */
export type OnAnswer = (method: Call["method"], status: number) => void;

/** No call takes longer: a half-open connection ends here. */
const CALL_TIMEOUT_MS = 15_000;

/** TCP's own probes find a dead peer of a quiet watch. */
const KEEPALIVE_MS = 30_000;

/**
 * Speaks to the API server: one call, one answer; or a stream of lines. Tries nothing again: that is for the callers,
 * who know what an error means for them.
 *
 * Why not the calls and watches of `@kubernetes/client-node`: its informer ends for good at a failed relist, its watch
 * hides the server's words and swallows lines that it cannot read, and its models alone take 80 MiB. It does the part
 * that is hard to get right, logging in by kubeconfig (`connection.ts`).
 */
export class KubeApi {
  readonly #connection: Connection;
  readonly #onAnswer: OnAnswer;

  constructor(connection: Connection, onAnswer: OnAnswer = () => undefined) {
    this.#connection = connection;
    this.#onAnswer = onAnswer;
  }

  /** @throws KubeError */
  async call<T>(call: Call): Promise<T> {
    const timeout = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]);
    const response = await this.#open(call, signal);
    const body = await this.#guarded(() => text(response));
    return parsed(body) as T;
  }

  /**
   * The lines of an endless answer, such as a watch. Ends when the server ends it, after `silenceMs` without a byte
   * (with UNAVAILABLE), or when the signal aborts.
   *
   * @throws KubeError
   */
  async *lines(call: Call, silenceMs: number): AsyncGenerator<string, void> {
    const ending = new AbortController();
    const outer = call.signal === undefined ? ending.signal : AbortSignal.any([call.signal, ending.signal]);
    const response = await this.#open(call, AbortSignal.any([outer, AbortSignal.timeout(CALL_TIMEOUT_MS)]), outer);
    // Kept, because a complete answer has given its socket back.
    const { socket } = response;
    const onSilence = (): void =>
      void response.destroy(kubeErrors.create("UNAVAILABLE", "the API server was silent for too long"));
    socket.setTimeout(silenceMs, onSilence);
    try {
      const lines = createInterface({ input: response, crlfDelay: Infinity });
      const failed = new Promise<never>((_, reject) => response.once("error", reject));
      failed.catch(() => undefined);
      const iterator = lines[Symbol.asyncIterator]();
      for (;;) {
        const { value, done } = await this.#guarded(() => Promise.race([iterator.next(), failed]));
        if (done === true) break;
        yield value;
      }
      if (!response.complete) throw kubeErrors.create("UNAVAILABLE", "the API server's answer broke off");
    } finally {
      socket.setTimeout(0, onSilence);
      ending.abort();
      response.destroy();
    }
  }

  /** `opening` ends the wait for the head of the answer, `whole` also the reading of its body. */
  async #open(call: Call, opening: AbortSignal, whole = opening): Promise<IncomingMessage> {
    const response = await this.#guarded(() => this.#send(call, opening, whole)).catch((error: unknown) => {
      this.#onAnswer(call.method, 0);
      throw error;
    });
    const status = response.statusCode ?? 0;
    this.#onAnswer(call.method, status);
    if (status >= 200 && status < 300) return response;
    throw kubeError(status, parsed(await this.#guarded(() => text(response))));
  }

  async #send(call: Call, opening: AbortSignal, whole: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(this.#connection.server);
    // Behind a proxy the API server has a path of its own.
    url.pathname = url.pathname.replace(/\/$/, "") + call.path;
    for (const [name, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const options = await this.#connection.options();
    const headers: OutgoingHttpHeaders = {
      ...(options.headers as OutgoingHttpHeaders),
      accept: call.accept ?? "application/json",
    };
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    if (body !== undefined) headers["content-type"] = call.contentType ?? "application/json";
    if (body !== undefined) headers["content-length"] = body.length;
    const send = url.protocol === "http:" ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const request = send(url, { ...options, method: call.method, headers, signal: whole });
      const onAbort = (): void => void request.destroy(new Error("no answer in time", { cause: opening.reason }));
      if (opening.aborted) onAbort();
      opening.addEventListener("abort", onAbort, { once: true });
      request.on("socket", (socket) => socket.setKeepAlive(true, KEEPALIVE_MS));
      request.on("error", reject);
      request.on("response", (response) => {
        opening.removeEventListener("abort", onAbort);
        resolve(response);
      });
      request.end(body);
    });
  }

  /** Whatever goes wrong on the way is UNAVAILABLE. */
  async #guarded<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      if (kubeErrors.is(cause)) throw cause;
      throw kubeErrors.create("UNAVAILABLE", "the API server cannot be reached", { cause });
    }
  }
}

function parsed(body: string): unknown {
  if (body === "") return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return { message: body.slice(0, 500) };
  }
}
