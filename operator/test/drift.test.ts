import { describe, expect, test } from "vitest";
import { holds } from "../kube/drift.ts";

test.each<[unknown, unknown, boolean]>([
  [{ a: 1 }, { a: 1, b: 2 }, true],
  [{ a: 1 }, { a: "1" }, false],
  [{ a: { b: 1 } }, {}, false],
  [{ a: {} }, {}, true],
  [{ a: undefined }, {}, true],
  [{ a: 1 }, undefined, false],
  [[1, { a: 1 }], [1, { a: 1, b: 1 }], true],
  [[1], [1, 2], false],
  [[1, 2], [1], false],
  [[], undefined, false],
  [{ a: ["x"] }, { a: ["y"] }, false],
])("%j is held by %j: %s", (wanted, actual, expected) => {
  expect(holds(wanted, actual)).toBe(expected);
});

describe("lists of named things", () => {
  const container = {
    name: "simulator",
    image: "a:1",
    env: [
      { name: "A", value: "1" },
      { name: "B", value: "2" },
    ],
  };

  test.each<[string, unknown, boolean]>([
    ["the same", [container], true],
    ["with another container beside, in front", [{ name: "proxy" }, container], true],
    ["with a variable of somebody else", [{ ...container, env: [...container.env, { name: "C", value: "3" }] }], true],
    ["in another order", [{ ...container, env: [...container.env].reverse() }], true],
    ["without a variable", [{ ...container, env: [container.env[0]] }], false],
    ["with another value", [{ ...container, env: [{ name: "A", value: "9" }, container.env[1]] }], false],
    ["another image", [{ ...container, image: "a:2" }], false],
    ["none", [], false],
  ])("%s: %s", (_name, actual, expected) => {
    expect(holds([container], actual)).toBe(expected);
  });

  test("mounts are told apart by their path: a volume may be mounted twice", () => {
    const mounts = [
      { name: "v", mountPath: "/a" },
      { name: "v", mountPath: "/b" },
    ];
    expect(holds(mounts, [...mounts].reverse())).toBe(true);
    expect(holds(mounts, [mounts[0], { name: "w", mountPath: "/b" }])).toBe(false);
    expect(holds(mounts, [mounts[0], mounts[0]])).toBe(false);
  });
});

describe("quantities", () => {
  const resources = (cpu: unknown, memory: unknown): unknown => ({ resources: { requests: { cpu, memory } } });

  test.each<[unknown, unknown, boolean]>([
    [resources("50m", "1Gi"), resources("0.05", "1024Mi"), true],
    [resources(1, "1G"), resources("1000m", "1000M"), true],
    [resources("0.1", "1e3"), resources("100m", "1k"), true],
    [resources("50m", "1Gi"), resources("51m", "1Gi"), false],
    [resources("50m", "1Gi"), resources("50m", "1G"), false],
    [resources("50m", "1Gi"), resources("50m", undefined), false],
    [resources("50m", "1Gi"), {}, false],
    [resources("much", "1Gi"), resources("more", "1Gi"), false],
  ])("%j is held by %j: %s", (wanted, actual, expected) => {
    expect(holds(wanted, actual)).toBe(expected);
  });

  test("only there: a text that looks like one is a text", () => {
    expect(holds({ value: "1000m" }, { value: "1" })).toBe(false);
  });
});
