import { connect, type TLSSocket } from "node:tls";
import { once } from "node:events";
import { Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { KubeApi } from "#kubernetes";
import { ManualClock, Readiness, silentLogger } from "#runtime";
import { AccessReviews } from "../api/access-reviews.ts";
import type { Series } from "../api/external-metrics.ts";
import { MetricsApi } from "../api/metrics-api.ts";
import { apiMetrics } from "../api/metrics.ts";
import { parseRequestHeaderConfig } from "../api/request-header.ts";
import type { Held } from "../held-value.ts";
import { Aggregator, BASE, HPA } from "./aggregator.ts";
import { HEADERS, ScriptedKubernetes } from "./scripted-kubernetes.ts";
import { ThrowAwayCa, type Pem } from "./throw-away-ca.ts";

const METRIC = "kafka_consumer_lag";
const VALUES = `${BASE}/namespaces/smart-home/${METRIC}`;

let frontProxy: ThrowAwayCa;
let stranger: ThrowAwayCa;
let serving: Pem;
let proxyClient: Pem;
let kubernetes: ScriptedKubernetes;
let clock: ManualClock;
let registry: Registry;
let readiness: Readiness;
let api: MetricsApi;
let aggregator: Aggregator;
let held: Held<number>;
const clients: Aggregator[] = [];

const pair = (pem: Pem) => ({ ...pem, endsAtMs: Infinity });
const configOf = (ca: string, names: readonly string[] = ["front-proxy"]) =>
  parseRequestHeaderConfig({
    ...HEADERS,
    "requestheader-client-ca-file": ca,
    "requestheader-allowed-names": JSON.stringify(names),
  });
const client = (pem?: Pem): Aggregator => {
  const made = new Aggregator(() => api.port, pem);
  clients.push(made);
  return made;
};
const counted = async (metric: string): Promise<Record<string, number>> => {
  const values = (await registry.getSingleMetric(metric)?.get())?.values ?? [];
  const named = values.map(({ labels, value }): [string, number] => [Object.values(labels).join(), value]);
  return Object.fromEntries(named.filter(([, value]) => value > 0));
};
const series = (group: string, read: () => Held<number>): Series => ({
  metric: METRIC,
  labels: { group, topic: "readings" },
  read,
});

beforeAll(async () => {
  frontProxy = await ThrowAwayCa.create("front-proxy-ca");
  stranger = await ThrowAwayCa.create("front-proxy-ca");
  serving = await frontProxy.issue({ commonName: "lag-adapter", usage: "server" });
  proxyClient = await frontProxy.issue({ commonName: "front-proxy" });
  kubernetes = await ScriptedKubernetes.start();
});
afterAll(() => kubernetes[Symbol.asyncDispose]());

beforeEach(async () => {
  clock = new ManualClock(Date.now());
  registry = new Registry();
  readiness = new Readiness();
  held = { kind: "known", value: 1200, atMs: Date.UTC(2026, 0, 2, 3, 4, 5) };
  kubernetes.allows = () => true;
  kubernetes.reviews.length = 0;
  api = await MetricsApi.start({
    host: "127.0.0.1",
    port: 0,
    series: [series("bq-writer", () => held), series("archiver", () => ({ kind: "known", value: 0, atMs: 0 }))],
    reviews: new AccessReviews({ api: new KubeApi(kubernetes.connection), clock }),
    readiness,
    clock,
    log: silentLogger,
    events: apiMetrics(registry, () => undefined),
  });
  api.trust(pair(serving), configOf(frontProxy.pem));
  aggregator = client(proxyClient);
});
afterEach(async () => {
  for (const each of clients.splice(0)) each[Symbol.dispose]();
  await api.stop();
});

describe("the contract", () => {
  test.each([
    ["/apis/", 404, undefined],
    [`${BASE}/nonexistent-metric`, 404, undefined],
    [`${BASE}/namespaces/foo`, 404, undefined],
    [`${BASE}/namespaces/foo/group/metric`, 404, undefined],
    [`${BASE}/namespaces/foo/group%2Fmetric`, 404, undefined],
    [`${BASE}/namespaces//${METRIC}`, 404, undefined],
    [`${BASE}/namespaces/default/${METRIC}`, 200, 2],
    [`${BASE}/namespaces/default/${METRIC}?labelSelector=group%3Dbq-writer`, 200, 1],
    [`${BASE}/namespaces/default/${METRIC}?labelSelector=group%3Dnobody`, 200, 0],
    [`${BASE}/namespaces/default/${METRIC}?labelSelector=a+b`, 400, undefined],
    [`${BASE}/namespaces/foo/nonexistent-metric`, 200, 0],
    [`${BASE}/namespaces/default/${METRIC}?watch=true`, 405, undefined],
    ["/openapi/v3", 404, undefined],
    ["/apis/custom.metrics.k8s.io/v1beta1", 404, undefined],
    ["/apis/external.metrics.k8s.io/v1", 404, undefined],
    ["/metrics", 404, undefined],
    ["/%ff", 404, undefined],
  ])("GET %s", async (path, status, items) => {
    const reply = await aggregator.get(path);
    expect(reply).toMatchObject({ status, type: "application/json" });
    const body = JSON.parse(reply.text) as { kind: string; code?: number; items?: unknown[] };
    if (status === 200) expect(body.items).toHaveLength(items ?? -1);
    else expect(body).toMatchObject({ kind: "Status", status: "Failure", code: status });
  });

  test("what a value looks like", async () => {
    expect(await aggregator.json(`${VALUES}?labelSelector=group%3Dbq-writer`)).toEqual({
      kind: "ExternalMetricValueList",
      apiVersion: "external.metrics.k8s.io/v1beta1",
      metadata: {},
      items: [
        {
          metricName: METRIC,
          metricLabels: { group: "bq-writer", topic: "readings" },
          timestamp: "2026-01-02T03:04:05Z",
          value: "1200",
        },
      ],
    });
  });

  test("discovery: the groups, the group, and what its version has", async () => {
    const version = { groupVersion: "external.metrics.k8s.io/v1beta1", version: "v1beta1" };
    const group = { name: "external.metrics.k8s.io", versions: [version], preferredVersion: version };
    expect(await aggregator.json("/apis")).toEqual({ kind: "APIGroupList", apiVersion: "v1", groups: [group] });
    expect(await aggregator.json("/apis/external.metrics.k8s.io")).toEqual({
      kind: "APIGroup",
      apiVersion: "v1",
      ...group,
    });
    const list = await aggregator.json(BASE);
    expect(list).toMatchObject({ kind: "APIResourceList", groupVersion: version.groupVersion });
    expect(list["resources"]).toMatchObject([{ name: METRIC, namespaced: true, kind: "ExternalMetricValueList" }]);
    expect(await aggregator.json(`${BASE}/`)).toEqual(list);
    expect(await aggregator.json("/openapi/v2")).toMatchObject({ swagger: "2.0" });
  });

  test.each(["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])("%s is refused", async (method) => {
    expect((await aggregator.get(VALUES, { method })).status).toBe(405);
    expect(kubernetes.reviews).toEqual([]);
  });

  test("who wants aggregated discovery, or another format only, gets 406 and can fall back", async () => {
    const status = async (path: string, accept: string) =>
      (await aggregator.get(path, { headers: { ...HPA, accept } })).status;
    const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    expect(await status("/apis", aggregated)).toBe(406);
    expect(await status("/apis", `${aggregated},application/json`)).toBe(200);
    expect(await status(VALUES, "application/vnd.kubernetes.protobuf")).toBe(406);
    expect(await status(VALUES, "application/vnd.kubernetes.protobuf, */*")).toBe(200);
  });

  test("a lag that is not known is an error, never 0, and the rest stays available", async () => {
    held = { kind: "unknown", reason: "no broker" };
    const reply = await aggregator.get(`${VALUES}?labelSelector=group%3Dbq-writer`);
    expect(reply).toMatchObject({ status: 503, type: "application/json" });
    expect(JSON.parse(reply.text)).toMatchObject({ kind: "Status", reason: "ServiceUnavailable" });
    expect((await aggregator.get(BASE)).status).toBe(200);
  });

  test("probes need no certificate and are not counted", async () => {
    readiness.notReady("kafka", "no lag was read yet");
    const nobody = client();
    expect(await nobody.get("/healthz", { headers: {} })).toMatchObject({ status: 200, text: "ok" });
    expect(await nobody.get("/livez", { headers: {} })).toMatchObject({ status: 200, text: "ok" });
    expect(await nobody.get("/readyz", { headers: {} })).toMatchObject({ status: 503, text: "no lag was read yet" });
    readiness.ready("kafka");
    expect(await nobody.get("/readyz", { headers: {} })).toMatchObject({ status: 200, text: "ok" });
    expect(await counted("lag_api_requests_total")).toEqual({});
  });
});

describe("no access", () => {
  const refused = async (asker: Aggregator, code: number, reason: string, headers: AskHeaders = HPA) => {
    const reply = await asker.get(VALUES, { headers });
    expect(JSON.parse(reply.text)).toMatchObject({ kind: "Status", code });
    expect(reply.status).toBe(code);
    expect(await counted("lag_api_refused_total")).toEqual({ [reason]: 1 });
    expect(await counted("lag_api_requests_total")).toEqual({ [code]: 1 });
  };
  type AskHeaders = Readonly<Record<string, string | readonly string[]>>;

  test("without a certificate headers are worth nothing", async () => {
    await refused(client(), 401, "no_certificate", { ...HPA, "x-remote-group": ["system:masters"] });
    expect(kubernetes.reviews).toEqual([]);
  });

  test("a session that began without a certificate is not trusted when it is resumed", async () => {
    const options = { host: "127.0.0.1", port: api.port, rejectUnauthorized: false };
    const first = connect(options);
    const ticket = once(first, "session") as Promise<[Buffer]>;
    first.resume();
    const [session] = await ticket;
    first.destroy();
    const second = connect({ ...options, session });
    await once(second, "secureConnect");
    expect(second.isSessionReused()).toBe(true);
    const head = `GET ${VALUES} HTTP/1.1\r\nHost: x\r\nX-Remote-User: admin\r\nX-Remote-Group: system:masters\r\n\r\n`;
    second.write(head);
    const [answer] = (await once(second, "data")) as [Buffer];
    second.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1.1 401 /);
  });

  test("a certificate of somebody else's authority, of the same name", async () => {
    await refused(client(await stranger.issue({ commonName: "front-proxy" })), 401, "untrusted_certificate");
  });

  test("a certificate that has ended; one for servers", async () => {
    const ended = client(await frontProxy.issue({ commonName: "front-proxy", validMs: -1000 }));
    expect((await ended.get(VALUES)).status).toBe(401);
    const server = client(await frontProxy.issue({ commonName: "front-proxy", usage: "server" }));
    expect((await server.get(VALUES)).status).toBe(401);
    expect(await counted("lag_api_refused_total")).toEqual({ untrusted_certificate: 2 });
  });

  test("a certificate that ends while its connection lives", async () => {
    expect((await aggregator.get(VALUES)).status).toBe(200);
    await clock.advance(2 * 86_400_000);
    await expect(refused(aggregator, 401, "expired_certificate")).rejects.toThrow();
    expect(await counted("lag_api_refused_total")).toEqual({ expired_certificate: 1 });
  });

  test("a common name that is not on the list; with an empty list any is good", async () => {
    const other = client(await frontProxy.issue({ commonName: "kubelet" }));
    await refused(other, 401, "name_not_allowed");
    api.trust(pair(serving), configOf(frontProxy.pem, []));
    expect((await other.get(VALUES)).status).toBe(200);
  });

  test("nobody is named", async () => {
    await refused(aggregator, 401, "no_user", { "x-remote-user": "", "x-remote-group": "system:masters" });
  });

  test("a user without the right, with the API server's words", async () => {
    kubernetes.allows = () => false;
    await refused(aggregator, 403, "forbidden");
    const { message } = await aggregator.json(VALUES);
    expect(message).toBe(
      `User "${HPA["x-remote-user"]}" cannot list ${METRIC} in the namespace smart-home: as scripted`,
    );
  });

  test("the API server cannot be asked: no answer is no yes, and is not remembered", async () => {
    kubernetes.allows = () => {
      throw new Error("down");
    };
    await refused(aggregator, 503, "review_failed");
    kubernetes.allows = () => true;
    expect((await aggregator.get(VALUES)).status).toBe(200);
  });
});

