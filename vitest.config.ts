import { defineConfig } from "vitest/config";

const long = { testTimeout: 60_000, hookTimeout: 60_000 };

/**
 * Three tiers, by file name. `unit` needs no server; `integration` starts real servers; `failure` kills them and may
 * take minutes. A missing server is a failure with a message, never a skip.
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
          exclude: ["**/node_modules/**", "**/*.integration.test.ts", "**/*.failure.test.ts", ".local/**"],
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
    ],
  },
});
