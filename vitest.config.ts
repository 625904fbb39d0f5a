import { defineConfig } from "vitest/config";

const PROPERTY = "e2e/property/property.test.ts";

/** `unit` needs nothing but Node; `e2e` starts real control planes; `property` plays random sequences of operations, for minutes. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts"] } },
      {
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          exclude: [PROPERTY],
          globalSetup: ["e2e/harness/build.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "property",
          include: [PROPERTY],
          globalSetup: ["e2e/harness/build.ts"],
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
