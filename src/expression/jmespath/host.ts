/** Which host of a URL lies outside: judged by literal addresses and reserved names alone; nothing is resolved. */

/** `hostname` as the URL parser gives it: addresses in their normal form, IPv6 in brackets, names in lower case. */
export function isExternalHost(hostname: string): boolean {
  if (hostname.startsWith("[")) return isExternalIpv6(hostname.slice(1, -1));
  const bytes = /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ? hostname.split(".").map(Number) : undefined;
  return bytes === undefined ? isExternalName(hostname) : isExternalIpv4(bytes);
}

/** Loopback and private networks are inside; link-local addresses count as outside, as upstream counts them. */
function isExternalIpv4([a = 0, b = 0]: readonly number[]): boolean {
  const isPrivate = a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
  return a !== 127 && !isPrivate;
}

function isExternalIpv6(address: string): boolean {
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (mapped !== null) {
    const high = Number.parseInt(mapped[1] ?? "0", 16);
    return isExternalIpv4([high >> 8, high & 0xff]);
  }
  return address !== "::1" && !/^f[cd]/.test(address);
}

/** Names that never leave a host or a cluster. */
function isExternalName(name: string): boolean {
  const plain = name.replace(/\.$/, "");
  return plain.includes(".") && !/(^|\.)(localhost|local|internal|svc)$/.test(plain);
}
