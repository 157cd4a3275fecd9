import { invalid } from "./api-error.ts";

/** One page of a list that is in memory, and the token of the next. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken?: string;
}

/** A token that hides a position from clients, so that none of them counts on its form. */
export function makeToken(position: string): string {
  return Buffer.from(position, "utf8").toString("base64url");
}

/** The position in a token that {@link makeToken} made. */
export function readToken(token: string): string {
  const position = Buffer.from(token, "base64url").toString("utf8");
  if (makeToken(position) !== token) throw invalid("Invalid page token", "pageToken");
  return position;
}

/**
 * The items after the token's, in the order of their keys. The token is a key and not a count, so that what is created
 * or deleted between two pages makes nothing appear twice or disappear.
 */
export function pageOf<T>(
  sorted: readonly T[],
  keyOf: (item: T) => string,
  maxResults: number | undefined,
  token: string | undefined,
): Page<T> {
  const after = token === undefined ? undefined : readToken(token);
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after);
  const items = rest.slice(0, maxResults ?? rest.length);
  const last = items.at(-1);
  if (last === undefined || items.length === rest.length) return { items };
  return { items, nextPageToken: makeToken(keyOf(last)) };
}

/** Ascending by key, by code unit: an order that a comparison of tokens agrees with. */
export function sortedBy<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
}
