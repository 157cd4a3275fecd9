import { Construct } from "constructs";
import { reappendSchema } from "../../services/bq-writer/reappend/config.ts";
import { CommandTemplate } from "../command-template.ts";
import { parts, ports } from "../names.ts";
import type { Profile } from "../profile.ts";
import type { Traffic } from "../traffic.ts";
import { bothEnds, WRITER_ACCOUNT } from "./writer.ts";

/** Rows that are gone from the table are written again, when somebody asks for it; at first it only says what it would do. */
export class Reappend extends Construct {
  constructor(scope: Construct, profile: Profile, traffic: Traffic) {
    super(scope, parts.reappend);
    const isGoogle = profile.bigQuery.kind === "google";
    traffic.allow(parts.reappend, parts.kafka, ports.kafka);
    if (isGoogle) traffic.add(parts.reappend, "internet", "google-metadata");
    new CommandTemplate(this, {
      profile,
      name: parts.reappend,
      program: "services/bq-writer/reappend/main.ts",
      schema: reappendSchema,
      environment: { ...bothEnds(profile), SINCE: "1h", DRY_RUN: "true" },
      // What it refuses it would refuse again, and its log says why.
      backoffLimit: 0,
      restartPolicy: "Never",
      ...(isGoogle ? { account: WRITER_ACCOUNT } : {}),
    });
  }
}
