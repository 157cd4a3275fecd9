/** A service whose behaviour the lifecycle test chooses; it runs as a process of its own. */
import { z } from "zod";
import { loadConfig, runService, runtimeVariables, text } from "#runtime";

const schema = z.object({ ...runtimeVariables, FIXTURE: text().describe("What to do.") });

await runService({
  name: "fixture",
  config: () => loadConfig(schema, process.env, { prefixes: ["FIXTURE"] }),
  start: async ({ config, clock, stopping, log, fail, readiness }) => {
    const steps = config.FIXTURE.split(" ");
    if (steps.includes("fail-start")) throw new Error("cannot start");
    if (steps.includes("slow-start")) await clock.sleep(60_000, stopping);
    if (steps.includes("wait-for-kafka")) readiness.notReady("kafka", "no broker answers");
    if (steps.includes("fail-later")) clock.setTimer(50, () => fail(new Error("a part is lost")));
    if (steps.includes("reject-later")) clock.setTimer(50, () => void Promise.reject(new Error("nobody catches")));
    if (steps.includes("throw-later"))
      clock.setTimer(50, () => {
        throw new Error("nobody catches");
      });
    return {
      stop: async (deadline) => {
        log.info({ budgetMs: deadline.budgetMs, readiness: readiness.reasons() }, "fixture is stopping");
        if (steps.includes("slow-stop")) await clock.sleep(60_000);
        if (steps.includes("fail-stop")) throw new Error("cannot flush");
      },
    };
  },
});
