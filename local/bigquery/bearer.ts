import { createHash, timingSafeEqual } from "node:crypto";

/** Whether the token of a request (undefined: it had none) is the right one; takes the same time wherever they differ. */
export function tokenMatches(given: string | undefined, token: string): boolean {
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