describe("who asks, and for what", () => {
  test("the API server is asked for that user and that right", async () => {
    const headers = {
      "X-Remote-User": Buffer.from("zoë").toString("latin1"),
      "X-Remote-Uid": "42",
      "X-Remote-Group": ["a, b", "", "c"],
      "X-Remote-Extra-Acme.com%2Fproject": ["one", "two"],
    };
    await aggregator.get(VALUES, { headers });
    expect(kubernetes.reviews).toEqual([
      {
        user: "zoë",
        uid: "42",
        groups: ["a, b", "c", "system:authenticated"],
        extra: { "acme.com/project": ["one", "two"] },
        resourceAttributes: {
          namespace: "smart-home",
          verb: "list",
          group: "external.metrics.k8s.io",
          version: "v1beta1",
          resource: METRIC,
        },
      },
    ]);
  });

  test("discovery is a path; the aggregator reads it without any group", async () => {
    expect((await aggregator.get(BASE, { headers: { "X-Remote-User": "system:kube-aggregator" } })).status).toBe(200);
    expect(kubernetes.reviews).toMatchObject([
      { groups: ["system:authenticated"], nonResourceAttributes: { path: BASE, verb: "get" } },
    ]);
  });

  test("an anonymous user stays one; masters are not asked about", async () => {
    const anonymous = { "X-Remote-User": "system:anonymous", "X-Remote-Group": "system:unauthenticated" };
    await aggregator.get(BASE, { headers: anonymous });
    expect(kubernetes.reviews).toMatchObject([{ user: "system:anonymous", groups: ["system:unauthenticated"] }]);
    await aggregator.get(BASE, { headers: { "X-Remote-User": "system:anonymous" } });
    expect(kubernetes.reviews[1]).toMatchObject({ user: "system:anonymous", groups: [] });
    await aggregator.get(BASE, { headers: { "X-Remote-User": "x", "X-Remote-Group": ["a", "system:masters"] } });
    expect(kubernetes.reviews).toHaveLength(2);
  });

  test("an answer is good for ten seconds, for that question only", async () => {
    await Promise.all([aggregator.get(VALUES), aggregator.get(VALUES)]);
    await aggregator.get(VALUES);
    expect(kubernetes.reviews).toHaveLength(1);
    await aggregator.get(`${BASE}/namespaces/other/${METRIC}`);
    expect(kubernetes.reviews).toHaveLength(2);
    kubernetes.allows = () => false;
    await clock.advance(9_999);
    expect((await aggregator.get(VALUES)).status).toBe(200);
    await clock.advance(1);
    expect((await aggregator.get(VALUES)).status).toBe(403);
    kubernetes.allows = () => true;
    expect((await aggregator.get(VALUES)).status).toBe(403);
    await clock.advance(10_000);
    expect((await aggregator.get(VALUES)).status).toBe(200);
  });
});

