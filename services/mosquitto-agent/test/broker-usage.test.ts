import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "#testkit";
import { brokerUsage, usageOf, type BrokerUsage } from "../broker-usage.ts";

/** As Linux writes it: 14 fields up to utime, the name with all that a name may hold. */
const stat = (name: string, utime: number, stime: number): string =>
  `17 (${name}) S 1 17 17 0 -1 4194560 511 0 0 0 ${utime} ${stime} 0 0 20 0 1 0 8811 9433088 1664 0`;
const status = (kib: number): string => `Name:\tmosquitto\nVmPeak:\t    9212 kB\nVmRSS:\t    ${kib} kB\nThreads:\t1\n`;

test.each([
  ["a broker", stat("mosquitto", 250, 125), status(6656), { cpuSeconds: 3.75, residentBytes: 6_815_744 }],
  ["a name with brackets and spaces", stat("a) S 9 (b", 100, 0), status(1), { cpuSeconds: 1, residentBytes: 1024 }],
  ["a process that has ended, and keeps no memory", stat("mosquitto", 1, 1), "Name:\tmosquitto\n", undefined],
  ["nothing", "", "", undefined],
])("%s", (_, given, text, usage) => expect(usageOf(given, text)).toEqual(usage));

test("a broker that is gone has no memory and the CPU time that was known; a new one begins anew", async () => {
  const proc = temporaryDirectory("proc");
  const path = join(proc, "17");
  const usage = (before?: BrokerUsage): ReturnType<typeof brokerUsage> => brokerUsage("mosquitto", before, proc);
  expect(await usage()).toBeUndefined();
  mkdirSync(path);
  for (const [file, text] of Object.entries({
    comm: "mosquitto\n",
    stat: stat("mosquitto", 300, 0),
    status: status(2),
  }))
    writeFileSync(join(path, file), text);
  const first = await usage();
  expect(first).toEqual({ cpuSeconds: 3, residentBytes: 2048 });
  rmSync(path, { recursive: true });
  expect(await usage(first)).toEqual({ cpuSeconds: 3, residentBytes: 0 });
  rmSync(proc, { recursive: true });
});
