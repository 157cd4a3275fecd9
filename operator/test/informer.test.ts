import { afterEach, beforeEach, expect, test } from "vitest";
import { type Clock, systemClock } from "#runtime";
import { ManualClock } from "#runtime/manual-clock";
import { eventually } from "#testkit";
import { CONFIG_MAP, KubeApi, type KubeObject } from "#kubernetes";
import { Informer, type InformerLimits } from "../kube/informer.ts";
import { refuse, ScriptedApi } from "./scripted-api.ts";

let api: ScriptedApi;
let ending: AbortController;
let running: Promise<void>;
let changes: string[];
let errors: string[];

beforeEach(async () => {
  api = await ScriptedApi.start();
  ending = new AbortController();
  changes = [];
  errors = [];
});
afterEach(async () => {
  ending.abort();
  await running;
  await api[Symbol.asyncDispose]();
});

function start(limits: Partial<InformerLimits> = {}, clock: Clock = systemClock): Informer<KubeObject> {
  const informer = new Informer<KubeObject>({
    api: new KubeApi(api.connection),
    resource: CONFIG_MAP,
    namespace: "default",
    clock,
    onChange: ({ metadata }) => changes.push(metadata.name),
    onError: (error) => errors.push(error.message),
    limits: { watchGapMs: 10, ...limits },
  });
  running = informer.run(ending.signal);
  return informer;
}

const names = (informer: Informer<KubeObject>): string[] =>
  informer.store
    .all()
    .map(({ metadata }) => metadata.name)
    .sort();
const knows = (informer: Informer<KubeObject>, ...wanted: string[]): Promise<string[]> =>
  eventually(
    `it knows ${wanted.join(", ")}`,
    () => names(informer),
    (seen) => seen.join() === wanted.join(),
  );
const watching = (): Promise<number> =>
  eventually(
    "it watches",
    () => api.watching,
    (count) => count === 1,
  );

test("lists page by page, then follows", async () => {
  for (const name of ["a", "b", "c", "d", "e"]) api.put(name);
  const informer = start({ pageSize: 2 });
  await informer.synced;
  expect(names(informer)).toEqual(["a", "b", "c", "d", "e"]);
  expect(api.count("list")).toBe(3);
  expect(informer.store.get("a")?.kind).toBe("ConfigMap");
  await watching();
  api.put("f");
  api.remove("a");
  await knows(informer, "b", "c", "d", "e", "f");
  expect(changes).toEqual(["a", "b", "c", "d", "e", "f", "a"]);
  expect(api.requests.at(-1)?.query.get("allowWatchBookmarks")).toBe("true");
});

test("a first list that fails is tried again", async () => {
  api.put("a");
  api.script.push(refuse(500), refuse(403, "not yet"), refuse(404));
  await knows(start(), "a");
  expect(errors).toEqual(["the API server answered 500", "not yet", "the API server answered 404"]);
});

test("410 as an event: lists anew, tells what was deleted meanwhile, and survives a 500 there", async () => {
  for (const name of ["a", "b"]) api.put(name);
  const informer = start();
  await watching();
  api.remove("a", { deaf: true });
  api.put("c", { deaf: true });
  api.script.push(refuse(500), refuse(500));
  api.tell({ type: "ERROR", object: { kind: "Status", code: 410, message: "too old" } });
  await knows(informer, "b", "c");
  expect(changes).toEqual(["a", "b", "a", "c"]);
  expect(errors).toEqual(["too old", "the API server answered 500", "the API server answered 500"]);
});

test("410 as an answer to the watch: lists anew", async () => {
  const informer = start();
  await watching();
  api.put("a", { deaf: true });
  api.script.push(refuse(410, "gone"));
  api.endWatches();
  await knows(informer, "a");
});

test("watches that end at once: goes on from its version, without a list, and not at full speed", async () => {
  api.put("a");
  const clock = new ManualClock();
  const informer = start({ watchGapMs: 50 }, clock);
  await watching();
  const ended = Array.from({ length: 5 }, () => (_request: unknown, response: { end(): void }) => response.end());
  api.script.push(...ended);
  api.endWatches();
  for (let watches = 1; watches <= 6; watches += 1) {
    await eventually("it waits for the next", () => clock.pendingTimers === 1);
    await clock.advance(49);
    expect([clock.pendingTimers, api.count("watch")]).toEqual([1, watches]);
    await clock.advance(1);
  }
  await watching();
  expect(api.count("list")).toBe(1);
  expect(errors).toEqual([]);
  api.put("b");
  await knows(informer, "a", "b");
});

test("a bookmark moves the version on", async () => {
  start();
  await watching();
  api.tell({ type: "BOOKMARK", object: { metadata: { resourceVersion: "4711" } } });
  api.endWatches();
  await eventually("it asks from there", () => api.requests.at(-1)?.query.get("resourceVersion") === "4711");
  expect(changes).toEqual([]);
});

test("a watch that is cut, or brings nonsense, is replaced", async () => {
  const informer = start();
  await watching();
  api.breakWatches();
  await eventually("the cut was noticed", () => errors.length === 1);
  await watching();
  api.tell("nonsense");
  await eventually("so was the nonsense", () => errors.length === 2);
  await watching();
  api.put("a");
  await knows(informer, "a");
});

test("a half-open watch, on which nothing comes any more, is replaced", async () => {
  const informer = start({ silenceMs: 200 });
  await watching();
  const watches = api.count("watch");
  api.put("a", { deaf: true });
  await eventually("silence is an error", () => errors.some((error) => error.includes("silent")));
  await eventually("another watch began", () => api.count("watch") > watches);
  api.put("b");
  await eventually("it hears again", () => names(informer).includes("b"));
});

test("events that never came are made up for by the next list", async () => {
  api.put("a");
  const informer = start({ relistMs: 300, silenceMs: 150 });
  await watching();
  api.put("b", { deaf: true });
  api.remove("a", { deaf: true });
  await knows(informer, "b");
});

test("the same or an older version of an object is no news", async () => {
  const informer = start();
  await watching();
  const older = api.put("a");
  const newer = api.put("a");
  api.tell({ type: "MODIFIED", object: newer });
  api.tell({ type: "MODIFIED", object: older });
  api.put("z");
  await knows(informer, "a", "z");
  expect(changes).toEqual(["a", "a", "z"]);
  expect(informer.store.get("a")?.metadata.resourceVersion).toBe(newer.metadata.resourceVersion);
});

test("a server that is away: keeps what it knows, and ends when asked to", async () => {
  api.put("a");
  const informer = start();
  await watching();
  await api[Symbol.asyncDispose]();
  await eventually("it cannot be reached", () => errors.length >= 2);
  expect(names(informer)).toEqual(["a"]);
  ending.abort();
  await running;
  api = await ScriptedApi.start();
});
