import { lookup as lookUp } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { isPublicAddress } from "../domain/network-address.ts";

/** Refused before a connection was made. */
export class ForbiddenAddressError extends Error {
  override readonly name = "ForbiddenAddressError";
}

/**
 * The lookup of a connection that must not lead into a private network. The connection goes to the very addresses
 * that were checked here: a name that is looked up once for a check and again for the connection could stand for
 * another address the second time (DNS rebinding).
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookUp(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, "");
      return;
    }
    // One bad address is enough: a name with both kinds is a trick or a mistake.
    const [first] = addresses;
    if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      callback(new ForbiddenAddressError("The name stands for an address in a private network."), "");
    } else if (options.all === true) {
      callback(null, addresses);
    } else {
      callback(null, first.address, first.family);
    }
  });
};

/**
 * An address that is written as a number is connected to without a lookup, so it is checked here.
 *
 * @throws ForbiddenAddressError
 */
export function checkLiteralAddress(hostname: string): void {
  const address = hostname.replace(/^\[|\]$/g, "");
  if (isIP(address) !== 0 && !isPublicAddress(address)) {
    throw new ForbiddenAddressError("The address is in a private network.");
  }
}
