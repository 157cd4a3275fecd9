/** Requests and limits of a container, as Kubernetes writes quantities. No CPU limit: throttling would starve heartbeats. */
export interface Resources {
  readonly cpu: string;
  readonly memory: string;
  readonly memoryLimit: string;
  /** Disk for logs and temporary files; default `64Mi`. */
  readonly ephemeralStorage?: string;
}

/** BigQuery of this project's own in the cluster, or Google's. */
export type BigQueryChoice =
  | { readonly kind: "embedded"; readonly project: string; readonly storage: string }
  | { readonly kind: "google"; readonly project: string; readonly location: string };

/** Everything in which two sets of manifests differ; all else is the same code. */
export interface Profile {
  readonly name: "portable" | "gke";
  readonly namespace: string;
  /** The one image of all programs; pinned by tag or digest. */
  readonly image: string;
  readonly bigQuery: BigQueryChoice;
  readonly kafka: {
    readonly brokers: 1 | 3;
    /** Of each broker. */
    readonly storageGib: number;
    readonly resources: Resources;
    readonly heap: string;
  };
  readonly mosquitto: {
    readonly storage: string;
    readonly isPublic: boolean;
    /** Name by which devices outside of the cluster reach it. */
    readonly deviceHost: string | undefined;
    /** A queue of so many MiB of payload takes some three times that of memory: it must fit into the limit. */
    readonly maxQueuedMib: number;
    readonly resources: Resources;
  };
  readonly writer: {
    readonly resources: Resources;
    readonly maxReplicas: number;
    /** What one writer may or can store in a second; the lag target of the HPA is derived from it. */
    readonly rowsPerSecond: number;
    /** Whether `rowsPerSecond` is imposed by `MAX_ROWS_PER_SECOND`: on a small machine nothing else makes a writer full. */
    readonly isThrottled: boolean;
    /** Time in which a lag at the target would be drained. */
    readonly drainSeconds: number;
    readonly scaleDownStabilizationSeconds: number;
    readonly scaleDownPeriodSeconds: number;
  };
  readonly lagAdapterReplicas: number;
  /** In the cluster: Prometheus and its rules; managed: Google Cloud Managed Service for Prometheus. */
  readonly monitoring: "prometheus" | "managed";
}