describe("certificates", () => {
  const shown = async (): Promise<string | undefined> => {
    const socket: TLSSocket = connect({ host: "127.0.0.1", port: api.port, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    return subject.CN as string | undefined;
  };

  test("another certificate is shown at once, and connections that are there live on", async () => {
    expect(await shown()).toBe("lag-adapter");
    expect((await aggregator.get(VALUES)).status).toBe(200);
    const [socket] = Object.values(aggregator.agent.freeSockets).flat();
    api.trust(pair(await frontProxy.issue({ commonName: "lag-adapter-2", usage: "server" })), configOf(frontProxy.pem));
    expect(await shown()).toBe("lag-adapter-2");
    expect((await aggregator.get(VALUES)).status).toBe(200);
    expect(Object.values(aggregator.agent.freeSockets).flat()).toEqual([socket]);
  });

  test("with another authority the one before is worth nothing, also for connections that are there", async () => {
    expect((await aggregator.get(VALUES)).status).toBe(200);
    const [socket] = Object.values(aggregator.agent.freeSockets).flat();
    const closed = once(socket!, "close");
    api.trust(pair(serving), configOf(stranger.pem));
    await closed;
    expect((await aggregator.get(VALUES)).status).toBe(401);
    const renewed = client(await stranger.issue({ commonName: "front-proxy" }));
    expect((await renewed.get(VALUES)).status).toBe(200);
    api.trust(pair(serving), configOf(`${stranger.pem}\n${frontProxy.pem}`));
    expect((await client(proxyClient).get(VALUES)).status).toBe(200);
  });

  test("an authority that another one signed is trusted by itself", async () => {
    const root = await ThrowAwayCa.create("root");
    const below = await ThrowAwayCa.create("below", root);
    api.trust(pair(serving), configOf(below.pem));
    expect((await client(await below.issue({ commonName: "front-proxy" })).get(VALUES)).status).toBe(200);
    expect((await client(await root.issue({ commonName: "front-proxy" })).get(VALUES)).status).toBe(401);
  });

  test("a client may bring the authorities between its own and the one that is trusted", async () => {
    const below = await ThrowAwayCa.create("below", frontProxy);
    const leaf = await below.issue({ commonName: "front-proxy" });
    expect((await client(leaf).get(VALUES)).status).toBe(401);
    expect((await client({ ...leaf, cert: `${leaf.cert}\n${below.pem}` }).get(VALUES)).status).toBe(200);
  });

  test("nothing is served before there is something to trust", async () => {
    await api.stop();
    api = await MetricsApi.start({
      host: "127.0.0.1",
      port: 0,
      series: [],
      reviews: new AccessReviews({ api: new KubeApi(kubernetes.connection), clock }),
      readiness,
      clock,
      log: silentLogger,
      events: apiMetrics(new Registry(), () => undefined),
    });
    await expect(client(proxyClient).get("/healthz")).rejects.toThrow(/alert|hang up|RESET/);
  });
});
