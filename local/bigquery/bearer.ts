import { createHash, timingSafeEqual } from "node:crypto";

/** Whether an `Authorization` header carries the token; takes the same time wherever the two first differ. */
export function bearerMatches(header: string, token: string): boolean {
  return timingSafeEqual(digest(header), digest(`Bearer ${token}`));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
