import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { kubeErrors } from "#kubernetes";
import { ManualClock } from "#runtime";
import { temporaryDirectory } from "#testkit";
import { AccessReviews, actionOf } from "../api/access-reviews.ts";
import { CertificateFiles } from "../api/certificate-files.ts";
import { RequestHeaderWatch } from "../api/request-header-watch.ts";
import { parseRequestHeaderConfig, userOf, type User } from "../api/request-header.ts";
import { acceptsJson, routeOf } from "../api/routes.ts";
import { HEADERS } from "./scripted-kubernetes.ts";
import { ThrowAwayCa, type Pem } from "./throw-away-ca.ts";

let ca: ThrowAwayCa;
let first: Pem;
let second: Pem;
beforeAll(async () => {
  ca = await ThrowAwayCa.create();
  first = await ca.issue({ commonName: "first", usage: "server" });
  second = await ca.issue({ commonName: "second", usage: "server" });
});

describe("paths", () => {
  test.each([
    ["/healthz", "health"],
    ["/readyz", "health"],
    ["/livez", "health"],
    ["/healthz/", "unknown"],
    ["/", "unknown"],
    ["", "unknown"],
    ["/api", "unknown"],
    ["/apis", "groups"],
    ["/apis/external.metrics.k8s.io", "group"],
    ["/apis/external.metrics.k8s.io/", "group"],
    ["/apis/external.metrics.k8s.io/v1beta1", "version"],
    ["/apis/external.metrics.k8s.io/v1beta1/", "version"],
    ["/apis/external.metrics.k8s.io/v1beta1//", "unknown"],
    ["/apis/external.metrics.k8s.io/v1beta1/nodes/a/b", "unknown"],
    ["/apis/external.metrics.k8s.io/v1beta1/namespaces/a/b", "values"],
    ["/apis/external.metrics.k8s.io/v1beta1/namespaces/a/b/", "unknown"],
    ["//apis/external.metrics.k8s.io", "unknown"],
    ["http://x/apis", "unknown"],
  ])("%s", (path, kind) => expect(routeOf(path).kind).toBe(kind));
});

test.each([
  [undefined, true],
  ["", true],
  ["*/*", true],
  ["application/*;q=0.5", true],
  ["text/html, Application/JSON", true],
  ["application/json;as=Table;v=v1;g=meta.k8s.io,application/json", true],
  ["application/json;as=Table;v=v1;g=meta.k8s.io", false],
  ["application/json;q=0", false],
  ["text/html", false],
])("accept %s", (accept, isGood) => expect(acceptsJson(accept)).toBe(isGood));

describe("the request-header configuration", () => {
  const data = () => ({
    ...HEADERS,
    "requestheader-client-ca-file": `# two\n${ca.pem}\n${ca.pem}`,
    "requestheader-allowed-names": '["front-proxy"]',
  });

  test("is read whole", () =>
    expect(parseRequestHeaderConfig(data())).toEqual({
      ca: data()["requestheader-client-ca-file"],
      allowedNames: ["front-proxy"],
      usernameHeaders: ["x-remote-user"],
      uidHeaders: ["x-remote-uid"],
      groupHeaders: ["x-remote-group"],
      extraPrefixes: ["x-remote-extra-"],
    }));

  test("without names and uid, as older clusters have it", () => {
    const { "requestheader-uid-headers": uid, "requestheader-allowed-names": names, ...old } = data();
    expect([uid, names]).not.toContain(undefined);
    expect(parseRequestHeaderConfig(old)).toMatchObject({ allowedNames: [], uidHeaders: [] });
  });

  test.each([
    ["requestheader-client-ca-file", undefined, /aggregation layer is off/],
    ["requestheader-client-ca-file", "", /no certificate/],
    ["requestheader-client-ca-file", "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----", /./],
    ["requestheader-allowed-names", "front-proxy", /JSON/],
    ["requestheader-allowed-names", "[1]", /no list of texts/],
    ["requestheader-username-headers", "[]", /names no header/],
    ["requestheader-username-headers", '[" "]', /empty name/],
    // With an empty prefix every header would tell something about the user.
    ["requestheader-extra-headers-prefix", '[""]', /empty name/],
  ])("%s %j is refused", (key, value, message) => {
    const broken = { ...data(), [key]: value } as Record<string, string>;
    if (value === undefined) Reflect.deleteProperty(broken, key);
    expect(() => parseRequestHeaderConfig(broken)).toThrow(message);
  });

  test("the last good one stays, and only a change is one", async () => {
    let answer: () => Record<string, string> = data;
    const watch = new RequestHeaderWatch({ call: <T>() => Promise.resolve({ data: answer() } as T) });
    expect(watch.current).toBeUndefined();
    expect([await watch.read(), await watch.read()]).toEqual([true, false]);
    answer = () => ({ ...data(), "requestheader-client-ca-file": "broken" });
    await expect(watch.read()).rejects.toThrow();
    expect(watch.current).toEqual(parseRequestHeaderConfig(data()));
    answer = () => ({ ...data(), "requestheader-allowed-names": "[]" });
    expect(await watch.read()).toBe(true);
    expect(watch.current?.allowedNames).toEqual([]);
  });

  test("the first header with a value names the user; a key that is odd stays one", () => {
    const config = { ...parseRequestHeaderConfig(data()), usernameHeaders: ["x-a", "x-b"] };
    expect(userOf({ "x-a": [""], "x-b": ["b", "c"], "x-remote-extra-__proto__": ["x"] }, config)).toEqual({
      user: "b",
      groups: ["system:authenticated"],
      extra: Object.fromEntries([["__proto__", ["x"]]]),
    });
    expect(userOf({ "x-remote-extra-%zz": ["x"], "x-a": ["a"] }, config)?.extra).toEqual({ "%zz": ["x"] });
  });
});

