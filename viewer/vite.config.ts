import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Plugin, defineConfig } from "vite";

const root = dirname(fileURLToPath(import.meta.url));

/**
 * `virtual:zstd-wasm`: zstddec's WebAssembly as base64.
 *
 * The package itself fetches it from a `data:` address, which the page's `connect-src 'self'` rightly refuses.
 */
function zstdWasm(): Plugin {
  const name = "virtual:zstd-wasm";
  return {
    name,
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load(id) {
      if (id !== `\0${name}`) return null;
      const source = readFileSync(createRequire(import.meta.url).resolve("zstddec"), "utf8");
      const found = /\bwasm = "([A-Za-z0-9+/=]+)"/.exec(source);
      if (found === null) throw new Error("zstddec no longer holds its WebAssembly as base64: look at its dist");
      return `export default "${found[1] ?? ""}";`;
    },
  };
}

/** Pages of tests, by mode. */
const MADE: Readonly<Partial<Record<string, { into: string; pages: readonly string[] }>>> = {
  vectors: { into: "node_modules/.vectors", pages: ["tests/browser/vectors.html"] },
  files: { into: "node_modules/.files", pages: ["tests/browser/files.html"] },
};

/** The same tree gives the same bytes in any directory: names are hashes of contents, and no path or time goes in. */
export default defineConfig(({ mode }) => {
  const made = MADE[mode] ?? { into: "dist", pages: ["index.html", "console.html"] };
  return {
    root,
    base: "./",
    plugins: [zstdWasm()],
    worker: { format: "es" as const, plugins: () => [zstdWasm()] },
    build: {
      target: ["es2022", "chrome110", "firefox115", "safari16.4"],
      outDir: made.into,
      emptyOutDir: true,
      // Every asset is a file of its own: the policy of the page allows no data: addresses.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 1024,
      rollupOptions: {
        input: made.pages.map((page) => resolve(root, page)),
      },
    },
  };
});
