import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** The target's address is one that no callback may reach (loopback, private, link-local, metadata, ...). */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

const REFUSED = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  REFUSED.addSubnet(network, prefix, 'ipv4');
  // The same networks reached through IPv4-mapped and NAT64 addresses.
  REFUSED.addSubnet(`::ffff:${network}`, 96 + prefix, 'ipv6');
  REFUSED.addSubnet(`64:ff9b::${network}`, 96 + prefix, 'ipv6');
}
// Inside 2000::/3: Teredo and the other protocol assignments, documentation, 6to4 (each carries an IPv4 address of choice).
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  REFUSED.addSubnet(network, prefix, 'ipv6');
}

// IPv6 is an allow-list: only global unicast, and IPv4 behind the two forms that every system translates.
const GLOBAL_V6 = new BlockList();
GLOBAL_V6.addSubnet('2000::', 3, 'ipv6');
GLOBAL_V6.addSubnet('::ffff:0:0', 96, 'ipv6');
GLOBAL_V6.addSubnet('64:ff9b::', 96, 'ipv6');

/** True for an address on the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 6) return GLOBAL_V6.check(address, 'ipv6') && !REFUSED.check(address, 'ipv6');
  return family === 4 && !REFUSED.check(address, 'ipv4');
}

/**
 * Name look-up for a connection that refuses non-public answers. The check sits inside the connection's own look-up,
 * so a name that changes its answer between check and use (DNS rebinding) gains nothing.
 */
export const publicLookup: LookupFunction = (hostname, options: LookupOptions, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, '', 0);
    const refused = addresses.find(({ address }) => !isPublicAddress(address));
    const first = addresses[0];
    if (refused !== undefined || first === undefined) {
      return callback(new AddressRefused(`${hostname} is not a public address`), '', 0);
    }
    if (options.all === true) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};
