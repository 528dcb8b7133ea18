/** Address ranges (CIDR), of which each has one form only: what is written in another is no range. */

const NUMBER = /^(0|[1-9][0-9]{0,2})$/;
const GROUP = /^(0|[1-9a-f][0-9a-f]{0,3})$/;

/** Whether `text` is a network without host bits, as `192.0.2.0/24` or `2001:db8::/32` (RFC 5952). */
export function isNetwork(text: string): boolean {
  const [address, length, ...more] = text.split("/");
  if (address === undefined || length === undefined || more.length > 0 || !NUMBER.test(length)) return false;
  const bits = address.includes(":") ? ofIpv6(address) : ofIpv4(address);
  return bits !== null && Number(length) <= bits.length && !bits.slice(Number(length)).includes("1");
}

function ofIpv4(address: string): string | null {
  const parts = address.split(".");
  if (parts.length !== 4 || !parts.every((part) => NUMBER.test(part) && Number(part) < 256)) return null;
  return parts.map((part) => Number(part).toString(2).padStart(8, "0")).join("");
}

function ofIpv6(address: string): string | null {
  const [head = "", tail, ...more] = address.split("::");
  if (more.length > 0) return null;
  const [left, right] = [groups(head), groups(tail ?? "")];
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const all = [...left, ...Array<string>(tail === undefined ? 0 : missing).fill("0"), ...right];
  if (!all.every((group) => GROUP.test(group)) || shortest(all) !== address) return null;
  // An IPv4 address in IPv6's clothes has a form of its own.
  if (all.slice(0, 5).every((group) => group === "0") && all[5] === "ffff") return null;
  return all.map((group) => parseInt(group, 16).toString(2).padStart(16, "0")).join("");
}

function groups(part: string): string[] {
  return part === "" ? [] : part.split(":");
}

/** RFC 5952: the first of the longest runs of two or more zeros is left out. */
function shortest(all: readonly string[]): string {
  let [best, length] = [0, 1];
  for (let at = 0; at < all.length; at += 1) {
    let end = at;
    while (all[end] === "0") end += 1;
    if (end - at > length) [best, length] = [at, end - at];
  }
  return length < 2 ? all.join(":") : `${all.slice(0, best).join(":")}::${all.slice(best + length).join(":")}`;
}
