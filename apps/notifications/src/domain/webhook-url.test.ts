import { expect, test } from "vitest";
import { checkWebhookUrl } from "./webhook-url.ts";

const strict = { allowPrivate: false, allowHttp: false };

test.each([
  ["https://example.com", "https://example.com/"],
  ["https://hooks.example.com:8443/orders?shop=1#part", "https://hooks.example.com:8443/orders?shop=1"],
  ["https://8.8.8.8/", "https://8.8.8.8/"],
  ["https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"],
])("%s can be used", (text, href) => {
  expect(checkWebhookUrl(text, strict)).toMatchObject({ url: { href } });
});

test.each([
  ["not absolute", "example.com/hook"],
  ["nothing", ""],
  ["no web address", "file:///etc/passwd"],
  ["no web address", "ftp://example.com/"],
  ["no web address", "gopher://example.com/"],
  ["no web address", "data:text/plain,x"],
  ["not encrypted", "http://example.com/"],
  ["a password in it", "https://user:password@example.com/"],
  ["loopback", "https://127.0.0.1/"],
  ["loopback by name", "https://localhost/"],
  ["loopback by name", "https://LOCALHOST./"],
  ["loopback by name", "https://hooks.localhost/"],
  ["loopback in one number", "https://2130706433/"],
  ["loopback in hexadecimal", "https://0x7f.0.0.1/"],
  ["loopback in octal", "https://0177.0.0.1/"],
  ["loopback in short", "https://127.1/"],
  ["loopback in other digits", "https://①②⑦.⓪.⓪.①/"],
  ["loopback", "https://[::1]/"],
  ["mapped loopback", "https://[::ffff:127.0.0.1]/"],
  ["metadata", "https://169.254.169.254/latest/meta-data/"],
  ["metadata by name", "https://metadata.google.internal/"],
  ["private", "https://10.0.0.8/"],
  ["a host of the local network", "https://printer.local/"],
])("%s: %s can not", (_, text) => {
  expect(checkWebhookUrl(text, strict)).toMatchObject({ problem: expect.stringMatching(/^must /) });
});

test("an installation may allow more", () => {
  expect(checkWebhookUrl("http://example.com/", { ...strict, allowHttp: true })).toHaveProperty("url");
  expect(checkWebhookUrl("https://localhost:9000/", { ...strict, allowPrivate: true })).toHaveProperty("url");
  expect(checkWebhookUrl("file:///etc/passwd", { allowHttp: true, allowPrivate: true })).toHaveProperty(
    "problem",
  );
});
