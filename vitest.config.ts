import { defineConfig } from "vitest/config";

const long = { testTimeout: 60_000, hookTimeout: 60_000 };

/**
 * Tiers, by file name. `unit` needs no server; `integration` starts real servers; `failure` kills them and may take
 * minutes; `cluster` starts a real Kubernetes API server, which is built once with Go and takes some ten minutes then, so
 * that `make test` leaves it to `make test-cluster`; `e2e` needs a whole cluster (`make e2e`). A missing server is a failure with a message, never a skip.
 */
export default defineConfig({
  test: {
    reporters: ["default"],
    globalSetup: ["./tools/check-node.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.{integration,failure,cluster,e2e}.test.ts", ".local/**"],
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["**/*.integration.test.ts"],
          exclude: ["**/node_modules/**", ".local/**"],
          ...long,
        },
      },
      {
        extends: true,
        test: {
          name: "failure",
          include: ["**/*.failure.test.ts"],
          exclude: ["**/node_modules/**", ".local/**"],
          testTimeout: 900_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "cluster",
          include: ["**/*.cluster.test.ts"],
          exclude: ["**/node_modules/**", ".local/**"],
          globalSetup: ["./tools/kube-binaries.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["**/*.e2e.test.ts"],
          exclude: ["**/node_modules/**", ".local/**"],
          testTimeout: 1_800_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // They build on each other.
          bail: 1,
        },
      },
    ],
  },
});
