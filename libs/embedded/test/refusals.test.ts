import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { startEmbeddedPostgres } from "@ordermesh/embedded/embedded-postgres";
import { findFreePort, findPortHolder, isPortFree } from "@ordermesh/embedded/port";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeScratchFolder } from "./scratch.ts";

let scratch: Awaited<ReturnType<typeof makeScratchFolder>>;
beforeEach(async () => {
  scratch = await makeScratchFolder();
});
afterEach(() => scratch.remove());

const data = () => join(scratch.path, "data");
const start = (options: { port?: number; settings?: Record<string, string> } = {}) =>
  startEmbeddedPostgres({
    dataDirectory: data(),
    runDirectory: join(scratch.path, "run"),
    port: options.port ?? 0,
    settings: { fsync: "off", ...options.settings },
  });

test("a taken port is named, with who holds it", async () => {
  const squatter = createServer();
  const port = await findFreePort();
  await new Promise<void>((resolve) => squatter.listen(port, "127.0.0.1", resolve));
  expect(await isPortFree(port)).toBe(false);
  expect(await findPortHolder(port)).toMatchObject({ pid: process.pid });
  await expect(start({ port })).rejects.toMatchObject({
    reason: "PORT_TAKEN",
    message: expect.stringMatching(new RegExp(`Port ${port}.*process ${process.pid}`)),
  });
  await new Promise((resolve) => squatter.close(resolve));
  expect(await isPortFree(port)).toBe(true);
  const server = await start({ port });
  expect(server.port).toBe(port);
  await server.stop();
});

test("a data folder of another release is left alone", async () => {
  await mkdir(data());
  await writeFile(join(data(), "PG_VERSION"), "17\n");
  await expect(start()).rejects.toMatchObject({
    reason: "DATA_DIRECTORY_VERSION",
    message: expect.stringMatching(/made by PostgreSQL 17, and this is 18/),
  });
});

test("a folder with something else in it is left alone", async () => {
  await mkdir(data());
  await writeFile(join(data(), "thesis.txt"), "years of work");
  await expect(start()).rejects.toMatchObject({ reason: "DATA_DIRECTORY_FOREIGN" });
});

test("damaged data are told as such", async () => {
  await (await start()).stop();
  const control = join(data(), "global", "pg_control");
  await writeFile(control, Buffer.alloc(8192, 7));
  await expect(start()).rejects.toMatchObject({
    reason: "DATA_DIRECTORY_DAMAGED",
    message: expect.stringContaining(data()),
  });
  await rm(control);
  await expect(start()).rejects.toMatchObject({ message: expect.stringContaining("pg_control is missing") });
});

test("a setting that PostgreSQL does not know is named", async () => {
  await expect(start({ settings: { shared_bufers: "1GB" } })).rejects.toMatchObject({
    reason: "POSTGRES_SETTING",
    message: expect.stringContaining("shared_bufers"),
  });
});

test("a failed start releases the data folder", async () => {
  await expect(start({ settings: { nonsense: "1" } })).rejects.toThrow();
  const server = await start();
  await server.stop();
});
