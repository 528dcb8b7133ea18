/** A host's checkpoint as a file: the bytes as they were signed, which `farhand audit verify` reads. */
import type { Bytes } from "../protocol/bytes";
import { hex } from "./doors/asking";

export interface CheckpointFile {
  readonly hostId: Bytes;
  readonly data: Bytes;
  readonly size: number;
  readonly time: number;
}

/** A name that sorts by host and length. */
export function fileName({ hostId, size }: Pick<CheckpointFile, "hostId" | "size">): string {
  return `farhand-${hex(hostId).slice(0, 12)}-${size}.checkpoint`;
}

/** Have the browser save it. */
export function save(file: CheckpointFile): void {
  const address = URL.createObjectURL(new Blob([file.data], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName(file);
  link.click();
  // The browser takes the bytes in its own time; the address is of no use to anyone else.
  setTimeout(() => {
    URL.revokeObjectURL(address);
  }, 60_000);
}
