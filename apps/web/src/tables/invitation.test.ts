import { expect, test } from "vitest";
import { codeText, guestPath, linkAt, typedCode } from "./invitation.ts";

test("a link is opened at the address where one is", () => {
  const link = "https://order.example.com/house/t/K7M4QX#5pW1nXc0y2sJrT8uQ4vLbA";
  expect(guestPath(link)).toBe("/t/K7M4QX#5pW1nXc0y2sJrT8uQ4vLbA");
  expect(linkAt("http://10.0.0.1:8080", "K7M4QX", "5pW1")).toBe("http://10.0.0.1:8080/t/K7M4QX#5pW1");
});

test("a code is read in two halves, and typed in any way", () => {
  expect(codeText("K7M4QX")).toBe("K7M 4QX");
  expect(typedCode(" k7m-4qx ")).toBe("K7M4QX");
  expect(typedCode("<script>")).toBe("SCRIPT");
  expect(typedCode("‮")).toBe("");
});
