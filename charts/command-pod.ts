import type { k8s } from "cdk8s-plus-34";
import type { z } from "zod";
import { checkEnvironment, environmentVariables, type EnvironmentOf, type EnvironmentValue } from "./environment.ts";
import { filled } from "./filled.ts";
import { labelsOf, type PartName } from "./names.ts";
import { restrictedContainer, restrictedPod } from "./pod-security.ts";
import type { Profile } from "./profile.ts";
import { requirements } from "./resources.ts";
import { volume, volumeMount, type Mount } from "./streaming-service.ts";

/** The user of the project's image. */
const USER = 1000;
const RESOURCES = { cpu: "50m", memory: "128Mi", memoryLimit: "256Mi" };

/** A program of this project that ends by itself. */
export interface CommandProps<Schema extends z.ZodObject> {
  readonly profile: Profile;
  readonly name: PartName;
  /** Path of the program in the image. */
  readonly program: string;
  readonly schema: Schema;
  readonly environment: EnvironmentOf<Schema>;
  readonly platformEnvironment?: Readonly<Record<string, string>>;
  readonly mounts?: readonly Mount[];
  /** Default: none of its own. */
  readonly account?: string;
  /** `Never` keeps the pod of a failure, with its log. Default `OnFailure`. */
  readonly restartPolicy?: "OnFailure" | "Never";
}

/** The pod of a Job that runs a command, by the same house rules as a streaming service. */
export function commandPod<Schema extends z.ZodObject>(props: CommandProps<Schema>): k8s.PodTemplateSpec {
  const { profile, name, program, schema, environment, platformEnvironment = {}, mounts = [] } = props;
  checkEnvironment(schema, environment);
  const variables = { ...(environment as Record<string, EnvironmentValue>), ...platformEnvironment };
  return {
    metadata: { labels: labelsOf(name) },
    spec: {
      restartPolicy: props.restartPolicy ?? "OnFailure",
      ...(props.account === undefined ? {} : { serviceAccountName: props.account }),
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: restrictedPod(USER),
      containers: [
        {
          name,
          image: profile.image,
          imagePullPolicy: "IfNotPresent",
          args: [program],
          env: environmentVariables(variables),
          resources: requirements(RESOURCES),
          securityContext: restrictedContainer,
          ...filled({ volumeMounts: mounts.map(volumeMount) }),
        },
      ],
      ...filled({ volumes: mounts.map(volume) }),
    },
  };
}
