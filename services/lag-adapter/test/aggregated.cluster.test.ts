import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfirmedProducer, ensureTopics, kafkaClient } from "#kafka";
import { KubeApi, kubeconfigConnection, kubeErrors, type Call } from "#kubernetes";
import { silentLogger, systemClock } from "#runtime";
import { eventually, freePort, ServerProcess, startKafka, temporaryDirectory, type Kafka } from "#testkit";
import { startKubeApiServer, type KubeApiServer } from "#testkit/kube-api-server";
import { BASE } from "./aggregator.ts";
import { ThrowAwayCa } from "./throw-away-ca.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const NAMESPACE = "adapter";
const SERVICE = `lag-adapter.${NAMESPACE}.svc`;
const API_SERVICE = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io";
const topic = { name: "readings", partitions: 2, retentionMs: 3_600_000 };

let broker: Kafka;
let server: KubeApiServer;
let admin: KubeApi;
let ca: ThrowAwayCa;
let adapter: ServerProcess;
let apiPort: number;
const directory = temporaryDirectory("lag-adapter-cluster");

const create = (path: string, apiVersion: string, kind: string, name: string, rest: object = {}): Promise<unknown> =>
  admin.call({ method: "POST", path, body: { apiVersion, kind, metadata: { name }, ...rest } });
const account = (namespace: string, name: string) => ({ kind: "ServiceAccount", namespace, name });

beforeAll(async () => {
  ca = await ThrowAwayCa.create("front-proxy-ca");
  const frontProxy = { ca: ca.pem, ...(await ca.issue({ commonName: "front-proxy-client" })) };
  [broker, server] = await Promise.all([startKafka(), startKubeApiServer({ frontProxy })]);
  admin = new KubeApi(await kubeconfigConnection(server.kubeconfig));
  await fillKafka();
  await create("/api/v1/namespaces", "v1", "Namespace", NAMESPACE);
  await create(`/api/v1/namespaces/${NAMESPACE}/serviceaccounts`, "v1", "ServiceAccount", "lag-adapter");
  await grant();
  await renew();
  apiPort = await freePort();
  await startAdapter();
  await install();
});
afterAll(async () => {
  await adapter.stop();
  await Promise.all([server[Symbol.asyncDispose](), broker.server[Symbol.asyncDispose]()]);
});

async function fillKafka(): Promise<void> {
  const client = { brokers: [broker.address], clientId: "test", log: silentLogger };
  const kafka = kafkaClient(client).admin();
  await kafka.connect();
  await ensureTopics(kafka, [topic], { clock: systemClock });
  const producer = new ConfirmedProducer({ client, topics: [topic], clock: systemClock });
  await producer.send([
    { topic: topic.name, messages: Array.from({ length: 7 }, () => ({ value: "v", partition: 0 })) },
  ]);
  await producer.close();
  await kafka.disconnect();
}

/** The rights that README.md lists, and no others. */
async function grant(): Promise<void> {
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const bind = (path: string, kind: string, roleKind: string, roleName: string): Promise<unknown> =>
    create(`${rbac}/${path}`, "rbac.authorization.k8s.io/v1", kind, "lag-adapter", {
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: roleKind, name: roleName },
      subjects: [account(NAMESPACE, "lag-adapter")],
    });
  await bind("namespaces/kube-system/rolebindings", "RoleBinding", "Role", "extension-apiserver-authentication-reader");
  await bind("clusterrolebindings", "ClusterRoleBinding", "ClusterRole", "system:auth-delegator");
}

async function renew(): Promise<void> {
  const { cert, key } = await ca.issue({ commonName: SERVICE, usage: "server" });
  writeFileSync(join(directory, "tls.crt"), cert);
  writeFileSync(join(directory, "tls.key"), key);
}

async function tokenOf(namespace: string, name: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  return (await admin.call<{ status: { token: string } }>({ method: "POST", path, body })).status.token;
}

/** The API as one account sees it. */
async function as(namespace: string, name: string): Promise<KubeApi> {
  return new KubeApi(await kubeconfigConnection(await kubeconfigOf(namespace, name)));
}

async function kubeconfigOf(namespace: string, name: string): Promise<string> {
  const path = join(directory, `${namespace}-${name}.json`);
  const token = await tokenOf(namespace, name);
  writeFileSync(path, readFileSync(server.kubeconfig, "utf8").replaceAll(JSON.stringify(server.token), `"${token}"`));
  return path;
}

async function startAdapter(): Promise<void> {
  const opsPort = await freePort();
  adapter = await ServerProcess.start({
    name: "lag-adapter",
    command: process.execPath,
    args: [MAIN],
    directory,
    isTemporary: true,
    environment: {
      KAFKA_BROKERS: broker.address,
      POLL_INTERVAL: "200ms",
      OPS_PORT: String(opsPort),
      API_PORT: String(apiPort),
      TLS_CERT_FILE: join(directory, "tls.crt"),
      TLS_KEY_FILE: join(directory, "tls.key"),
      KUBECONFIG: await kubeconfigOf(NAMESPACE, "lag-adapter"),
    },
    isReady: async () => (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).ok,
  });
}

