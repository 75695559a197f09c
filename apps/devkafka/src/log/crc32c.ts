const reflectedPolynomial = 0x82f63b78;

const table = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ reflectedPolynomial : remainder >>> 1;
  }
  table[byte] = remainder;
}

/** CRC-32C (Castagnoli), the checksum of record batches (RFC 3720, appendix B.4). Unsigned. */
export function crc32c(bytes: Uint8Array): number {
  let remainder = -1;
  for (let index = 0; index < bytes.length; index++) {
    remainder = table[(remainder ^ bytes[index]!) & 0xff]! ^ (remainder >>> 8);
  }
  return ~remainder >>> 0;
}
