import { Construct } from "constructs";
import { k8s } from "cdk8s-plus-34";
import type { z } from "zod";
import { commandPod, type CommandProps } from "./command-pod.ts";
import { labelsOf } from "./names.ts";

const DAY_SECONDS = 86_400;

export interface CommandTemplateProps<Schema extends z.ZodObject> extends CommandProps<Schema> {
  /** How often a pod of it may fail; default 2. */
  readonly backoffLimit?: number;
}

/**
 * A command that runs when somebody asks for it: `kubectl create job NAME --from=cronjob/PART`. A CronJob that is
 * suspended for ever, because it is the one template of a Job that kubectl can start.
 */
export class CommandTemplate<Schema extends z.ZodObject> extends Construct {
  constructor(scope: Construct, props: CommandTemplateProps<Schema>) {
    super(scope, "template");
    const { name, backoffLimit = 2 } = props;
    new k8s.KubeCronJob(this, "cron-job", {
      metadata: { name, labels: labelsOf(name) },
      spec: {
        schedule: "0 0 1 1 *",
        suspend: true,
        concurrencyPolicy: "Forbid",
        jobTemplate: { spec: { backoffLimit, ttlSecondsAfterFinished: DAY_SECONDS, template: commandPod(props) } },
      },
    });
  }
}
