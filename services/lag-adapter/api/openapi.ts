import { GROUP, GROUP_VERSION, VERSION } from "./routes.ts";

const item = {
  type: "object",
  required: ["metricName", "metricLabels", "timestamp", "value"],
  properties: {
    metricName: { type: "string" },
    metricLabels: { type: "object", additionalProperties: { type: "string" } },
    timestamp: { type: "string", format: "date-time" },
    value: { type: "string", description: "A quantity." },
  },
};

const list = {
  type: "object",
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object" },
    items: { type: "array", items: item },
  },
};

const parameter = (name: string, where: "path" | "query"): object => ({
  name,
  in: where,
  type: "string",
  required: where === "path",
});

/**
 * The API in OpenAPI 2. API servers ask for it and write an error into their log, again and again, when it is not there;
 * from it they make OpenAPI 3 themselves, when that is not served (kube-aggregator, pkg/controllers/openapi and openapiv3).
 */
export const openApi = {
  swagger: "2.0",
  info: { title: GROUP, version: VERSION },
  paths: {
    [`/apis/${GROUP_VERSION}/namespaces/{namespace}/{metric}`]: {
      get: {
        description: "The values of a metric that fit a label selector.",
        operationId: "listExternalMetricValues",
        produces: ["application/json"],
        parameters: [parameter("namespace", "path"), parameter("metric", "path"), parameter("labelSelector", "query")],
        responses: { "200": { description: "OK", schema: list } },
      },
    },
  },
};
