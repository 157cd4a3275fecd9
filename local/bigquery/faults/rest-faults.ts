import type { RequestHandler, Response } from "express";
import type { FaultKind, FaultPlan } from "./plan.ts";

type Strike = Exclude<FaultKind, "delay" | "freeze">;

/** Lets the plan's `rest` faults hit REST requests. */
export function restFaults(faults: FaultPlan): RequestHandler {
  return async (_request, response, next) => {
    const strike = await faults.strike({ call: "rest" });
    if (strike === undefined) next();
    else if (strike === "replyLost") {
      // The request runs to its end; what it answers is swallowed and the connection broken.
      response.end = (): Response => response.destroy();
      next();
    } else refuse(response, strike);
  };
}

function refuse(response: Response, strike: Exclude<Strike, "replyLost">): void {
  if (strike === "reset" || strike === "requestLost") {
    response.socket?.resetAndDestroy();
    return;
  }
  const [code, reason] = REFUSALS[strike];
  const message = `injected fault: ${reason}`;
  response.status(code).json({ error: { code, message, errors: [{ message, domain: "global", reason }] } });
}

/** Source: https://cloud.google.com/bigquery/docs/error-messages */
const REFUSALS = {
  unavailable: [503, "backendError"],
  resourceExhausted: [403, "rateLimitExceeded"],
  streamGone: [404, "notFound"],
} as const;
