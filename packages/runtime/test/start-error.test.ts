import { expect, test } from "vitest";
import { listenError, StartError } from "#runtime";

const SETTINGS = { portName: "--rest-port", hostName: "--host", host: "h", port: 9050 };
const systemError = (code: string): Error => Object.assign(new Error(`${code}: …`), { code });

test.each([
  ["EADDRINUSE", "--rest-port 9050: another process listens there; stop it, or choose another port (0: any free one)"],
  ["EACCES", "--rest-port 9050: no permission to listen there; choose a port above 1023"],
  ["EADDRNOTAVAIL", "--host h: this machine has no such address; leave it out, or give 0.0.0.0"],
])("a listener: %s", (code, sentence) => {
  const thrown = systemError(code);
  const error = listenError(SETTINGS, thrown) as StartError;
  expect(error).toBeInstanceOf(StartError);
  expect([error.message, error.cause]).toEqual([sentence, thrown]);
});

test("what there are no words for stays as it is", () => {
  const thrown = new Error("boom");
  expect(listenError(SETTINGS, thrown)).toBe(thrown);
});
