import type { KubeApi } from "#kubernetes";
import type { Clock } from "#runtime";
import type { User } from "./request-header.ts";
import { GROUP, VERSION, type Route } from "./routes.ts";

/** What somebody wants to do, in the words of a SubjectAccessReview. */
export type Action =
  | { readonly nonResourceAttributes: { readonly path: string; readonly verb: "get" } }
  | {
      readonly resourceAttributes: {
        readonly namespace: string;
        readonly verb: "list";
        readonly group: string;
        readonly version: string;
        readonly resource: string;
      };
    };

/**
 * What a GET of that path is called in rules: the values of a metric are a `list`, as the API server itself names it
 * before it passes the request on (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb).
 */
export function actionOf(route: Route, path: string): Action {
  if (route.kind !== "values") return { nonResourceAttributes: { path, verb: "get" } };
  const { namespace, metric: resource } = route;
  return { resourceAttributes: { namespace, verb: "list", group: GROUP, version: VERSION, resource } };
}

export interface Verdict {
  readonly isAllowed: boolean;
  /** The API server's own words; may be empty. */
  readonly reason: string;
}

interface Review {
  readonly verdict: Promise<Verdict>;
  readonly endsAtMs: number;
}

/** May do everything, in a rule that stands in the API server's code; asking would only cost. */
const MASTERS = "system:masters";
/** How long an answer is good for, either way: what delegating API servers have by default. */
const TTL_MS = 10_000;
const MAX_REVIEWS = 1000;
/** Longer questions are asked each time. */
const MAX_KEY_LENGTH = 10_000;
const TIMEOUT_MS = 5000;
const PATH = "/apis/authorization.k8s.io/v1/subjectaccessreviews";

export interface AccessReviewsOptions {
  readonly api: Pick<KubeApi, "call">;
  readonly clock: Clock;
}

/** Asks the API server who may do what, and remembers the answers for a moment; the same question is asked once at a time. */
export class AccessReviews {
  readonly #options: AccessReviewsOptions;
  /** Oldest first. */
  readonly #reviews = new Map<string, Review>();

  constructor(options: AccessReviewsOptions) {
    this.#options = options;
  }

  /** How many answers are remembered. */
  get size(): number {
    return this.#reviews.size;
  }

  /** @throws KubeError when the API server cannot be asked: nobody may take that for a yes. */
  async review(user: User, action: Action): Promise<Verdict> {
    if (user.groups.includes(MASTERS)) return { isAllowed: true, reason: "" };
    const spec = { ...user, ...action };
    const key = JSON.stringify(spec);
    const nowMs = this.#options.clock.monotonicMs();
    const known = this.#reviews.get(key);
    if (known !== undefined && nowMs < known.endsAtMs) return known.verdict;
    const verdict = this.#ask(spec);
    if (key.length <= MAX_KEY_LENGTH) this.#remember(key, { verdict, endsAtMs: nowMs + TTL_MS });
    return verdict;
  }

  #remember(key: string, review: Review): void {
    this.#reviews.delete(key);
    this.#reviews.set(key, review);
    review.verdict.catch(() => {
      if (this.#reviews.get(key) === review) this.#reviews.delete(key);
    });
    const oldest = this.#reviews.keys().next();
    if (this.#reviews.size > MAX_REVIEWS && oldest.done !== true) this.#reviews.delete(oldest.value);
  }

  async #ask(spec: User & Action): Promise<Verdict> {
    const body = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { status } = await this.#options.api.call<{
      status?: { allowed?: boolean; denied?: boolean; reason?: string };
    }>({ method: "POST", path: PATH, body, signal });
    return { isAllowed: status?.allowed === true && status.denied !== true, reason: status?.reason ?? "" };
  }
}
