import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where this work tree keeps what it fetched and what it runs; never committed. */
export const LOCAL_DIRECTORY = fileURLToPath(new URL("../../.local", import.meta.url));

/** A new, empty directory under the system's temporary one. */
export function temporaryDirectory(name: string): string {
  const parent = join(tmpdir(), "smart-home-bridge");
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, `${name}-`));
}
