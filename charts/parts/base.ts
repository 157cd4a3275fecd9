import { Construct } from "constructs";
import { ApiObject } from "cdk8s";
import { k8s } from "cdk8s-plus-34";
import { sensorFleetCrd } from "../../operator/api/crd.ts";
import type { Profile } from "../profile.ts";

/** The namespace, in which every pod must keep the Restricted standard, and the definition of `SensorFleet`. */
export class Base extends Construct {
  constructor(scope: Construct, { namespace }: Profile) {
    super(scope, "base");
    new k8s.KubeNamespace(this, "namespace", {
      metadata: {
        name: namespace,
        labels: {
          "app.kubernetes.io/part-of": "smart-home-bridge",
          "pod-security.kubernetes.io/enforce": "restricted",
          "pod-security.kubernetes.io/warn": "restricted",
        },
      },
    });
    const { apiVersion, kind, metadata, spec } = sensorFleetCrd;
    new ApiObject(this, "sensor-fleet", { apiVersion, kind, metadata: { name: metadata.name }, spec });
  }
}
