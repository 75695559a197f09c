import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSessionCursor, encodeSessionCursor } from "./session-cursor.ts";

test("a cursor says again what was put into it, for its own session", () => {
  const parts = fc.record({
    sessionId: fc.bigInt({ min: 1n, max: 2n ** 53n }),
    version: fc.integer({ min: 0, max: 999_999_999 }),
    feed: fc.stringMatching(/^[A-Za-z0-9_-]{1,200}$/),
  });
  fc.assert(
    fc.property(parts, (cursor) => {
      const text = encodeSessionCursor(cursor);
      expect(decodeSessionCursor(text, cursor.sessionId)).toEqual(cursor);
      expect(() => decodeSessionCursor(text, cursor.sessionId + 1n)).toThrow("cursor");
    }),
  );
});

test("anything else is refused", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^7\.\d{1,9}\.[A-Za-z0-9_-]+$/.test(text));
      expect(() => decodeSessionCursor(text, 7n)).toThrow("is not one that a stream of this session gave");
    }),
  );
});
