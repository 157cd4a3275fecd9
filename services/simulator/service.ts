import type { RunningService, ServiceContext } from "#runtime";
import type { SimulatorConfig } from "./config.ts";
import { FleetFollower } from "./fleet-follower.ts";
import { FleetRunner } from "./fleet-runner.ts";
import { ledgerReport, writeLedgerFile } from "./ledger-report.ts";
import { Ledger } from "./ledger.ts";
import { eventMetrics, stateMetrics } from "./metrics.ts";

/** Builds the fleet from its configuration and runs it. */
export function startSimulator(context: ServiceContext<SimulatorConfig>): Promise<RunningService> {
  const { config, log, clock, registry, readiness, serveJson, fail } = context;
  const { fleet, source, range } = config;
  const ledger = new Ledger(config.MAX_WAITING);
  const onConnections = (connected: number, on: number): void => {
    if (connected > 0 || on === 0) readiness.ready("mqtt");
    else readiness.notReady("mqtt", "no device is connected to the broker");
  };
  const runner = new FleetRunner({
    fleet,
    source,
    range,
    broker: {
      url: config.MQTT_URL,
      username: config.MQTT_USERNAME,
      password: config.MQTT_PASSWORD,
      keepaliveSeconds: config.MQTT_KEEPALIVE / 1000,
      sessionExpirySeconds: config.MQTT_SESSION_EXPIRY / 1000,
    },
    ledger,
    clock,
    log,
    events: eventMetrics(registry),
    onConnections,
    onFatal: fail,
  });
  stateMetrics(registry, runner, ledger);
  serveJson("/ledger", () => ledgerReport(fleet.name, ledger));
  const follower = new FleetFollower({ config, runner, clock, log });
  serveJson("/summary", () => summaryOf(runner, ledger, follower));
  onConnections(0, range.to - range.from);
  log.info({ fleet: fleet.name, ...range }, "devices start");
  runner.start();
  follower.start();
  return Promise.resolve({
    stop: async (deadline) => {
      follower.stop();
      const isComplete = await runner.stop(deadline);
      log.info({ ...ledger.totals, waiting: ledger.waiting }, "the devices are off");
      if (config.LEDGER_FILE !== undefined) await writeLedgerFile(config.LEDGER_FILE, ledgerReport(fleet.name, ledger));
      if (!isComplete) throw new Error("stopped before every reading was acknowledged: the ledger is not complete");
    },
  });
}

/** In a few numbers what `/ledger` tells device by device: for those who look at many processes. */
function summaryOf(runner: FleetRunner, ledger: Ledger, { fileHash, problem }: FleetFollower): unknown {
  const { made, acknowledged, notMade } = ledger.totals;
  const { size, on, connected, refused } = runner;
  return { devices: size, on, connected, refused, made, acknowledged, notMade, fleetFile: fileHash, problem };
}