describe("reviews", () => {
  const user = (name: string): User => ({ user: name, groups: [], extra: {} });
  const discovery = actionOf({ kind: "groups" }, "/apis");

  test("the memory is bounded, the oldest goes first; long questions are not remembered", async () => {
    let asked = 0;
    const call = <T>() => Promise.resolve({ status: { allowed: (asked += 1) > 0 } } as T);
    const reviews = new AccessReviews({ api: { call }, clock: new ManualClock() });
    for (let index = 0; index < 1001; index += 1) await reviews.review(user(`u${index}`), discovery);
    expect([asked, reviews.size]).toEqual([1001, 1000]);
    await reviews.review(user("u1000"), discovery);
    expect(asked).toBe(1001);
    await reviews.review(user("u0"), discovery);
    expect(asked).toBe(1002);
    await reviews.review(user("x".repeat(10_000)), discovery);
    expect([asked, reviews.size]).toEqual([1003, 1000]);
  });

  test("only a plain yes is one", async () => {
    const verdict = async (status: unknown) => {
      const call = <T>() => Promise.resolve({ status } as T);
      return (await new AccessReviews({ api: { call }, clock: new ManualClock() }).review(user("u"), discovery))
        .isAllowed;
    };
    expect(await verdict({ allowed: true })).toBe(true);
    for (const status of [{ allowed: true, denied: true }, { allowed: "true" }, { allowed: false }, {}, undefined])
      expect(await verdict(status)).toBe(false);
  });

  test("a failure is told and forgotten", async () => {
    let asked = 0;
    const call = () => {
      asked += 1;
      return Promise.reject(kubeErrors.create("UNAVAILABLE", "away"));
    };
    const reviews = new AccessReviews({ api: { call }, clock: new ManualClock() });
    await expect(reviews.review(user("u"), discovery)).rejects.toThrow("away");
    await expect(reviews.review(user("u"), discovery)).rejects.toThrow("away");
    expect([asked, reviews.size]).toEqual([2, 0]);
  });
});

describe("the certificate's files", () => {
  /** As the kubelet mounts a Secret: files through a link to a folder that is swapped. */
  class Mount {
    readonly directory = temporaryDirectory("secret");
    #count = 0;

    put(pem: Partial<Pem>): void {
      this.#count += 1;
      const [folder, link] = [join(this.directory, `..${this.#count}`), join(this.directory, "..data")];
      mkdirSync(folder);
      for (const [name, content] of Object.entries(pem)) writeFileSync(join(folder, name), content);
      symlinkSync(folder, `${link}.new`);
      renameSync(`${link}.new`, link);
    }

    path(name: keyof Pem): string {
      return join(this.directory, "..data", name);
    }
  }

  test("are followed; what does not fit together is not used", async () => {
    const mount = new Mount();
    const files = new CertificateFiles(mount.path("cert"), mount.path("key"));
    await expect(files.read()).rejects.toThrow("ENOENT");
    mount.put(first);
    expect([await files.read(), await files.read()]).toEqual([true, false]);
    expect(files.current).toMatchObject(first);
    expect(files.current?.endsAtMs).toBeGreaterThan(Date.now());
    for (const broken of [
      { cert: second.cert, key: first.key },
      { cert: second.cert.slice(0, 200), key: second.key },
      { cert: "", key: "" },
      { cert: second.cert },
    ]) {
      mount.put(broken);
      await expect(files.read()).rejects.toThrow();
      expect(files.current).toMatchObject(first);
    }
    mount.put(second);
    expect(await files.read()).toBe(true);
    expect(files.current).toMatchObject(second);
    rmSync(mount.directory, { recursive: true });
  });
});
