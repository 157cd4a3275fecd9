import express, { type Express } from "express";
import { z } from "zod";
import { FAULT_CALLS, FAULT_KINDS, type FaultPlan, type FaultSpec } from "./plan.ts";

const faultSpec = z.strictObject({
  kind: z.enum(FAULT_KINDS),
  call: z.enum(FAULT_CALLS).optional(),
  stream: z.string().optional(),
  table: z.string().optional(),
  count: z.int().positive().optional(),
  share: z.number().min(0).max(1).optional(),
  after: z.int().nonnegative().optional(),
  delayMs: z.int().nonnegative().max(600_000).optional(),
});

/**
 * Faults over HTTP, for tests that run the embedded BigQuery as a process of its own. Only ever served on loopback.
 *
 * `GET /faults`, `POST /faults` (a FaultSpec; answers it with its id), `DELETE /faults/:id`, `DELETE /faults`.
 */
export function createFaultAdmin(faults: FaultPlan): Express {
  const app = express().disable("x-powered-by");
  app.use(express.json());
  app.get("/faults", (_request, response) => void response.json({ faults: faults.list() }));
  app.post("/faults", (request, response) => {
    const parsed = faultSpec.safeParse(request.body);
    if (!parsed.success) return void response.status(400).json({ error: z.prettifyError(parsed.error) });
    const { id, spec, hits } = faults.add(parsed.data as FaultSpec);
    response.status(201).json({ id, spec, hits });
  });
  app.delete("/faults/:id", (request, response) => {
    response.status(faults.remove(Number(request.params.id)) ? 204 : 404).end();
  });
  app.delete("/faults", (_request, response) => {
    faults.clear();
    response.status(204).end();
  });
  return app;
}
