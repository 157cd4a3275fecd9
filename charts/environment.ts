import type { k8s } from "cdk8s-plus-34";
import type { z } from "zod";
import { describeVariables, loadConfig } from "#runtime";

/** Where a variable's value comes from: the manifest, a Secret that the operator makes, or the pod itself. */
export type EnvironmentValue =
  | string
  | { readonly secret: string; readonly key: string }
  | { readonly field: "metadata.name" | "metadata.namespace" };

/** Values by variable; the names are those of the program's own configuration. */
export type EnvironmentOf<Schema extends z.ZodObject> = {
  readonly [Name in keyof z.input<Schema>]?: EnvironmentValue;
};

/** Stands for a value that is known only in the cluster, where the rules of a configuration are checked here. */
const KNOWN_LATER = "known-later";

/** Kubernetes gives these to every pod: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const EVERY_POD = { KUBERNETES_SERVICE_HOST: KNOWN_LATER, KUBERNETES_SERVICE_PORT: "443" };

/**
 * Checks the values against the program's own configuration, so that a wrong name, unit or combination fails when the
 * manifests are made and not in the cluster; gives what the program will see.
 *
 * @throws ConfigError with every problem.
 */
export function checkEnvironment<Schema extends z.ZodObject>(
  schema: Schema,
  values: EnvironmentOf<Schema>,
): z.output<Schema> {
  const entries = Object.entries(values as Record<string, EnvironmentValue>);
  const known = new Set(describeVariables(schema).map(({ name }) => name));
  const unknown = entries.filter(([name]) => !known.has(name)).map(([name]) => name);
  if (unknown.length > 0) throw new Error(`no variables of this program: ${unknown.join(", ")}`);
  const given = entries.map(([name, value]) => [name, typeof value === "string" ? value : KNOWN_LATER]);
  const environment = { ...EVERY_POD, ...(Object.fromEntries(given) as Record<string, string>) };
  return loadConfig(schema, environment).config as z.output<Schema>;
}

/** The container's `env`, in the order given. */
export function environmentVariables(values: Readonly<Record<string, EnvironmentValue>>): k8s.EnvVar[] {
  return Object.entries(values).map(([name, value]) => {
    if (typeof value === "string") return { name, value };
    if ("field" in value) return { name, valueFrom: { fieldRef: { fieldPath: value.field } } };
    return { name, valueFrom: { secretKeyRef: { name: value.secret, key: value.key } } };
  });
}
