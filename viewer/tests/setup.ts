import { webcrypto } from "node:crypto";

// Node 18 keeps WebCrypto out of the global scope.
if (!("crypto" in globalThis)) Object.defineProperty(globalThis, "crypto", { value: webcrypto });
