import { once } from "node:events";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { KubeApi } from "#kubernetes";
import { portOf } from "#testkit";

test.each([
  ["", "/apis/apps/v1/deployments?limit=1"],
  ["/", "/apis/apps/v1/deployments?limit=1"],
  ["/k8s/clusters/c-1", "/k8s/clusters/c-1/apis/apps/v1/deployments?limit=1"],
  ["/k8s/clusters/c-1/", "/k8s/clusters/c-1/apis/apps/v1/deployments?limit=1"],
])("an API server at the path %j is asked there", async (path, asked) => {
  const server = createServer((request, response) => response.end(JSON.stringify({ asked: request.url })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const connection = {
      server: new URL(`http://127.0.0.1:${portOf(server)}${path}`),
      options: () => Promise.resolve({}),
    };
    const api = new KubeApi(connection);
    expect(await api.call({ method: "GET", path: "/apis/apps/v1/deployments", query: { limit: 1 } })).toEqual({
      asked,
    });
  } finally {
    server.close();
  }
});
