import { expect, test } from "vitest";
import vectors from "../../../spec/vectors/merkle.json";
import { type Bytes } from "../../src/protocol/bytes";
import { ProofError, rootOf, verifyCheckpoint, verifyConsistency, verifyInclusion } from "../../src/protocol/merkle";
import { bytes, hex } from "./hex";

/** Run it: without an error, or with a ProofError where the vector has one. */
function ends(vector: object, run: () => void): void {
  if ("error" in vector) expect(run).toThrow(ProofError);
  else run();
}

function proofOf(vector: { readonly proof: readonly string[] }): Bytes[] {
  return vector.proof.map(bytes);
}

test("roots", () => {
  const leaves = vectors.leaves.map(bytes);
  vectors.roots.forEach((root, size) => {
    expect(hex(rootOf(leaves.slice(0, size)))).toBe(root);
  });
});

test.each(vectors.inclusion)("inclusion: entry $index of $size $why", (v) => {
  ends(v, () => {
    verifyInclusion(bytes(v.leaf), v.index, v.size, proofOf(v), bytes(v.root));
  });
});

test.each(vectors.consistency)("consistency: $old of $new $why", (v) => {
  ends(v, () => {
    verifyConsistency(v.old, v.new, proofOf(v), bytes(v.old_root), bytes(v.new_root));
  });
});

test.each(vectors.checkpoints)("checkpoint $why", (v) => {
  ends(v, () => {
    const read = verifyCheckpoint(bytes(v.checkpoint), bytes(v.identity));
    expect([hex(read.hostId), read.size, hex(read.root), read.time]).toEqual([v.host_id, v.size, v.root, v.time]);
  });
});
