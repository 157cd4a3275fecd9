/** An API server for one kind of objects that misbehaves on demand. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { portOf } from "#testkit";
import type { Connection, KubeObject } from "#kubernetes";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export class ScriptedApi implements AsyncDisposable {
  readonly objects = new Map<string, KubeObject>();
  readonly requests: { kind: "list" | "watch"; query: URLSearchParams }[] = [];
  /** Answers of the next requests, in order; then it behaves. */
  readonly script: Answer[] = [];
  readonly #server: Server;
  readonly #watches = new Set<ServerResponse>();
  #version = 100;

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(): Promise<ScriptedApi> {
    const api = new ScriptedApi();
    api.#server.listen(0, "127.0.0.1");
    await once(api.#server, "listening");
    return api;
  }

  get connection(): Connection {
    return { server: new URL(`http://127.0.0.1:${portOf(this.#server)}`), options: () => Promise.resolve({}) };
  }

  get watching(): number {
    return this.#watches.size;
  }

  count(kind: "list" | "watch"): number {
    return this.requests.filter((request) => request.kind === kind).length;
  }

  /** Stores an object; tells the watches of it unless they are `deaf` to it. */
  put(name: string, { deaf = false }: { deaf?: boolean } = {}): KubeObject {
    const object = this.#stamped(name);
    const type = this.objects.has(name) ? "MODIFIED" : "ADDED";
    this.objects.set(name, object);
    if (!deaf) this.tell({ type, object });
    return object;
  }

  remove(name: string, { deaf = false }: { deaf?: boolean } = {}): void {
    const object = this.#stamped(name);
    this.objects.delete(name);
    if (!deaf) this.tell({ type: "DELETED", object });
  }

  /** Any line to all watches. */
  tell(event: unknown): void {
    for (const watch of this.#watches) watch.write(`${JSON.stringify(event)}\n`);
  }

  endWatches(): void {
    for (const watch of this.#watches) watch.end();
  }

  breakWatches(): void {
    for (const watch of this.#watches) watch.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const query = new URL(request.url ?? "", "http://x").searchParams;
    const kind = query.has("watch") ? "watch" : "list";
    this.requests.push({ kind, query });
    const scripted = this.script.shift();
    if (scripted !== undefined) scripted(request, response);
    else if (kind === "list") this.#list(query, response);
    else this.#watch(response);
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const [limit, from] = [Number(query.get("limit")), Number(query.get("continue") ?? 0)];
    const all = [...this.objects.values()];
    const more = from + limit < all.length ? String(from + limit) : "";
    const metadata = { resourceVersion: String(this.#version), continue: more };
    response.end(JSON.stringify({ metadata, items: all.slice(from, from + limit) }));
  }

  #watch(response: ServerResponse): void {
    this.#watches.add(response);
    response.on("close", () => this.#watches.delete(response));
    response.flushHeaders();
  }

  #stamped(name: string): KubeObject {
    this.#version += 1;
    return {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, uid: name, resourceVersion: String(this.#version) },
    };
  }
}

/** Answers with a Status, as the real one does. */
export function refuse(code: number, message = ""): Answer {
  return (_request, response) => {
    response.statusCode = code;
    response.end(JSON.stringify({ kind: "Status", code, message }));
  };
}