/** As on a cluster, but for the way to the server: there is no network of pods here, so the service is a name. */
async function install(): Promise<void> {
  const spec = { type: "ExternalName", externalName: "localhost", ports: [{ port: apiPort }] };
  await create(`/api/v1/namespaces/${NAMESPACE}/services`, "v1", "Service", "lag-adapter", { spec });
  await create(
    "/apis/apiregistration.k8s.io/v1/apiservices",
    "apiregistration.k8s.io/v1",
    "APIService",
    "v1beta1.external.metrics.k8s.io",
    {
      spec: {
        group: "external.metrics.k8s.io",
        version: "v1beta1",
        service: { namespace: NAMESPACE, name: "lag-adapter", port: apiPort },
        caBundle: Buffer.from(ca.pem).toString("base64"),
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    },
  );
}

const get = <T>(api: KubeApi, path: string, query: NonNullable<Call["query"]> = {}): Promise<T> =>
  api.call<T>({ method: "GET", path, query });

interface Values {
  readonly items: readonly { readonly value: string }[];
}

test("the API server finds it good, and its users and discovery see the metric", async () => {
  interface ApiService {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }
  await eventually(
    "the APIService is available",
    () => get<ApiService>(admin, API_SERVICE),
    ({ status }) => status?.conditions?.some(({ type, status: is }) => type === "Available" && is === "True") === true,
    { timeoutMs: 60_000 },
  );
  const list = await get<Values>(admin, `${BASE}/namespaces/any/kafka_consumer_lag`, {
    labelSelector: "group=bq-writer",
  });
  expect(list.items).toMatchObject([
    { metricLabels: { group: "bq-writer", topic: "readings" }, metricName: "kafka_consumer_lag", value: "7" },
  ]);
  interface Discovery {
    readonly items: readonly {
      readonly metadata: { readonly name: string };
      readonly versions: readonly {
        readonly freshness: string;
        readonly resources?: readonly { resource: string }[];
      }[];
    }[];
  }
  const discovered = await eventually(
    "discovery is fresh",
    async () => {
      const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
      const { items } = await admin.call<Discovery>({ method: "GET", path: "/apis", accept });
      return items.find(({ metadata }) => metadata.name === "external.metrics.k8s.io")?.versions[0];
    },
    (version) => version?.freshness === "Current",
    { timeoutMs: 60_000 },
  );
  expect(discovered?.resources?.map(({ resource }) => resource)).toEqual([
    "kafka_consumer_lag",
    "kafka_consumer_lag_seconds",
    "kafka_topic_append_rate",
  ]);
});

test("the HPA's account may ask, by the cluster's own role; another may not, and what it may is asked of the cluster", async () => {
  await create("/api/v1/namespaces/kube-system/serviceaccounts", "v1", "ServiceAccount", "horizontal-pod-autoscaler");
  const path = `${BASE}/namespaces/any/kafka_consumer_lag`;
  const hpa = await as("kube-system", "horizontal-pod-autoscaler");
  expect((await get<Values>(hpa, path)).items).toHaveLength(1);
  const other = await as(NAMESPACE, "lag-adapter");
  await expect(get(other, path)).rejects.toSatisfy((error) => kubeErrors.is(error, "FORBIDDEN"));
  expect(await get(other, BASE)).toMatchObject({ kind: "APIResourceList" });
});

test("a renewed certificate is shown without a restart, and a broken one is not", async () => {
  interface Log {
    readonly what?: string;
    readonly message: string;
  }
  const lines = (): Log[] =>
    readFileSync(adapter.logPath, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Log)
      .filter(({ what }) => what === "certificate");
  writeFileSync(join(directory, "tls.crt"), "half");
  await eventually("a warning", lines, (seen) => seen.some(({ message }) => message.startsWith("not read")), {
    timeoutMs: 30_000,
  });
  expect((await get<Values>(admin, `${BASE}/namespaces/any/kafka_consumer_lag`)).items).toHaveLength(1);
  await renew();
  await eventually(
    "the new one",
    lines,
    (seen) => seen.filter(({ message }) => message.startsWith("in use")).length === 2,
    { timeoutMs: 30_000 },
  );
  expect((await get<Values>(admin, `${BASE}/namespaces/any/kafka_consumer_lag`)).items).toHaveLength(1);
});

test("the API server knows what the API looks like, and its log complains of nothing", async () => {
  await eventually(
    "it is in the API server's OpenAPI",
    () => get<{ paths: Record<string, unknown> }>(admin, "/openapi/v3"),
    ({ paths }) => "apis/external.metrics.k8s.io/v1beta1" in paths,
    { timeoutMs: 60_000 },
  );
  const complaints = readFileSync(server.server.process.logPath, "utf8")
    .split("\n")
    .filter((line) => /^[EW]\d/.test(line) && line.includes("external.metrics.k8s.io"));
  expect(complaints).toEqual([]);
});
