/** Addresses that no rule may call: what listens there trusts whoever is on this machine, or hands out its credentials. */

import { BlockList, isIP } from "node:net";

const REFUSED = new BlockList();
/** Loopback, and "this host", which is taken for it. */
REFUSED.addSubnet("127.0.0.0", 8, "ipv4");
REFUSED.addSubnet("0.0.0.0", 8, "ipv4");
REFUSED.addAddress("::1", "ipv6");
REFUSED.addAddress("::", "ipv6");
/** Link-local, where clouds serve the credentials of the machine. */
REFUSED.addSubnet("169.254.0.0", 16, "ipv4");
REFUSED.addSubnet("fe80::", 10, "ipv6");
/** The same, reached by way of IPv6. */
REFUSED.addSubnet("::ffff:127.0.0.0", 104, "ipv6");
REFUSED.addSubnet("::ffff:0.0.0.0", 104, "ipv6");
REFUSED.addSubnet("::ffff:169.254.0.0", 112, "ipv6");
REFUSED.addSubnet("64:ff9b::127.0.0.0", 104, "ipv6");
REFUSED.addSubnet("64:ff9b::169.254.0.0", 112, "ipv6");
REFUSED.addAddress("fd00:ec2::254", "ipv6");

/** True for what is no address at all, too. */
export function isRefusedAddress(address: string | undefined): boolean {
  const plain = address?.replace(/%.*$/, "") ?? "";
  const family = isIP(plain);
  return family === 0 || REFUSED.check(plain, family === 6 ? "ipv6" : "ipv4");
}
