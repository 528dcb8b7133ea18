/** WebAuthn's options and answers, between the gateway's JSON (base64url) and the browser's buffers. */

export function passkeysHere(): boolean {
  return typeof PublicKeyCredential === "function" && window.isSecureContext;
}

/** A key of the options that holds bytes, whatever level it stands at. */
const BINARY = new Set(["challenge", "id"]);

export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

export function toBase64url(data: ArrayBuffer | Uint8Array): string {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** The gateway's options with their bytes as bytes; `rp.id` is a name and stays one. */
export function decodeOptions(options: unknown, parent = ""): unknown {
  if (Array.isArray(options)) return options.map((item) => decodeOptions(item, parent));
  if (typeof options !== "object" || options === null) return options;
  return Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [
        name,
        typeof value === "string" && BINARY.has(name) && parent !== "rp" ? fromBase64url(value) : decodeOptions(value, name),
      ]),
  );
}

/** Have the device make a passkey. Raises DOMException (`NotAllowedError`: given up). */
export async function makePasskey(options: unknown): Promise<unknown> {
  const publicKey = decodeOptions(options) as PublicKeyCredentialCreationOptions;
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential | null;
  if (made === null) throw new DOMException("No passkey was made.", "NotAllowedError");
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    ...outside(made),
    response: {
      clientDataJSON: toBase64url(response.clientDataJSON),
      attestationObject: toBase64url(response.attestationObject),
      transports: response.getTransports(),
    },
  };
}

/** Have the device prove a passkey. Raises DOMException (`NotAllowedError`: given up, or none is here). */
export async function usePasskey(options: unknown): Promise<unknown> {
  const publicKey = decodeOptions(options) as PublicKeyCredentialRequestOptions;
  const used = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential | null;
  if (used === null) throw new DOMException("No passkey was used.", "NotAllowedError");
  const response = used.response as AuthenticatorAssertionResponse;
  return {
    ...outside(used),
    response: {
      clientDataJSON: toBase64url(response.clientDataJSON),
      authenticatorData: toBase64url(response.authenticatorData),
      signature: toBase64url(response.signature),
      userHandle: response.userHandle === null ? null : toBase64url(response.userHandle),
    },
  };
}

function outside(credential: PublicKeyCredential): object {
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

/** What to say when the browser or the person did not go through with it. */
export function passkeyProblem(error: unknown): string | null {
  if (!(error instanceof DOMException)) return null;
  switch (error.name) {
    case "NotAllowedError":
      return "No passkey was used: it was cancelled, took too long, or this device holds none for this gateway.";
    case "InvalidStateError":
      return "This device already holds a passkey of yours for this gateway.";
    case "SecurityError":
      return "The browser allows no passkeys at this address: they need https with a host name, or localhost.";
    case "NotSupportedError":
      return "This device cannot make a passkey of the kind that the gateway asks for.";
    default:
      return `The browser could not use a passkey: ${error.message}`;
  }
}
