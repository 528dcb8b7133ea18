/** Which video this browser decodes, in the order in which it is liked. */

/** A codec string of each kind, large enough for 4K; H.264 first, as it is the cheapest to make. */
const KNOWN: readonly string[] = ["avc1.42E033", "avc1.640033", "vp8", "vp09.00.51.08", "av01.0.12M.08"];

/** The WebCodecs codec strings that are decoded here; none where the browser lacks WebCodecs. */
export async function supportedCodecs(): Promise<string[]> {
  if (!("VideoDecoder" in globalThis)) return [];
  const supported = await Promise.all(
    KNOWN.map(async (codec) => {
      try {
        return (await VideoDecoder.isConfigSupported({ codec })).supported === true;
      } catch {
        return false;
      }
    }),
  );
  return KNOWN.filter((_, at) => supported[at]);
}
