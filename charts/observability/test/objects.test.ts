/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-argument -- specs are read as kubectl reads them: without types. */
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { objectsOf, podTemplates, type Manifest } from "../../test/objects.ts";
import { ADDRESS_FORMS } from "../prometheus/scrape-config.ts";
import { filesAnnotation } from "../web-part.ts";
import { gkeProfile, portableProfile } from "./profiles.ts";

const NAME = "app.kubernetes.io/name";

interface PodMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Ports that a policy's rules open to or for the pods of a part. */
function portsBetween(
  objects: readonly Manifest[],
  from: string,
  to: string,
): { egress: unknown[]; ingress: unknown[] } {
  const policy = (part: string): Manifest["spec"] =>
    objects.find(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === part)?.["spec"];
  const ports = (rules: Manifest["rules"], side: string, peer: string): unknown[] =>
    ((rules ?? []) as Record<string, any[]>[]) // eslint-disable-line @typescript-eslint/no-explicit-any -- as above
      .filter((rule) => rule[side]?.some(({ podSelector }) => podSelector?.matchLabels?.[NAME] === peer))
      .flatMap((rule) => (rule["ports"] ?? []).map(({ port }) => port as unknown));
  return { egress: ports(policy(from)?.egress, "to", to), ingress: ports(policy(to)?.ingress, "from", from) };
}

describe.each([portableProfile, gkeProfile])("$name", (profile) => {
  const objects = objectsOf(profile);
  const templates = podTemplates(objects);
  const portsScraped: Record<string, number> = { simulator: 9090 };
  for (const { template } of templates) {
    const { annotations, labels } = template.metadata as PodMetadata;
    if (annotations?.["prometheus.io/scrape"] === "true")
      portsScraped[labels[NAME]!] = Number(annotations["prometheus.io/port"]);
  }
  const partsScraped = Object.keys(portsScraped);

  test("every ConfigMap behind a projected volume is there", () => {
    const made = objects.filter(({ kind }) => kind === "ConfigMap").map(({ metadata }) => metadata.name);
    const named = templates.flatMap(({ template }) =>
      ((template.spec.volumes ?? []) as { projected?: { sources: { configMap: { name: string } }[] } }[]).flatMap(
        ({ projected }) => (projected?.sources ?? []).map(({ configMap }) => configMap.name),
      ),
    );
    expect(named.length).toBeGreaterThan(5);
    for (const name of named) expect(made).toContain(name);
  });

  test("whoever asks to be scraped can be reached by who scrapes", () => {
    expect(partsScraped.length).toBeGreaterThan(4);
    if (profile.monitoring === "prometheus") {
      for (const [part, port] of Object.entries(portsScraped)) {
        const { egress, ingress } = portsBetween(objects, "prometheus", part);
        expect(egress, part).toContain(port);
        expect(ingress, part).toContain(port);
      }
      expect(partsScraped).toContain("grafana");
      return;
    }
    const monitored = objects
      .filter(({ kind }) => kind === "PodMonitoring")
      .map(({ spec }) => String(spec.selector.matchLabels[NAME]));
    expect(monitored.sort()).toEqual(partsScraped.sort());
    const opened = objects.find(({ metadata }) => metadata.name === "managed-collection");
    const values = opened?.["spec"].podSelector.matchExpressions[0].values as string[];
    expect(values.sort()).toEqual(partsScraped.sort());
  });

  test("Grafana reaches its data source, and nobody but those of other parts is let in", () => {
    const source = profile.monitoring === "prometheus" ? "prometheus" : "prometheus-frontend";
    const { egress, ingress } = portsBetween(objects, "grafana", source);
    expect([egress, ingress]).toEqual([[9090], [9090]]);
    const sources = objects.find(({ metadata }) => metadata.name === "grafana-data-sources");
    const { datasources } = parse(sources?.["data"]["data-sources.yaml"]) as {
      datasources: { url?: string; uid: string; jsonData: Record<string, unknown> }[];
    };
    expect(datasources[0]?.url).toBe(`http://${source}.smart-home.svc:9090`);
    expect(datasources.map(({ uid }) => uid)).toEqual(
      profile.name === "gke" ? ["prometheus", "bigquery"] : ["prometheus"],
    );
    const [prometheus, bigQuery] = datasources.map(({ jsonData }) => jsonData);
    expect(prometheus).toMatchObject({ httpMethod: profile.monitoring === "managed" ? "GET" : "POST" });
    if (bigQuery !== undefined) expect(bigQuery["MaxBytesBilled"]).toBeLessThanOrEqual(50 * 2 ** 30);
  });

  test("where the broker's queue ends is said as it is configured", () => {
    const { maxQueuedMib } = profile.mosquitto;
    const said = objects
      .filter(({ metadata }) => /^(prometheus-config|smart-home|grafana-dashboards-resources)$/.test(metadata.name))
      .map((object) => JSON.stringify(object))
      .filter((text) => /throws? away|thrown away/.test(text) && text.includes("MiB"));
    expect(said).toHaveLength(2);
    for (const text of said) for (const [, mib] of text.matchAll(/(\d+) MiB/g)) expect(Number(mib)).toBe(maxQueuedMib);
    expect(said.join()).toContain(String(maxQueuedMib * 2 ** 20));
    const mosquitto = objects.find(({ metadata }) => metadata.name === "mosquitto-config");
    expect(mosquitto?.["data"]["mosquitto.conf"]).toContain(`max_queued_bytes ${maxQueuedMib * 2 ** 20}\n`);
  });

  test("a changed dashboard or rule replaces the pod that has read it", () => {
    const owners: Record<string, string> = {
      grafana: "grafana-",
      ...(profile.name === "gke" ? {} : { prometheus: "prometheus-config" }),
    };
    for (const [part, prefix] of Object.entries(owners)) {
      const maps = objects.filter(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith(prefix));
      const files = Object.assign({}, ...maps.map(({ data }) => data as Record<string, string>)) as Record<
        string,
        string
      >;
      const { template } = templates.find(({ name }) => name === part)!;
      expect(template.metadata).toMatchObject({ annotations: filesAnnotation(files) });
    }
    expect(filesAnnotation({ a: "1" })).not.toEqual(filesAnnotation({ a: "2" }));
  });
});

test.each([
  ["10.0.0.7;9090", "10.0.0.7:9090"],
  ["fd00:10::7;3000", "[fd00:10::7]:3000"],
  ["::1;9090", "[::1]:9090"],
])("an address and its port, %s, are the target %s", (joined, target) => {
  // As Prometheus does it: anchored, and only where it matches.
  const forms = ADDRESS_FORMS.map(([regex, replacement]) => [new RegExp(`^(?:${regex})$`), replacement] as const);
  const made = forms.filter(([regex]) => regex.test(joined)).map(([regex, form]) => joined.replace(regex, form));
  expect(made).toEqual([target]);
});
