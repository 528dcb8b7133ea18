import { defineConfig, mergeConfig } from "vitest/config";
import vite from "./vite.config";

export default defineConfig((env) =>
  mergeConfig(vite(env), {
    test: {
      include: ["tests/**/*.test.ts"],
      environment: "node",
      setupFiles: ["tests/setup.ts"],
      pool: "forks" as const,
      maxWorkers: 2,
      // The machine may be busy with other things; what hangs is found out all the same.
      testTimeout: 30_000,
    },
  }),
);
