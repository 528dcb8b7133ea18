/** zstddec's WebAssembly as base64; vite.config.ts makes it. */
declare module "virtual:zstd-wasm" {
  const base64: string;
  export default base64;
}
